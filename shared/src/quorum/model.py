"""The tally in pure Python: the reference that property tests hold `drain.lua` to, and the engine of simulations.

Time is the time of the reports themselves (Unix milliseconds, stamped by Redis on arrival), so the same reports in
the same order always give the same result.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, NamedTuple

from quorum.content import PDQ_DISTANCE, pdq_distance
from quorum.events import BLOCKED, HELD, SHIELDS_RAISED, cloud_event, event_id, timestamp, traceparent
from quorum.identity import Reporter
from quorum.images import Image
from quorum.policy.accuracy import Standing, accuracy_factor
from quorum.policy.model import (
    ANONYMOUS,
    MAX_COPIES,
    MAX_REPORTERS_STORED,
    POINT,
    TRUSTED,
    Bar,
    Policy,
    days,
    thousandths,
)

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MILLION = 1_000_000

Event = dict[str, Any]  # a CloudEvent, without its cursor


class State(IntEnum):
    """What quorum says of an image; the numbers are those in a tally record."""

    OPEN = 0
    BLOCKED = 1  # by its reports
    HELD = 2  # crossed the threshold, and waits for a moderator
    CLEARED = 3  # by a moderator; no report counts for a while
    UPHELD = 4  # blocked, and a moderator has said so

    @property
    def is_blocked(self) -> bool:
        """Whether other services must not show the image."""
        return self in {State.BLOCKED, State.UPHELD}

    @property
    def public_name(self) -> str:
        """The state as other services see it."""
        return "blocked" if self.is_blocked else self.name.lower()


class Report(NamedTuple):
    """One accepted report. `content` is the digest of its content hash, when the picture shares a tally by it.

    `pdq` is the hash itself when it is perceptual; it is given together with `content`.
    """

    image: Image
    reporter: Reporter
    reason: str
    received_ms: int = 0
    content: bytes | None = None
    trace: bytes | None = None  # W3C Trace Context: trace id:16, parent id:8, flags:1
    pdq: bytes | None = None


@dataclass(slots=True)
class Row:
    """One distinct reporter of an image, with the strongest of their reasons."""

    received_ms: int
    weight: int
    reason: str
    reporter_class: str
    fresh: bool = False
    network: int = 0


@dataclass(slots=True)
class Tally:
    """All that is kept of one image, or of the copies of one picture."""

    epoch: int = 1
    state: State = State.OPEN
    rows: dict[bytes, Row] = field(default_factory=dict)
    cleared_ms: int = 0
    copies: dict[bytes, str] = field(default_factory=dict)  # digest -> id, of images that share it

    @property
    def score(self) -> int:
        """Thousandths of a point."""
        return sum(row.weight for row in self.rows.values())


@dataclass(slots=True)
class Shield:
    """What the cap on automatic blocks has counted: hours and days since 1970, times in Unix milliseconds."""

    hour: int = 0
    hour_blocks: int = 0
    day: int = 0
    day_blocks: int = 0
    day_images: int = 0
    up_until: int = 0

    def roll(self, at_ms: int) -> None:
        """Begin a new hour or day when its time has come."""
        if at_ms // HOUR_MS > self.hour:
            self.hour, self.hour_blocks = at_ms // HOUR_MS, 0
        if at_ms // DAY_MS > self.day:
            self.day, self.day_blocks, self.day_images = at_ms // DAY_MS, 0, 0


class TallyModel:
    """Applies reports one by one, as the atomic script does to a batch."""

    def __init__(self, policy: Policy, partitions: int = 1) -> None:
        self.policy = policy
        self.tallies: dict[bytes, Tally] = {}
        self.standings: dict[bytes, Standing] = {}
        self.views: dict[bytes, int] = {}
        self.aliases: dict[bytes, bytes] = {}  # image digest -> digest of the tally that it shares
        self.pictures: dict[bytes, bytes] = {}  # PDQ hash -> digest of the tally for which it stands
        self.shield = Shield()
        self._caps = policy.numbers(partitions)

    def apply(self, report: Report) -> list[Event]:
        """Count a report; return the events that it causes.

        Rows that left the window by the time of this report are dropped from the front first. A known reporter only
        ever raises the weight of their row; a new one is added unless it weighs nothing, too many of one network
        report anonymously, or MAX_REPORTERS_STORED are kept already. After a clear, nothing counts for a while.
        """
        events: list[Event] = []
        digest = self._tally_digest(report, events)
        tally = self.tallies.setdefault(digest, Tally())
        if tally.state is State.CLEARED:
            if report.received_ms < tally.cleared_ms + days(self.policy.after_clear.immune_days):
                return events
            tally.state, tally.cleared_ms = State.OPEN, 0
        self._expire(tally, report.received_ms - self.policy.window_seconds * 1000)
        self._count(report, tally)
        if tally.state is State.OPEN and self._crosses(report, digest, tally):
            events += self._decide(report, digest, tally)
        return events

    def _tally_digest(self, report: Report, events: list[Event]) -> bytes:
        """Return where a report is counted: the tally of its picture if the image has joined one, else its own."""
        own = report.image.digest
        known = self.aliases.get(own)
        if known:
            return known
        if report.content and report.pdq:
            return self._join_nearest(report, report.content, report.pdq, events)
        return self._join(report, report.content, events) if report.content else own

    def _join_nearest(self, report: Report, shared: bytes, pdq: bytes, events: list[Event]) -> bytes:
        """Let an image share the tally of the nearest known PDQ hash within reach, or be the first of its own."""
        near = min(
            ((far, known) for known in self.pictures if (far := pdq_distance(pdq, known)) <= PDQ_DISTANCE), default=None
        )
        joined = self._join(report, self.pictures[near[1]] if near else shared, events)
        if near is None and joined == shared:
            self.pictures[pdq] = shared
        return joined

    def _join(self, report: Report, shared: bytes, events: list[Event]) -> bytes:
        """Let an image share the tally of its picture from now on, with what it has been reported for so far.

        One about which something was decided stays by itself. A copy of what is blocked or held is so at once.
        """
        own = report.image.digest
        alone = self.tallies.get(own, Tally())
        tally = self.tallies.setdefault(shared, Tally())
        if alone.state is not State.OPEN or alone.epoch > 1 or len(tally.copies) >= MAX_COPIES:
            return own
        tally.copies[own] = report.image.id
        self.aliases[own] = shared
        self.tallies.pop(own, None)
        if alone.rows and tally.state is not State.CLEARED:
            tally.rows = _merged(tally.rows, alone.rows)
        if tally.state.is_blocked:
            events.append(self._announce(report, tally, own, report.image.id))
        elif tally.state is State.HELD:
            events.append(self._announce(report, tally, own, report.image.id, "copy"))
        return shared

    @staticmethod
    def _expire(tally: Tally, oldest_ms: int) -> None:
        for fingerprint, row in list(tally.rows.items()):
            if row.received_ms > oldest_ms:
                return
            del tally.rows[fingerprint]

    def _count(self, report: Report, tally: Tally) -> None:
        reporter, rows = report.reporter, tally.rows
        if reporter.previous in rows and reporter.previous is not None:
            _rename(rows, reporter.previous, reporter.fingerprint)
        weight = self._weight(report)
        row = rows.get(reporter.fingerprint)
        if row:
            if weight > row.weight:
                row.weight, row.reason, row.reporter_class = weight, report.reason, reporter.reporter_class
            return
        if weight <= 0 or len(rows) >= MAX_REPORTERS_STORED or self._crowded(reporter, tally):
            return
        self.shield.roll(report.received_ms)
        latest = max((row.received_ms for row in list(rows.values())[-1:]), default=-1)
        if latest // DAY_MS < report.received_ms // DAY_MS:
            self.shield.day_images += 1
        rows[reporter.fingerprint] = Row(
            report.received_ms, weight, report.reason, reporter.reporter_class, reporter.fresh, reporter.network
        )

    def _weight(self, report: Report) -> int:
        """Return the weight by class and reason, moved by the reporter's accuracy; nothing while they are muted."""
        reporter = report.reporter
        standing = self.standings.get(reporter.fingerprint)
        if standing is None and reporter.previous is not None:
            standing = self.standings.get(reporter.previous)
        weight = self.policy.weight(reporter.reporter_class, report.reason)
        if standing is None:
            return weight
        if standing.is_muted(report.received_ms):
            return 0
        return weight * accuracy_factor(standing, self.policy) // POINT

    def _crowded(self, reporter: Reporter, tally: Tally) -> bool:
        """Tell whether enough anonymous reporters of the same network count already."""
        if reporter.reporter_class != ANONYMOUS or not reporter.network:
            return False
        same = sum(row.network == reporter.network for row in tally.rows.values())
        return same >= self.policy.people.anonymous_per_network

    def _crosses(self, report: Report, digest: bytes, tally: Tally) -> bool:
        """Tell whether enough people weigh enough, by the bar of the image or by that of the reason."""
        rule = self.policy.rule_for(report.image.id)
        bar = rule.bar if rule else Bar(self.policy.threshold, self.policy.min_reporters)
        rows = list(tally.rows.values())
        alone = self.policy.people.trusted_alone and report.reporter.reporter_class == TRUSTED
        if not self._reached(bar, rows, tally, alone=alone):
            own = next((reason.bar for reason in self.policy.reasons if reason.name == report.reason), None)
            of_reason = [row for row in rows if row.reason == report.reason]
            if own is None or not self._reached(own, of_reason, tally, alone=alone):
                return False
        views, ratio = self.views.get(digest, 0), round(self.policy.least_view_ratio * MILLION)
        return len(rows) * MILLION >= ratio * views

    def _reached(self, bar: Bar, rows: list[Row], tally: Tally, *, alone: bool) -> bool:
        threshold = thousandths(bar.threshold)
        if tally.epoch > 1:
            threshold = threshold * thousandths(self.policy.after_clear.threshold_factor) // POINT
        enough_people = len(rows) >= bar.min_reporters or (alone and bool(rows))
        return enough_people and sum(row.weight for row in rows) >= threshold

    def _decide(self, report: Report, digest: bytes, tally: Tally) -> list[Event]:
        """Block the image and its copies, or hold them when there is cause to."""
        subjects = tally.copies or {digest: report.image.id}
        events: list[Event] = []
        cause = self._hold_cause(report, tally, list(subjects.values()), events)
        tally.state = State.HELD if cause else State.BLOCKED
        events += [self._announce(report, tally, each, image_id, cause) for each, image_id in subjects.items()]
        return events

    def _hold_cause(self, report: Report, tally: Tally, ids: list[str], events: list[Event]) -> str | None:
        if any(rule.protected for rule in map(self.policy.rule_for, ids) if rule):
            return "protected"
        if self.policy.burst.hold and self._looks_like_a_brigade(report.received_ms, tally):
            return "burst"
        if self._shields_are_up(report.received_ms, events):
            return "shields"
        self.shield.hour_blocks += 1
        self.shield.day_blocks += 1
        return None

    def _looks_like_a_brigade(self, now_ms: int, tally: Tally) -> bool:
        """Tell whether fresh accounts and anonymous neighbours bring most of the score, all within minutes."""
        burst, rows = self.policy.burst, list(tally.rows.values())
        networks = Counter(row.network for row in rows if row.network)
        suspicious = sum(
            row.weight
            for row in rows
            if (row.fresh or networks[row.network] > 1) and row.received_ms > now_ms - round(burst.minutes * 60_000)
        )
        return suspicious * POINT > tally.score * thousandths(burst.share)

    def _shields_are_up(self, now_ms: int, events: list[Event]) -> bool:
        """Tell whether automatic blocks are capped just now, and raise the shields when a cap is reached."""
        shield, caps = self.shield, self._caps
        if not caps["hour_cap"]:
            return now_ms < shield.up_until
        shield.roll(now_ms)
        if now_ms < shield.up_until:
            return True
        by_share = shield.day_images * caps["image_share"] // MILLION
        if shield.hour_blocks >= caps["hour_cap"]:
            cause = "blocks_per_hour"
        elif shield.day_blocks >= max(caps["free_blocks"], by_share):
            cause = "share_of_images"
        else:
            return False
        shield.up_until = now_ms + caps["shields_ms"]
        events.append(shields_raised(now_ms, shield.up_until, cause, self.policy.version))
        return True

    def _announce(self, report: Report, tally: Tally, digest: bytes, image_id: str, cause: str | None = None) -> Event:
        kind, name = (HELD, "held") if cause else (BLOCKED, "blocked")
        data = {
            **tally_data(image_id, tally, {code.name: code.name for code in self.policy.reasons}),
            "decided_by": {"kind": "policy", "version": self.policy.version},
            **({"cause": cause} if cause else {}),
        }
        event = cloud_event(event_id(digest, tally.epoch, name), kind, image_id, report.received_ms, data)
        if report.trace:
            event["traceparent"] = traceparent(report.trace)
        return event


