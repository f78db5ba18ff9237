"""What would a policy have done? Replays recorded reports through the model and compares two policies.

Decisions of moderators are replayed with the reports, as far as they are in the record and fit what a policy has made
of the image; mutes by hand are not. Classes, networks and ages are those of the time of the report.
"""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from time import monotonic

from quorum.errors import DecisionRefused, InvalidImageId
from quorum.events.event import BLOCKED, DELETED, HELD, RELEASED, SHIELDS_RAISED, UNBLOCKED
from quorum.images.image import parse_image
from quorum.judgement.caps.shields import DAY_MS, HOUR_MS
from quorum.judgement.records import Event, Kind, Report
from quorum.moderation.decisions import Made, decide_in_model
from quorum.policy.model import POINT, Policy
from quorum.tally.model import TallyModel

Recorded = Report | Made

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
    decisions: int
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
    recorded: Iterable[Recorded],
    current: Policy,
    candidate: Policy,
    under_candidate: Iterable[Recorded] | None = None,
    *,
    seconds: float | None = None,
) -> Comparison:
    """Replay what is `recorded` under both policies, in the order of its times. Raises ValueError without reports.

    `under_candidate` is the same where the candidate takes other names for one person. What takes longer than `seconds`
    raises TimeoutError.
    """
    end = None if seconds is None else monotonic() + seconds
    ordered = _in_order(recorded)
    reports = [one for one in ordered if isinstance(one, Report) and one.kind is Kind.REPORT]
    if not reports:
        raise ValueError("there are no reports")
    return Comparison(
        current=_run(ordered, current, end),
        candidate=_run(ordered if under_candidate is None else _in_order(under_candidate), candidate, end),
        reports=len(reports),
        images=len({report.image.id for report in reports}),
        reporters=len({report.reporter.fingerprint for report in reports}),
        decisions=sum(isinstance(one, Made) for one in ordered),
        first_ms=_time(ordered[0]),
        last_ms=_time(ordered[-1]),
    )


def _in_order(recorded: Iterable[Recorded]) -> list[Recorded]:
    return sorted(recorded, key=_time)


def _time(one: Recorded) -> int:
    return one.received_ms if isinstance(one, Report) else one.decision.at_ms


def _run(recorded: list[Recorded], policy: Policy, end: float | None) -> Run:
    model, run = TallyModel(policy), Run(policy)
    reports: list[Report] = []
    judged_ms = 0
    for one in recorded:
        if end is not None and monotonic() > end:
            raise TimeoutError
        if _time(one) >= judged_ms + REJUDGED_EVERY_MS:
            judged_ms = _time(one)
            run.note(model.rejudge(judged_ms, len(model.pending)))
        if isinstance(one, Report):
            reports.append(_under(policy, one))
            run.note(model.apply(reports[-1]))
        else:
            with suppress(DecisionRefused, InvalidImageId):  # it does not fit what this policy has made of the image
                run.note(decide_in_model(model, parse_image(one.image_id, policy.urls), one.decision))
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
