"""The figures as CSV: a line for each day and reason, and one for all reasons of a day together.

Cells are safe for spreadsheets: a text that one would take for a formula has an apostrophe before it (OWASP, "CSV
Injection"). Unknown is an empty cell, never zero.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from console.statistics.rows import Row, row_of
from quorum.telemetry.days import Period

ALL = "*"  # no reason of a policy is called so
COLUMNS = (
    *("day", "reason", "reports", "blocks", "holds", "blocks_confirmed", "blocks_overturned", "reports_upheld"),
    *("reports_unfounded", "decisions", "to_block_median_seconds", "to_block_p90_seconds"),
    *("to_decision_median_seconds", "to_decision_p90_seconds"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def csv_of(period: Period) -> str:
    """Return the file (RFC 4180); numbers have a point and no other sign, durations are whole seconds."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in line] for line in _lines(period))
    return out.getvalue()


def _lines(period: Period) -> Iterator[tuple[Any, ...]]:
    for day in period.days:
        whole = row_of("", day.figures)
        durations = (whole.to_block, whole.to_block_most, whole.to_decision, whole.to_decision_most)
        yield (day.date, ALL, *_counts(whole), whole.decisions, *durations)
        found = day.figures.counted if day.figures else {}
        for reason in sorted({key.partition(":")[2] for key in found if key.partition(":")[0] in _COUNTED}):
            yield (day.date, reason, *_counts(row_of("", day.figures, reason)), None, None, None, None, None)


_COUNTED = frozenset({"reports", "blocks", "holds", "confirmed", "overturned", "upheld", "unfounded"})


def _counts(row: Row) -> tuple[int | None, ...]:
    return row.reports, row.blocks, row.holds, row.confirmed, row.overturned, row.upheld, row.unfounded


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(round(value))
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
