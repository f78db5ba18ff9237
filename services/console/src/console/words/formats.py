"""Times and numbers as the reader's language writes them."""

import time
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent, parse_pattern
from babel.units import format_unit

from console.words.translating import gettext as _
from console.words.translating import language


def at(milliseconds: float | None, *, seconds: bool = False) -> str:
    """Return a time, Unix ms, to the minute or the second, in UTC."""
    if milliseconds is None:
        return _("unknown")
    shape = "d MMM y HH:mm:ss" if seconds else "d MMM y HH:mm"
    return f"{format_datetime(_moment(milliseconds), shape, locale=language())} UTC"


def day_of(day: date) -> str:
    """Return a day."""
    return format_date(day, "d MMM y", locale=language())


def machine(milliseconds: float) -> str:
    """Return a time, Unix ms, as machines read it (RFC 3339)."""
    return _moment(milliseconds).isoformat(timespec="seconds").replace("+00:00", "Z")


def ago(milliseconds: float | None) -> str:
    """Return how long ago a time, Unix ms, was, or in how long it is."""
    if milliseconds is None:
        return _("unknown")
    distance = timedelta(milliseconds=milliseconds - time.time() * 1000)
    return format_timedelta(distance, add_direction=True, locale=language())


def duration(seconds: float | None) -> str:
    """Return a length of time."""
    return _("unknown") if seconds is None else format_timedelta(timedelta(seconds=seconds), locale=language())


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with at most `digits` after its point."""
    if value is None:
        return _("unknown")
    return format_decimal(value, format=_pattern(digits), locale=language())


def points(value: float | None) -> str:
    """Return a score, with one digit after its point."""
    return _("unknown") if value is None else format_decimal(value, format="#,##0.0", locale=language())


def share(value: float | None) -> str:
    """Return a part of 1 in percent."""
    return _("unknown") if value is None else format_percent(value, locale=language())


def measured(value: float | None, unit: str) -> str:
    """Return a value with its unit: count, per_second, per_minute, seconds, bytes or share, as static/charts.js has."""
    if value is None:
        return _("unknown")
    if unit == "share":
        return share(value)
    if unit == "seconds":
        factor, name = next((one for one in _LENGTHS if value >= one[0] * 2), (1, "duration-second"))
        return format_unit(_rounded(value / factor), name, length="short", locale=language())
    if unit == "bytes":
        size, name = next((one for one in _SIZES if value >= one[0]), (1.0, "digital-byte"))
        return format_unit(_rounded(value / size), name, length="short", locale=language())
    said = number(_rounded(value), 3)
    return {"per_second": _("%(number)s/s", number=said), "per_minute": _("%(number)s/min", number=said)}.get(
        unit, said
    )


FILTERS = {
    "at": at,
    "day": day_of,
    "machine": machine,
    "ago": ago,
    "duration": duration,
    "number": number,
    "points": points,
    "share": share,
    "measured": measured,
}
_LENGTHS = ((86_400, "duration-day"), (3600, "duration-hour"), (60, "duration-minute"))
_SIZES = ((1e9, "digital-gigabyte"), (1e6, "digital-megabyte"), (1e3, "digital-kilobyte"))


@cache
def _pattern(digits: int) -> Any:
    """Return how numbers are written: read once, for tables of a thousand numbers."""
    return parse_pattern("#,##0." + "#" * digits if digits else "#,##0")


def _moment(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _rounded(value: float) -> float:
    """Return three significant digits of a value below a thousand, and the whole of one above."""
    return round(value) if abs(value) >= 100 else float(f"{value:.3g}")  # noqa: PLR2004
