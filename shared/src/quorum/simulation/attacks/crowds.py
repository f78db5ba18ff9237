"""Honest crowds, who should get a bad image blocked: whether they do, and how soon.

Source on shared addresses: P. Richter et al., "A Multi-perspective Analysis of Carrier-Grade NAT Deployment" (IMC
2016).
"""

from collections.abc import Callable
from dataclasses import dataclass

from quorum.images.image import Image
from quorum.moderation.decisions import Action
from quorum.policy.model import POINT, Policy
from quorum.simulation.attacks.crews import (
    accounts,
    anonymous,
    carriers,
    one_address,
    one_near,
    one_wide,
    readers,
)
from quorum.simulation.attacks.settings import Times, changed
from quorum.simulation.attacks.stories import BAD, INVENTED, images
from quorum.simulation.attacks.world import World

MANY = 100  # readers; a crowd that is larger is told in no other way


@dataclass(frozen=True)
class Crowd:
    """Readers in simulated time; the first line of documentation tells who they are."""

    act: Callable[[World], None]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.act.__name__.replace("_", " ")

    @property
    def told(self) -> str:
        """Who they are."""
        return (self.act.__doc__ or "").partition("\n")[0]


@dataclass(frozen=True)
class Answer:
    """What became of the bad images that a crowd reported; times in ms from the first report of each."""

    images: int
    blocked: int
    readers: int  # distinct, of the image that needed most
    took_ms: int  # of the image that took longest
    nearest: float  # points, of those that were not blocked
    held: int  # of those, how many wait for a moderator


def ask(crowd: Crowd, policy: Policy) -> Answer:
    """Let a crowd report under a policy."""
    world = World(policy)
    crowd.act(world)
    bad = [story for story in world.stories.values() if story.kind == BAD]
    done = [story for story in bad if story.took_ms is not None]
    return Answer(
        images=len(bad),
        blocked=len(done),
        readers=max((len(story.readers) for story in bad), default=0),
        took_ms=max((story.took_ms or 0 for story in done), default=0),
        nearest=max((story.points for story in bad if story.took_ms is None), default=0) / POINT,
        held=world.waiting(BAD),
    )


def known_readers(world: World) -> None:
    """Long-known readers of different networks."""
    world.help(readers(MANY), _picture())


def where_nothing_is_told(world: World) -> None:
    """Readers of a site that tells neither ages nor addresses."""
    world.help(readers(MANY, None), _picture())


def one_university(world: World) -> None:
    """Known readers of one university: one /16, many /24."""
    world.help(readers(MANY, one_wide), _picture())


def one_office(world: World) -> None:
    """Known readers of one company: one /24."""
    world.help(readers(MANY, one_near), _picture())


def one_nat(world: World) -> None:
    """Known readers behind one address."""
    world.help(readers(MANY, one_address), _picture())


