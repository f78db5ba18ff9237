"""The tally in pure Python: the reference that property tests hold `drain.lua` to, and the engine of simulations.

Time is the time of the reports themselves (Unix milliseconds, stamped by Redis on arrival), so the same reports in
the same order always give the same result.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum

from quorum.events import timestamp
from quorum.policy.model import MAX_REPORTERS_STORED, POINT, Policy


class State(IntEnum):
    """What quorum says of an image; the numbers are those in a tally record."""

    OPEN = 0
    BLOCKED = 1


@dataclass(frozen=True, slots=True)
class ReportReceived:
    """A report as the tally sees it."""

    image_id: str
    fingerprint: bytes
    reporter_class: str
    reason: str
    received_ms: int


@dataclass(slots=True)
class Row:
    """One distinct reporter of an image, with the strongest of their reasons."""

    received_ms: int
    weight: int
    reason: str


@dataclass(slots=True)
class Tally:
    """All that is kept of one image."""

    epoch: int = 1
    state: State = State.OPEN
    rows: dict[bytes, Row] = field(default_factory=dict)

    @property
    def score(self) -> int:
        """Thousandths of a point."""
        return sum(row.weight for row in self.rows.values())


@dataclass(frozen=True, slots=True)
class ImageBlocked:
    """An image has crossed the threshold."""

    image_id: str
    epoch: int
    score: float
    reporters: int
    reasons: dict[str, int]
    first_reported_at: str
    last_reported_at: str
    policy_version: str


class TallyModel:
    """Applies reports one by one, as the atomic script does to a batch."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.images: dict[str, Tally] = {}

    def apply(self, report: ReportReceived) -> ImageBlocked | None:
        """Count a report; return the decision when it is the crossing one.

        Rows that left the window by the time of this report are dropped from the front first. A known reporter only
        ever raises the weight of their row; a new one is added unless it weighs nothing or MAX_REPORTERS_STORED are
        kept already.
        """
        tally = self.images.setdefault(report.image_id, Tally())
        self._expire(tally, report.received_ms - self.policy.window_seconds * 1000)
        weight = self.policy.weight(report.reporter_class, report.reason)
        row = tally.rows.get(report.fingerprint)
        if row is None:
            if weight > 0 and len(tally.rows) < MAX_REPORTERS_STORED:
                tally.rows[report.fingerprint] = Row(report.received_ms, weight, report.reason)
        elif weight > row.weight:
            row.weight, row.reason = weight, report.reason
        return self._decide(report, tally)

    @staticmethod
    def _expire(tally: Tally, oldest_ms: int) -> None:
        for fingerprint, row in list(tally.rows.items()):
            if row.received_ms > oldest_ms:
                return
            del tally.rows[fingerprint]

    def _decide(self, report: ReportReceived, tally: Tally) -> ImageBlocked | None:
        """Block unless: it is not open; too few people; too low a score."""
        if tally.state is not State.OPEN:
            return None
        if len(tally.rows) < self.policy.min_reporters:
            return None
        if tally.score < round(self.policy.threshold * POINT):
            return None
        tally.state = State.BLOCKED
        times = [row.received_ms for row in tally.rows.values()]
        return ImageBlocked(
            image_id=report.image_id,
            epoch=tally.epoch,
            score=tally.score / POINT,
            reporters=len(tally.rows),
            reasons=dict(Counter(row.reason for row in tally.rows.values())),
            first_reported_at=timestamp(min(times)),
            last_reported_at=timestamp(max(times)),
            policy_version=self.policy.version,
        )
