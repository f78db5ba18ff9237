"""Accounts that were made for the attack: throw-aways, sleepers, farms.

Sources: J. R. Douceur, "The Sybil Attack" (IPTPS 2002); E. Friedman and P. Resnick, "The Social Cost of Cheap
Pseudonyms" (2001): newcomers pay dues; K. Thomas et al., "Trafficking Fraudulent Accounts" (USENIX Security 2013).
"""

from quorum.simulation.attacks.attack import attack
from quorum.simulation.attacks.crews import accounts, bought
from quorum.simulation.attacks.settings import Settings, Times
from quorum.simulation.attacks.stories import GOOD, images
from quorum.simulation.attacks.world import World

_OLDER: Settings = {"people.full_weight_days": Times(4)}
_HIGHER: Settings = {"threshold": Times(2)}
_FEWER: Settings = {"people.blocks_per_day": Times(0.2)}


@attack("throw-aways", _OLDER)
def throw_aways(world: World) -> None:
    """Five accounts are made; three report at once, two after 61 minutes."""
    crew = accounts("crew", 5, since_ms=world.now)
    world.attack(crew[:3], images(GOOD, 1))
    world.wait(minutes=61)
    world.attack(crew[3:], images(GOOD, 1))
    world.wait(hours=1)


@attack("throw-aways", _OLDER)
def one_an_hour(world: World) -> None:
    """Forty-eight accounts, one an hour, each made for its report."""
    for number in range(48):
        world.attack(accounts("crew", 1, since_ms=world.now, first=number), images(GOOD, 1))
        world.wait(hours=1)


@attack("throw-aways", _OLDER)
def forty_eight_at_once(world: World) -> None:
    """Forty-eight accounts are made at once; one of them reports every hour, each older than the one before."""
    for person in accounts("crew", 48, since_ms=world.now):
        world.wait(hours=1)
        world.attack([person], images(GOOD, 1))


@attack("throw-aways", _OLDER)
def a_day_and_a_minute(world: World) -> None:
    """Twenty accounts wait for 24 hours and a minute."""
    crew = accounts("crew", 20, since_ms=world.now)
    world.wait(hours=24, minutes=1)
    world.attack(crew, images(GOOD, 1))


@attack("throw-aways", _OLDER, _HIGHER)
def enough_accounts_of_a_day(world: World) -> None:
    """Forty accounts of a day and a minute, from forty places."""
    crew = accounts("crew", 40, since_ms=world.now)
    world.wait(hours=24, minutes=1)
    world.attack(crew, images(GOOD, 20))


@attack("throw-aways", _OLDER)
def again_every_day(world: World) -> None:
    """Five new accounts report, and do so again every day for a week, ever older."""
    crew = accounts("crew", 5, since_ms=world.now)
    for _ in range(8):
        world.attack(crew, images(GOOD, 1))
        world.wait(days=1)


@attack("sleepers", _OLDER, _FEWER, _HIGHER)
def sleepers(world: World) -> None:
    """Five accounts sleep for a week, then report twenty images from five places."""
    crew = accounts("crew", 5, since_ms=world.now)
    world.wait(days=7)
    world.attack(crew, images(GOOD, 20))


@attack("sleepers", _FEWER, _HIGHER)
def a_backlog(world: World) -> None:
    """The same crew reports 150 images in one afternoon; nobody moderates for ten days."""
    crew = accounts("crew", 5, since_ms=world.now)
    world.wait(days=7)
    world.attack(crew, images(GOOD, 150))
    world.wait(days=10)


@attack("partitions", _FEWER, needs="four partitions", partitions=4)
def four_partitions(world: World) -> None:
    """Five sleepers report a hundred images; each of four partitions has a share of their budgets."""
    crew = accounts("crew", 5, since_ms=world.now)
    world.wait(days=7)
    world.attack(crew, images(GOOD, 100))


@attack("sleepers", _OLDER, _HIGHER)
def slow_drip(world: World) -> None:
    """Five sleepers report an image, six days apart."""
    for person in accounts("crew", 5, since_ms=world.now - 7 * 86_400_000):
        world.attack([person], images(GOOD, 1))
        world.wait(days=6)


@attack("sleepers")
def too_slow_a_drip(world: World) -> None:
    """Five sleepers report an image, eight days apart."""
    for person in accounts("crew", 5, since_ms=world.now - 7 * 86_400_000):
        world.attack([person], images(GOOD, 1))
        world.wait(days=8)


@attack("sleepers", _FEWER, _HIGHER)
def bought_accounts(world: World) -> None:
    """Five accounts that are a year old are bought, and report twenty images."""
    world.attack(bought(5, world.before(days=365)), images(GOOD, 20))


@attack("farm", _OLDER, _FEWER, _HIGHER)
def account_farm(world: World) -> None:
    """For three weeks five accounts are made a day; each crew, once a week old, reports ten images."""
    crews = []
    for day in range(21):
        crews.append(accounts("farm", 5, since_ms=world.now, first=5 * day))
        if day >= 7:  # noqa: PLR2004 - a week
            world.attack(crews[day - 7], images(GOOD, 10, first=10 * day))
        world.wait(days=1)
        world.moderate()


@attack("ages untold", {"reporters.verified": Times(0.5)}, needs="the site tells no ages")
def ages_untold(world: World) -> None:
    """Five accounts of this minute report twenty images; the site tells no ages."""
    world.attack(accounts("crew", 5), images(GOOD, 20))


@attack("ages untold", {"reporters.verified": Times(0.5)}, needs="the site tells neither ages nor addresses")
def nothing_told(world: World) -> None:
    """Five accounts of one person; the site tells neither ages nor addresses."""
    world.attack(accounts("crew", 5, None), images(GOOD, 20))


ATTACKS = (
    *(throw_aways, one_an_hour, forty_eight_at_once, a_day_and_a_minute, enough_accounts_of_a_day, again_every_day),
    *(sleepers, a_backlog, four_partitions, slow_drip, too_slow_a_drip, bought_accounts, account_farm),
    *(ages_untold, nothing_told),
)