def mostly_one_nat(world: World) -> None:
    """Known readers, nine of ten behind one address, the tenth anywhere."""
    behind, elsewhere = readers(MANY, one_address), readers(MANY, first=1000)
    world.help([elsewhere[n // 10] if n % 10 == 0 else behind[n] for n in range(MANY)], _picture())


def mobile_carriers(world: World) -> None:
    """Known readers on four mobile carriers, each with four addresses for all its customers (CGNAT)."""
    world.help(readers(MANY, carriers), _picture())


def anonymous_on_mobile(world: World) -> None:
    """Anonymous readers on the same carriers: sixteen addresses in all."""
    world.help(anonymous(MANY, carriers), _picture())


def breaking_news(world: World) -> None:
    """A surge after breaking news: accounts of an hour to two days, from everywhere."""
    surge = [
        accounts("surge", 1, first=number, since_ms=world.before(hours=1 + number % 48))[0] for number in range(MANY)
    ]
    world.help(surge, _picture())


def newcomers_of_the_hour(world: World) -> None:
    """Accounts of ten minutes, from everywhere."""
    world.help(readers(MANY, since_ms=world.before(hours=1 / 6)), _picture())


def a_surge_and_some_regulars(world: World) -> None:
    """Accounts of a day, every tenth reader long known."""
    surge, regulars = readers(MANY, since_ms=world.before(days=1)), readers(MANY, first=1000)
    world.help([regulars[n] if n % 10 == 9 else surge[n] for n in range(MANY)], _picture())  # noqa: PLR2004 - the last of ten


def all_over_the_world(world: World) -> None:
    """Anonymous readers all over the world."""
    world.help(anonymous(MANY), _picture())


def anonymous_and_known(world: World) -> None:
    """Anonymous readers and known ones in turn."""
    known, others = readers(MANY), anonymous(MANY, first=1000)
    world.help([(known if n % 2 else others)[n] for n in range(MANY)], _picture())


def slow_and_steady(world: World) -> None:
    """Known readers, one every five days."""
    for reader in readers(12):
        world.help([reader], _picture())
        world.wait(days=5)


def too_slow(world: World) -> None:
    """Known readers, one every eight days."""
    for reader in readers(12):
        world.help([reader], _picture())
        world.wait(days=8)


def shields_up(world: World) -> None:
    """Five known readers while the shields are up."""
    world.raise_shields()
    world.help(readers(5), _picture())
    world.wait(hours=3)


def shields_up_for_many(world: World) -> None:
    """More of them while the shields are up."""
    world.raise_shields()
    world.help(readers(MANY), _picture())


def held_by_a_brigade(world: World) -> None:
    """Known readers, on an image that a brigade had held before."""
    crew = accounts("crew", 5)
    world.attack(crew, [*images(INVENTED, world.policy.people.blocks_per_day), _picture()])
    world.help(readers(MANY), _picture())


def cleared_and_changed(world: World) -> None:
    """Known readers, the day after a moderator cleared the image."""
    _clear(world)
    world.wait(days=1)
    world.help(readers(MANY), _picture())
    world.wait(hours=1)


def cleared_long_ago(world: World) -> None:
    """Known readers, once the clear has ended."""
    _clear(world)
    world.wait(days=world.policy.after_clear.immune_days)
    world.help(readers(MANY), _picture())


def regulars(world: World) -> None:
    """The same five known readers, on thirty images in a day; nobody moderates for three days."""
    for image in images(BAD, 30):
        world.help(readers(5), image)
    world.wait(days=3)


def a_lower_bar(world: World) -> None:
    """Four known readers; an hour later the site lowers its threshold by a fifth."""
    world.help(readers(4), _picture())
    world.wait(hours=1)
    world.adopt(changed(world.policy, {"threshold": Times(0.8)}))
    world.wait(minutes=5)


def often_wrong(world: World) -> None:
    """Known readers of whose ten decided reports seven were unfounded."""
    crowd = readers(MANY)
    for reader in crowd[:20]:
        world.learn(reader, upheld=3, unfounded=7)
    world.help(crowd, _picture())


def often_right(world: World) -> None:
    """Known readers whose ten decided reports were all upheld."""
    crowd = readers(MANY)
    for reader in crowd[:20]:
        world.learn(reader, upheld=10, unfounded=0)
    world.help(crowd, _picture())


def _picture() -> Image:
    return images(BAD, 1)[0]


def _clear(world: World) -> None:
    world.attack(accounts("crew", 1), [_picture()])
    world.decide(_picture(), Action.CLEAR)


CROWDS = tuple(
    map(
        Crowd,
        (
            *(
                known_readers,
                where_nothing_is_told,
                one_university,
                one_office,
                one_nat,
                mostly_one_nat,
                mobile_carriers,
            ),
            *(anonymous_on_mobile, all_over_the_world, anonymous_and_known, breaking_news, newcomers_of_the_hour),
            *(a_surge_and_some_regulars, slow_and_steady, too_slow, shields_up, shields_up_for_many, held_by_a_brigade),
            *(cleared_and_changed, cleared_long_ago, a_lower_bar, regulars, often_wrong, often_right),
        ),
    )
)
