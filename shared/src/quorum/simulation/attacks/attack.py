"""An attack: what is done, what it needs of the site, and what came of it under a policy."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from quorum.policy.model import POINT, Policy
from quorum.simulation.attacks.settings import Settings
from quorum.simulation.attacks.stories import BAD, GOOD, Cost, Story
from quorum.simulation.attacks.world import World


@dataclass(frozen=True)
class Attack:
    """An attack in simulated time; its first line of documentation tells it."""

    act: Callable[[World], None]
    family: str  # attacks of one family do the same, better or worse
    needs: str = ""  # of the site, beyond the default policy
    answers: tuple[Settings, ...] = ()  # what a site can set against it
    partitions: int = 1

    @property
    def name(self) -> str:
        """What it is called."""
        return self.act.__name__.replace("_", " ")

    @property
    def told(self) -> str:
        """What is done."""
        return (self.act.__doc__ or "").partition("\n")[0]


def attack(
    family: str, *answers: Settings, needs: str = "", partitions: int = 1
) -> Callable[[Callable[[World], None]], Attack]:
    """Make an attack of a function that carries it out."""
    return lambda act: Attack(act, family, needs, answers, partitions)


@dataclass(frozen=True)
class Outcome:
    """What an attack could do, and what it cost. Times in ms, points in points."""

    good: int  # images that it aimed at though nothing is wrong with them
    blocked: int  # of them, and of what does not exist none counts
    nearest: float  # points: the highest score of those that were not blocked
    bad: int  # images that readers reported for good reason
    kept: int  # of them, those that are blocked without the attack and not with it
    delay_ms: int  # by how much the attack delayed the block of any other at most
    queued: int  # times that an image was put before moderators
    causes: Counter[str]  # of holds
    shields: int  # times that they were raised
    cost: Cost = field(default_factory=Cost)


def carry_out(attack: Attack, policy: Policy) -> Outcome:
    """Carry an attack out under a policy, and see how readers would have fared without it."""
    world = World(policy, partitions=attack.partitions)
    attack.act(world)
    good = [story for story in world.stories.values() if story.kind == GOOD]
    unblocked = [story.points for story in good if not story.was_blocked]
    bad = {name: story for name, story in world.stories.items() if story.kind == BAD and story.readers}
    kept, delay = _hindered(bad, attack, policy) if bad else (0, 0)
    return Outcome(
        good=len(good),
        blocked=len(good) - len(unblocked),
        nearest=max(unblocked, default=0) / POINT,
        bad=len(bad),
        kept=kept,
        delay_ms=delay,
        queued=world.queued,
        causes=sum((story.causes for story in world.stories.values()), Counter()),
        shields=world.shields_raised,
        cost=world.cost,
    )


def _hindered(bad: dict[str, Story], attack: Attack, policy: Policy) -> tuple[int, int]:
    """Return how many bad images stay only because of the attack, and by how much others are blocked later."""
    without = World(policy, attacked=False, partitions=attack.partitions)
    attack.act(without)
    usual = {name: story.took_ms for name, story in without.stories.items()}
    others = next((took for took in usual.values() if took is not None), None)  # for what is there only with the attack
    kept, delays = 0, [0]
    for name, story in bad.items():
        took = usual.get(name, others)
        if took is not None and story.took_ms is None:
            kept += 1
        elif took is not None and story.took_ms is not None:
            delays.append(story.took_ms - took)
    return kept, max(delays)
