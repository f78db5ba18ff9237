"""What a decision counts of its day: see `quorum.judgement.figures`. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quorum.judgement.figures import OTHER, duration, main_reason
from quorum.judgement.records import State
from quorum.policy.model import Policy

if TYPE_CHECKING:
    from quorum.moderation.decisions import Decision, Docket


@dataclass(frozen=True, slots=True)
class Before:
    """What a decision found: the state of each image (by digest), and how many reports gave which reason."""

    states: dict[bytes, State]
    reasons: Counter[str]


def before_of(docket: "Docket", policy: Policy) -> Before:
    """Return what is on the docket before it is decided; a reason that the policy does not have counts as `other`."""
    known = policy.reason_names
    rows = docket.holder.rows.values()
    return Before(
        {digest: tally.state for digest, (_, tally) in docket.images.items()},
        Counter(row.reason if row.reason in known else OTHER for row in rows),
    )


def figures_of(before: Before, docket: "Docket", decision: "Decision", since_ms: int | None) -> Counter[str]:
    """Return what a decision counts; `since_ms` is since when one of its images waited, None when none did."""
    counted = Counter([f"decisions:{decision.action}"])
    if since_ms is not None:
        counted[duration("to_decision", max(decision.at_ms - since_ms, 0))] += 1
    if decision.action not in {"uphold", "block", "clear"}:
        return counted
    reason = main_reason(before.reasons)
    for digest, (_, tally) in docket.images.items():
        counted.update(f"{name}:{reason}" for name in _of_image(before.states.get(digest, State.OPEN), tally.state))
    if decision.action != "clear" or decision.unfounded:
        judged = "unfounded" if decision.action == "clear" else "upheld"
        counted.update({f"{judged}:{name}": number for name, number in before.reasons.items()})
    return counted


def _of_image(before: State, after: State) -> Iterator[str]:
    if before is State.BLOCKED and after is State.UPHELD:
        yield "confirmed"
    elif before is State.BLOCKED and after is State.CLEARED:
        yield "overturned"
    elif after is State.UPHELD and not before.is_blocked:
        yield "by_moderators"
