"""What the charts of the page draw."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.statistics.rows import MEDIAN, MOST
from console.web.translating import gettext as _
from console.web.translating import later
from quorum.telemetry.days import Figures, Period, moment_ms

Value = Callable[[Figures], float | None]


@dataclass(frozen=True, slots=True)
class Curve:
    """A chart: its title, the unit of its values (of static/charts.js), and its lines by name."""

    name: str
    title: str
    unit: str
    least: float
    lines: tuple[tuple[str, Value], ...]
    bars: bool = False


def _total(name: str) -> Value:
    return lambda figures: figures.total(name)


def _seconds(name: str, part: float) -> Value:
    return lambda figures: figures.seconds(name, part)


CURVES = (
    Curve("reports", later("Reports"), "count", 4, ((later("reports"), _total("reports")),), bars=True),
    Curve(
        "outcomes",
        later("What came of them"),
        "count",
        4,
        (
            (later("blocks"), _total("blocks")),
            (later("holds"), _total("holds")),
            (later("decisions"), _total("decisions")),
        ),
    ),
    Curve(
        "to_block",
        later("From the first report to the block"),
        "seconds",
        10,
        (
            (later("half of them within"), _seconds("to_block", MEDIAN)),
            (later("nine of ten within"), _seconds("to_block", MOST)),
        ),
    ),
    Curve(
        "to_decision",
        later("From the hold to the decision"),
        "seconds",
        60,
        (
            (later("half of them within"), _seconds("to_decision", MEDIAN)),
            (later("nine of ten within"), _seconds("to_decision", MOST)),
        ),
    ),
    Curve(
        "overturned",
        later("Blocks that moderators overturned"),
        "share",
        0.1,
        ((later("of the blocks that they decided about"), lambda figures: figures.overturned()),),
    ),
    Curve(
        "accuracy",
        later("Reports that were right"),
        "share",
        1,
        ((later("of the reports that moderators decided about"), lambda figures: figures.accuracy()),),
    ),
)


def curves(period: Period) -> list[dict[str, Any]]:
    """Return each chart as static/statistics.js takes it; a value that is not known is None."""
    times = [moment_ms(day.date) // 1000 for day in period.days]
    return [
        {
            "name": curve.name,
            "title": _(curve.title),
            "unit": curve.unit,
            "least": curve.least,
            "bars": curve.bars,
            "lines": [_(line) for line, _value in curve.lines],
            "data": [
                times,
                *(
                    [None if day.figures is None else value(day.figures) for day in period.days]
                    for _line, value in curve.lines
                ),
            ],
        }
        for curve in CURVES
    ]
