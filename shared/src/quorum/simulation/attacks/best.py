"""Which attacks still do best, and what settings of the site make of them, for attackers and for honest crowds."""

from collections.abc import Callable
from dataclasses import dataclass

from quorum.policy.model import Policy
from quorum.simulation.attacks.attack import Attack, Outcome, carry_out
from quorum.simulation.attacks.crowds import CROWDS, Answer, ask
from quorum.simulation.attacks.settings import Settings, changed, resolved, written

BEST = 3  # of each aim
Gain = Callable[[Outcome], float]
Carried = tuple[Attack, Outcome]

AIMS: dict[str, Gain] = {
    "To have good images blocked": lambda outcome: outcome.blocked,
    "To keep bad pictures up": lambda outcome: outcome.kept,
    "To spend the moderators' time": lambda outcome: 0 if outcome.blocked or outcome.kept else outcome.queued,
}


@dataclass(frozen=True)
class Countered:
    """What becomes of an attack under other settings, and what they cost honest crowds."""

    settings: Settings
    outcome: Outcome
    lost: tuple[str, ...]  # crowds that are not blocked any more
    slower: int  # crowds that need more readers


class Site:
    """A policy, and how honest crowds fare under it and under others."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.answers = {crowd.name: ask(crowd, policy) for crowd in CROWDS}
        self._under: dict[str, dict[str, Answer]] = {}  # by the settings that differ

    def counter(self, attack: Attack, settings: Settings) -> Countered:
        """Carry an attack out under other settings, and let all crowds report."""
        settings = resolved(self.policy, settings)
        other, name = changed(self.policy, settings), written(settings)
        if name not in self._under:
            self._under[name] = {crowd.name: ask(crowd, other) for crowd in CROWDS}
        answers = self._under[name]
        lost = tuple(name for name, answer in answers.items() if answer.blocked < self.answers[name].blocked)
        slower = sum(
            answer.readers > self.answers[name].readers for name, answer in answers.items() if name not in lost
        )
        return Countered(settings, carry_out(attack, other), lost, slower)


def best(carried: list[Carried], gain: Gain) -> list[Carried]:
    """Return the attacks that need nothing of the site and gain most for what they cost, of each family the best."""
    bare = [pair for pair in _by_price(carried, gain) if not pair[0].needs]
    return _first_of_each(bare, lambda attack: attack.family)[:BEST]


def best_given(carried: list[Carried], gain: Gain) -> list[Carried]:
    """Return the attack that gains most for what it costs, for everything that a site may allow."""
    given = [pair for pair in _by_price(carried, gain) if pair[0].needs]
    return _first_of_each(given, lambda attack: attack.needs)


def _by_price(carried: list[Carried], gain: Gain) -> list[Carried]:
    return sorted((pair for pair in carried if gain(pair[1])), key=lambda pair: pair[1].cost.product / gain(pair[1]))


def _first_of_each(carried: list[Carried], kind: Callable[[Attack], str]) -> list[Carried]:
    first: dict[str, Carried] = {}
    for pair in carried:
        first.setdefault(kind(pair[0]), pair)
    return list(first.values())
