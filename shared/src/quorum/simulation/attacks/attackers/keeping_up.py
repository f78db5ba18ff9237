"""Attacks that are to keep a bad picture up: the owner has it reported badly, so that good reports come to nothing.

Source: K. Hoffman, D. Zage and C. Nita-Rotaru (2009): orchestrated attacks, and denial of service.
"""

from quorum.moderation.decisions import Action
from quorum.simulation.attacks.attack import attack
from quorum.simulation.attacks.crews import accounts, anonymous, everywhere, one_address, one_near_v6, readers
from quorum.simulation.attacks.settings import Settings, Times
from quorum.simulation.attacks.stories import BAD, INVENTED, images
from quorum.simulation.attacks.world import World

_ONE_VOICE: Settings = {"reporters.anonymous": 0.0}
_SHORT: Settings = {"after_clear.immune_days": 1.0}


@attack("a hold on purpose")
def owners_throw_aways(world: World) -> None:
    """The owner of a bad picture lets five throw-aways report it; then 200 long-known readers do."""
    [picture] = images(BAD, 1)
    world.attack(accounts("crew", 5, since_ms=world.now), [picture])
    world.help(readers(200), picture)
    world.wait(hours=1)


@attack("a hold on purpose")
def a_crew_that_has_spent_its_day(world: World) -> None:
    """Five sleepers spend their day on invented ids, then have the bad picture held; then readers come."""
    [picture] = images(BAD, 1)
    crew = accounts("crew", 5, since_ms=world.before(days=7))
    world.attack(crew, [*images(INVENTED, 10), picture])
    world.help(readers(10), picture)
    world.wait(hours=1)


@attack("cleared first", _SHORT, {"after_clear.review_reporters": Times(0.5)})
def cleared_first(world: World) -> None:
    """A brigade has a harmless picture cleared, its owner changes it; 200 readers report it in 83 days."""
    [picture] = images(BAD, 1)
    world.attack(accounts("crew", 5, since_ms=world.before(days=7)), [picture])
    world.decide(picture, Action.CLEAR)
    for reader in readers(200):
        world.help([reader], picture)
        world.wait(hours=10)


@attack("a full table", _ONE_VOICE, needs="anonymous reports are on")
def a_full_table(world: World) -> None:
    """The owner fills the 256 places of a tally from one IPv6 /48; then 50 anonymous readers report."""
    [picture] = images(BAD, 1)
    world.attack(anonymous(256, one_near_v6), [picture])
    world.help(anonymous(50, everywhere, first=6000), picture)
    world.wait(hours=1)


@attack("a full table", _ONE_VOICE, needs="anonymous reports are on")
def a_full_table_and_known_readers(world: World) -> None:
    """The same, and long-known readers report."""
    [picture] = images(BAD, 1)
    world.attack(anonymous(256, one_near_v6), [picture])
    world.help(readers(50), picture)
    world.wait(hours=1)


@attack("a full table")
def a_table_full_of_throw_aways(world: World) -> None:
    """The owner fills it with 300 throw-aways; then five long-known readers report."""
    [picture] = images(BAD, 1)
    world.attack(accounts("crew", 300, since_ms=world.now), [picture])
    world.help(readers(5), picture)
    world.wait(hours=1)


@attack("a full table")
def a_table_full_of_sleepers(world: World) -> None:
    """The owner fills it with 256 sleepers of one address; then fifty long-known readers report."""
    [picture] = images(BAD, 1)
    world.attack(accounts("crew", 256, one_address, since_ms=world.before(days=7)), [picture])
    world.help(readers(50), picture)
    world.wait(hours=1)


@attack("views", {"views.least_ratio": 0.0})
def a_million_views(world: World) -> None:
    """A bot looks at the bad picture a million times, so that reports seem few; then five readers come."""
    [picture] = images(BAD, 1)
    if world.attacked:
        world.tell_views(picture, 1_000_000)
    world.help(readers(5), picture)
    world.wait(hours=1)


@attack("yo-yo", {"withdrawals.undo_minutes": 0.0}, {"people.blocks_per_day": Times(5)})
def yo_yo(world: World) -> None:
    """Four readers report; a sleeper has the picture blocked and withdraws, ten times; then a fifth reader comes."""
    [picture] = images(BAD, 1)
    crew = accounts("crew", 1, since_ms=world.before(days=7))
    world.help(readers(4), picture)
    for _ in range(10):
        world.attack(crew, [picture])
        world.withdraw(crew, [picture])
    world.help(readers(1, first=4), picture)
    world.wait(days=2)


@attack("one by one", {"people.blocks_per_day": Times(5)})
def up_again_and_again(world: World) -> None:
    """The owner puts the picture up again whenever it is blocked; the same five readers report it."""
    for picture in [*images(BAD, 1), *world.upload(images(BAD, 19, first=1))]:
        world.help(readers(5), picture)
    world.wait(hours=1)


ATTACKS = (
    *(owners_throw_aways, a_crew_that_has_spent_its_day, cleared_first),
    *(a_full_table, a_full_table_and_known_readers, a_table_full_of_throw_aways, a_table_full_of_sleepers),
    *(a_million_views, yo_yo, up_again_and_again),
)
