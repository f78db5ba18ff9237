"""What the charts of the page draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from console.statistics.rows import Row
from console.words.translating import gettext as _
from console.words.translating import later
from quorum.telemetry.days import Day, moment_ms


@dataclass(frozen=True, slots=True)
class Curve:
    """A chart: its title, the unit of its values (of static/charts.js), and its lines: a name, and a field of `Row`."""

    name: str
    title: str
    unit: str
    least: float
    lines: tuple[tuple[str, str], ...]
    bars: bool = False


CURVES = (
    Curve("reports", later("Reports"), "count", 4, ((later("reports"), "reports"),), bars=True),
    Curve(
        "outcomes",
        later("What came of them"),
        "count",
        4,
        (
            (later("blocks"), "blocks"),
            (later("holds"), "holds"),
            (later("decisions"), "decisions"),
        ),
    ),
    Curve(
        "to_block",
        later("From the first report to the block"),
        "seconds",
        10,
        (
            (later("half of them within"), "to_block"),
            (later("nine of ten within"), "to_block_most"),
        ),
    ),
    Curve(
        "to_decision",
        later("From the hold to the decision"),
        "seconds",
        60,
        (
            (later("half of them within"), "to_decision"),
            (later("nine of ten within"), "to_decision_most"),
        ),
    ),
    Curve(
        "overturned",
        later("Blocks that moderators overturned"),
        "share",
        0.1,
        ((later("of the blocks that they decided about"), "overturned_share"),),
    ),
    Curve(
        "accuracy",
        later("Reports that were right"),
        "share",
        1,
        ((later("of the reports that moderators decided about"), "accuracy"),),
    ),
)


def curves(rows: Sequence[tuple[Day, Row]]) -> list[dict[str, Any]]:
    """Return each chart as static/statistics.js takes it; a value that is not known is None."""
    times = [moment_ms(day.date) // 1000 for day, _row in rows]
    return [
        {
            "name": curve.name,
            "title": _(curve.title),
            "unit": curve.unit,
            "least": curve.least,
            "bars": curve.bars,
            "lines": [_(line) for line, _field in curve.lines],
            "data": [times, *([getattr(row, field) for _day, row in rows] for _line, field in curve.lines)],
        }
        for curve in CURVES
    ]
