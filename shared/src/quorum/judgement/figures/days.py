"""What is counted of each day (UTC), for statistics: exact, in the scripts that do what is counted. Twin: figures.lua.

Figures are numbers by a name and, after a colon, a reason or an upper bound:

reports                 reports that were tallied, by what they say; on the day on which they came in
blocks, holds           images that reports blocked, or had held, by the reason that most of their reports give
to_block                the same blocks by the time since their first report
decisions               decisions of moderators, by action
confirmed, overturned   images blocked by reports that moderators upheld, or cleared, by reason
by_moderators           other images that moderators blocked, by reason
upheld, unfounded       reports that moderators found right, or wrong, by what they say
to_decision             decisions about images that waited, by how long they did

Each decision counts on its own day. One that another decision overturns has counted, and so does the other. One that is
taken back (`reopen`) was a mistake: what it said of blocks and reports is taken from its day again; that it was made,
and after how long, stays counted.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping

DAY_MS = 86_400_000
KEPT_DAYS = 400
KEPT_SECONDS = KEPT_DAYS * 86_400  # figures of a day end by themselves: days.lua has the same
# Upper bounds of durations, seconds: each about half as long again as the one before, so that a median is told well.
BOUNDS = (
    *(1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 450, 600, 900, 1200, 1800, 2700),
    *(3600, 5400, 7200, 10_800, 14_400, 21_600, 28_800, 43_200, 64_800, 86_400, 129_600, 172_800, 259_200),
    *(345_600, 518_400, 691_200, 1_036_800, 1_555_200, 2_592_000, 5_184_000, 7_776_000),
)
MORE = "more"
OTHER = "other"  # a reason that the policy does not have (any more)

Days = dict[int, Counter[str]]  # days since 1970 -> figure -> how many


def day_of(at_ms: int) -> int:
    """Return the day of a time (Unix ms), as days since 1970 in UTC."""
    return at_ms // DAY_MS


def week_of(day: int) -> int:
    """Return the week of a day, by its number: weeks begin on Monday, and the first is that of 1970-01-01."""
    return (day + 3) // 7


def duration(name: str, milliseconds: int) -> str:
    """Return the figure that counts a duration."""
    place = bisect_left(BOUNDS, milliseconds / 1000)
    return f"{name}:{BOUNDS[place] if place < len(BOUNDS) else MORE}"


def main_reason(reasons: Mapping[str, int]) -> str:
    """Return the reason that most reports give, the first by name of several; empty when there are none."""
    return min(reasons, key=lambda name: (-reasons[name], name), default="")


def count(days: Days, at_ms: int, figures: Iterable[str] | Mapping[str, int]) -> None:
    """Count figures, each once or as often as a mapping says, on the day of a time (Unix ms)."""
    days.setdefault(day_of(at_ms), Counter()).update(figures)


def add(days: Days, more: Days) -> None:
    """Add the figures of days to others; what is left at zero is as if it had never been counted."""
    for day, figures in more.items():
        total = days.setdefault(day, Counter())
        total.update(figures)
        for name in [name for name in figures if not total[name]]:
            del total[name]
