"""What a moderator's decision counts of its day: see `days.py`. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from quorum.judgement.figures.days import OTHER, duration, main_reason
from quorum.judgement.records import Row, State, Tally
from quorum.policy.model import Policy

REVERSIBLE = frozenset({"confirmed", "overturned", "by_moderators", "upheld", "unfounded"})
JUDGES_REPORTS = frozenset({"uphold", "block", "clear"})

Images = Mapping[bytes, tuple[str, Tally]]  # by digest: the id of an image, and its tally


@dataclass(frozen=True, slots=True)
class Before:
    """What a decision found: the state of each image, by digest, and how many reports gave which reason."""

    states: dict[bytes, State]
    reasons: Counter[str]


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided, when (Unix ms), and whether the reports of what was cleared were unfounded."""

    action: str
    at_ms: int
    unfounded: bool


def before_of(images: Images, rows: Iterable[Row], policy: Policy) -> Before:
    """Return what a decision is about to change; a reason that the policy does not have counts as `other`."""
    known = policy.reason_names
    reasons = Counter(row.reason if row.reason in known else OTHER for row in rows)
    return Before({digest: tally.state for digest, (_, tally) in images.items()}, reasons)


def figures_of(before: Before, images: Images, decided: Decided, since_ms: int | None) -> Counter[str]:
    """Return what a decision counts; `since_ms` is since when one of its images waited, None when none did."""
    counted = Counter([f"decisions:{decided.action}"])
    if since_ms is not None:
        counted[duration("to_decision", max(decided.at_ms - since_ms, 0))] += 1
    if decided.action not in JUDGES_REPORTS:
        return counted
    reason = main_reason(before.reasons)
    for digest, (_, tally) in images.items():
        counted.update(f"{name}:{reason}" for name in _of_image(before.states.get(digest, State.OPEN), tally.state))
    moved = any(before.states.get(digest) is not tally.state for digest, (_, tally) in images.items())
    if decided.unfounded if decided.action == "clear" else moved:  # what was upheld before is judged already
        judged = "unfounded" if decided.action == "clear" else "upheld"
        counted.update({f"{judged}:{name}": number for name, number in before.reasons.items()})
    return counted


def reversible(counted: Mapping[str, int]) -> Counter[str]:
    """Return those of the figures of a decision that are wrong if it was."""
    return Counter({name: number for name, number in counted.items() if name.partition(":")[0] in REVERSIBLE})


def _of_image(before: State, after: State) -> Iterator[str]:
    if before is State.BLOCKED and after is State.UPHELD:
        yield "confirmed"
    elif before is State.BLOCKED and after is State.CLEARED:
        yield "overturned"
    elif after is State.UPHELD and not before.is_blocked:
        yield "by_moderators"