def tally_data(image_id: str, tally: Tally, names: Mapping[str, str]) -> dict[str, Any]:
    """Return what an event says of a tally: never who reported. A reason that has no name now counts as `other`."""
    times = [row.received_ms for row in tally.rows.values()]
    return {
        "image_id": image_id,
        "epoch": tally.epoch,
        "score": tally.score / POINT,
        "reporters": len(tally.rows),
        "reasons": dict(Counter(names.get(row.reason, "other") for row in tally.rows.values())),
        "first_reported_at": timestamp(min(times)) if times else None,
        "last_reported_at": timestamp(max(times)) if times else None,
    }


def shields_raised(now_ms: int, until_ms: int, cause: str, version: str) -> Event:
    """Return the event that says that blocks are holds from now on."""
    data = {"until": timestamp(until_ms), "cause": cause, "decided_by": {"kind": "policy", "version": version}}
    return cloud_event(f"shields-{now_ms}-raised", SHIELDS_RAISED, "shields", now_ms, data)


def _merged(rows: dict[bytes, Row], others: dict[bytes, Row]) -> dict[bytes, Row]:
    """Return two tallies as one: a reporter of both from their first report on, with what weighs more."""
    merged = dict(rows)
    for fingerprint, row in others.items():
        known = merged.get(fingerprint)
        stronger = row if known is None or row.weight > known.weight else known
        first = min(row.received_ms, known.received_ms) if known else row.received_ms
        merged[fingerprint] = replace(stronger, received_ms=first)
    oldest = sorted(merged.items(), key=lambda pair: pair[1].received_ms)[:MAX_REPORTERS_STORED]
    return dict(oldest)


def _rename(rows: dict[bytes, Row], old: bytes, new: bytes) -> None:
    """Put a row under another fingerprint, in its place; one that is there already stays."""
    if new in rows:
        return
    renamed = {new if fingerprint == old else fingerprint: row for fingerprint, row in rows.items()}
    rows.clear()
    rows.update(renamed)
