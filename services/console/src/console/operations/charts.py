"""What the charts of the last hour draw, made of the vital signs that were noted. Pure."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from console.words.translating import later
from quorum.telemetry.health import EVENT_DELAYS_MS

HOUR_SECONDS = 3600.0
SHORTEST_SECONDS = 300.0  # a young quorum's charts show five minutes
GAP_MS = 45_000  # nothing was noted: no line is drawn across
CLOSE_MS = 2_000  # two moments that are closer tell no rate
QUANTILE = 0.99

Point = Mapping[str, Any]  # the fields of `quorum.telemetry.history.Vitals`
Series = list[list[float | None]]  # times, Unix seconds, and a value for each


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: its name and label, the unit of its values, and how high its scale is at least."""

    name: str
    label: str
    unit: str  # one that static/charts.js knows
    least: float


CHARTS = (
    Chart("tallied", later("Reports tallied"), "per_second", 1),
    Chart("counted", later("New reporters of images"), "per_second", 1),
    Chart("blocked", later("Images blocked"), "per_minute", 1),
    Chart("held", later("Images held"), "per_minute", 1),
    Chart("depth", later("Reports in the inbox"), "count", 100),
    Chart("age", later("The oldest report waits"), "seconds", 10),
    Chart("delay", later("99 of 100 events within"), "seconds", 1),
    Chart("memory", later("Memory of Redis"), "bytes", 10_000_000),
)


def series(points: Sequence[Point]) -> dict[str, Series]:
    """Return what each chart draws; a gap in what was noted is a moment whose value is None."""
    drawn: dict[str, Series] = {chart.name: [[], []] for chart in CHARTS}
    before: Point | None = None
    for after in points:
        if before is not None and _apart(before, after) < CLOSE_MS:
            continue
        for name, (times, values) in drawn.items():
            if before is not None and _apart(before, after) > GAP_MS:
                times.append(before["at_ms"] / 1000 + 1)
                values.append(None)
            if name in _GAUGES or before is not None:  # a rate needs two moments
                times.append(after["at_ms"] / 1000)
                values.append(after[_GAUGES[name]] if name in _GAUGES else _RATES[name](before or after, after))
        before = after
    return drawn


def latest(drawn: Mapping[str, Series]) -> dict[str, float | None]:
    """Return the newest value of each chart; None where it is not known."""
    return {name: values[-1] if values else None for name, (_, values) in drawn.items()}


def span(drawn: Mapping[str, Series], now: float) -> tuple[float, float]:
    """Return from when to when the charts reach, Unix seconds."""
    first = min((times[0] for times, _ in drawn.values() if times and times[0] is not None), default=now)
    return max(now - HOUR_SECONDS, min(first, now - SHORTEST_SECONDS)), now


def _rate(name: str, unit_ms: float) -> Callable[[Point, Point], float | None]:
    """Return how a count grows in a unit of time; None across a restart of the counts."""

    def measured(before: Point, after: Point) -> float | None:
        growth: float = after[name] - before[name]
        return growth * unit_ms / (after["at_ms"] - before["at_ms"]) if growth >= 0 else None

    return measured


def _slowest(before: Point, after: Point) -> float | None:
    """Return within how many seconds 99 % of the events between two moments came; None when there were none."""
    counts = [new - old for new, old in zip(after["event_delays"], before["event_delays"], strict=True)]
    seen = list(accumulate(counts))
    if not seen or min(counts) < 0 or seen[-1] == 0:
        return None
    return EVENT_DELAYS_MS[min(bisect_left(seen, seen[-1] * QUANTILE), len(EVENT_DELAYS_MS) - 1)] / 1000


def _apart(before: Point, after: Point) -> float:
    milliseconds: float = after["at_ms"] - before["at_ms"]
    return milliseconds


_GAUGES = {"depth": "inbox_depth", "age": "inbox_age_seconds", "memory": "memory_bytes"}
_RATES: dict[str, Callable[[Point, Point], float | None]] = {
    "tallied": _rate("tallied", 1000),
    "counted": _rate("counted", 1000),
    "blocked": _rate("blocked", 60_000),
    "held": _rate("held", 60_000),
    "delay": _slowest,
}
