"""Days as people type them."""

from datetime import UTC, date, datetime
from typing import Any

import click


class Day(click.ParamType[int]):
    """A day such as 2026-01-31, as its first moment in UTC, Unix ms."""

    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the first moment of the day."""
        if isinstance(value, int):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail("must be a day such as 2026-01-31", param, ctx)
        return max(round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000), 0)
