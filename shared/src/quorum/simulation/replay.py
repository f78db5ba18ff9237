"""What would a policy have done? Replays recorded reports through the model and compares two policies.

Decisions of moderators are not recorded with the reports, so a simulation has no clears, no accuracy and no mutes by
abuse; classes, networks and ages are those of the time of the report.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from quorum.errors import InvalidImageId
from quorum.events.event import BLOCKED, DELETED, HELD, RELEASED, SHIELDS_RAISED, UNBLOCKED
from quorum.images.image import parse_image
from quorum.judgement.caps.shields import DAY_MS, HOUR_MS
from quorum.judgement.records import Event, Report
from quorum.policy.model import POINT, Policy
from quorum.tally.model import TallyModel

REJUDGED_EVERY_MS = 60_000  # at most; workers do it more often
FINE_GRAINED_DAYS = 3  # a shorter record is charted by the hour


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy would have done with an image, and when (Unix ms)."""

    image_id: str
    state: str  # blocked, held
    at_ms: int
    score: float
    reporters: int
    cause: str | None = None


@dataclass(slots=True)
class Run:
    """What one policy would have done."""

    policy: Policy
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    shields_raised: list[int] = field(default_factory=list)
    nearest: dict[str, float] = field(default_factory=dict)  # open images: the score that they reached

    def note(self, events: Iterable[Event]) -> None:
        """Keep what events say of images: the last word about each."""
        for event in events:
            at_ms = round(datetime.fromisoformat(event["time"]).timestamp() * 1000)
            if event["type"] == SHIELDS_RAISED:
                self.shields_raised.append(at_ms)
            elif event["type"] in {RELEASED, UNBLOCKED, DELETED}:
                self.verdicts.pop(event["subject"], None)
            elif event["type"] in {BLOCKED, HELD}:
                data = event["data"]
                state = "blocked" if event["type"] == BLOCKED else "held"
                self.verdicts[event["subject"]] = Verdict(
                    event["subject"], state, at_ms, data["score"], data["reporters"], data.get("cause")
                )

    def count(self, state: str) -> int:
        """Return how many images were blocked or held."""
        return sum(verdict.state == state for verdict in self.verdicts.values())


@dataclass(frozen=True)
class Comparison:
    """Two policies over the same reports."""

    current: Run
    candidate: Run
    reports: int
    images: int
    reporters: int
    first_ms: int
    last_ms: int

    @cached_property
    def changes(self) -> list[tuple[str, Verdict | None, Verdict | None]]:
        """Images that the candidate would treat otherwise: first those of another state, then those of another time."""
        names = {*self.current.verdicts, *self.candidate.verdicts}
        pairs = [(name, self.current.verdicts.get(name), self.candidate.verdicts.get(name)) for name in names]
        changed = [pair for pair in pairs if _outcome(pair[1]) != _outcome(pair[2])]
        return sorted(
            changed,
            key=lambda pair: (_state(pair[1]) == _state(pair[2]), min(one.at_ms for one in pair[1:] if one), pair[0]),
        )

    def moved(self, *, into: bool) -> int:
        """Return how many images only the candidate (`into`) or only the current policy would have blocked."""
        pairs = [(_state(before) == "blocked", _state(after) == "blocked") for _, before, after in self.changes]
        return sum(pair == (not into, into) for pair in pairs)

    @property
    def step_ms(self) -> int:
        """The width of a bar of the chart."""
        return HOUR_MS if self.last_ms - self.first_ms < FINE_GRAINED_DAYS * DAY_MS else DAY_MS

    def chart(self) -> list[tuple[int, int, int]]:
        """Return when each step begins, and how many images each policy blocked in it."""
        step = self.step_ms
        counts = [
            Counter(one.at_ms // step for one in run.verdicts.values() if one.state == "blocked")
            for run in (self.current, self.candidate)
        ]
        steps = range(self.first_ms // step, self.last_ms // step + 1)
        return [(at * step, counts[0][at], counts[1][at]) for at in steps]


def compare(
    reports: Iterable[Report], current: Policy, candidate: Policy, under_candidate: Iterable[Report] | None = None
) -> Comparison:
    """Replay `reports` under both policies, in the order of their times. Raises ValueError when there are none.

    `under_candidate` are the same reports where the candidate takes other names for one person.
    """
    ordered = _in_order(reports)
    if not ordered:
        raise ValueError("there are no reports")
    return Comparison(
        current=_run(ordered, current),
        candidate=_run(ordered if under_candidate is None else _in_order(under_candidate), candidate),
        reports=len(ordered),
        images=len({report.image.id for report in ordered}),
        reporters=len({report.reporter.fingerprint for report in ordered}),
        first_ms=ordered[0].received_ms,
        last_ms=ordered[-1].received_ms,
    )


def _in_order(reports: Iterable[Report]) -> list[Report]:
    return sorted(reports, key=lambda report: report.received_ms)


def _run(recorded: list[Report], policy: Policy) -> Run:
    model, run = TallyModel(policy), Run(policy)
    reports = [_under(policy, report) for report in recorded]
    judged_ms = 0
    for report in reports:
        if report.received_ms >= judged_ms + REJUDGED_EVERY_MS:
            judged_ms = report.received_ms
            run.note(model.rejudge(judged_ms, len(model.pending)))
        run.note(model.apply(report))
    for report in reports:
        tally = model.tallies.get(report.image.digest)
        if tally and report.image.id not in run.verdicts:
            run.nearest[report.image.id] = tally.score / POINT
    return run


def _under(policy: Policy, report: Report) -> Report:
    """Return a report of the image that its id names under a policy, whose rules for URLs may be other ones."""
    try:
        return report._replace(image=parse_image(report.image.id, policy.urls))
    except InvalidImageId:  # of an earlier release that took more
        return report


def _state(verdict: Verdict | None) -> str:
    return verdict.state if verdict else "open"


def _outcome(verdict: Verdict | None) -> tuple[str, int] | None:
    return (verdict.state, verdict.at_ms) if verdict else None
