"""What a draft would have done with the last real reports, within bounds of time and size."""

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from time import monotonic

from quorum.moderation.trail import Trail
from quorum.policy.model import Policy
from quorum.simulation.replay import Comparison, Recorded, Verdict, compare
from quorum.tally.journal import Journal

REPORTS = (10_000, 2_000)  # the last ones; the smaller number where the larger takes too long
SECONDS = 8.0  # of each
MOST_DECISIONS = 10_000
MOST_STEPS = 60  # bars of the chart
MOST_IMAGES = 100
OPEN = "open"

_at_work = Lock()  # a simulation takes all of a processor: one at a time in each process


class NoReports(Exception):
    """The journal is empty."""


class Busy(Exception):
    """Another simulation runs."""


class TooSlow(Exception):
    """Even the fewest reports took too long."""


@dataclass(frozen=True, slots=True)
class Change:
    """An image that would have fared otherwise; None where it would have stayed open."""

    image_id: str
    before: Verdict | None
    after: Verdict | None


@dataclass(frozen=True, slots=True)
class Move:
    """How many images would have come from one state into another."""

    before: str
    after: str
    images: int


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a simulation. `kept` is how many reports the journal has, `seconds` how long it took."""

    comparison: Comparison
    kept: int
    seconds: float
    moves: list[Move]
    outcomes: list[tuple[str, int, int]]  # a state; how many images under the policy in force, and under the draft
    changes: list[Change]
    steps: list[tuple[int, int, int]]  # as Comparison.chart


def replay(journal: Journal, trail: Trail, current: Policy, candidate: Policy) -> Result:
    """Replay the last reports. Raises NoReports, Busy, TooSlow, StoreUnavailable."""
    if not _at_work.acquire(blocking=False):
        raise Busy
    try:
        begun = monotonic()
        for most in REPORTS:
            try:
                comparison, kept = _compared(journal, trail, current, candidate, most)
            except TimeoutError:
                continue
            return _result(comparison, kept, monotonic() - begun)
    finally:
        _at_work.release()
    raise TooSlow


def _compared(journal: Journal, trail: Trail, current: Policy, candidate: Policy, most: int) -> tuple[Comparison, int]:
    reports, kept = journal.latest(most)
    if not reports:
        raise NoReports
    decisions = islice(trail.decisions(reports[0].received_ms), MOST_DECISIONS)
    recorded: list[Recorded] = [*reports, *decisions]
    try:
        return compare(recorded, current, candidate, seconds=SECONDS), kept
    except ValueError as error:
        raise NoReports from error


def _result(comparison: Comparison, kept: int, seconds: float) -> Result:
    changes = [Change(*change) for change in comparison.changes]
    moved = Counter((_state(one.before), _state(one.after)) for one in changes)
    moves = [Move(*pair, count) for pair, count in sorted(moved.items(), key=lambda one: -one[1]) if pair[0] != pair[1]]
    runs = (comparison.current, comparison.candidate)
    left = [comparison.images - len(run.verdicts) for run in runs]
    outcomes = [(state, runs[0].count(state), runs[1].count(state)) for state in ("blocked", "held")]
    outcomes.append((OPEN, left[0], left[1]))
    steps = comparison.chart()[-MOST_STEPS:]
    return Result(comparison, kept, seconds, moves, outcomes, changes[:MOST_IMAGES], steps)


def _state(verdict: Verdict | None) -> str:
    return verdict.state if verdict else OPEN
