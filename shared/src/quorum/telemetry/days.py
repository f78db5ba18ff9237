"""What is known of days: figures by reason, durations, and the shares that they make. Pure.

Figures are those of `quorum.judgement.figures.days`. What was not counted is None, never zero.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from quorum.judgement.figures.days import BOUNDS

_FIRST = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted on one day or several together: figure -> how many."""

    counted: Mapping[str, int] = field(default_factory=dict)
    _by_name: dict[str, dict[str, int]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Sort them out once."""
        for key, number in self.counted.items():
            name, _, reason = key.partition(":")
            if number > 0:  # one that was taken back, and had been lost, would be below
                self._by_name.setdefault(name, {})[reason] = number

    def by(self, name: str) -> dict[str, int]:
        """Return a figure by its reasons (decisions: by action), the most frequent first."""
        return dict(sorted(self._by_name.get(name, {}).items(), key=lambda item: (-item[1], item[0])))

    def total(self, name: str, reason: str | None = None) -> int:
        """Return a figure, of all reasons or of one."""
        found = self._by_name.get(name, {})
        return sum(found.values()) if reason is None else found.get(reason, 0)

    def seconds(self, name: str, part: float) -> float | None:
        """Return the duration, in seconds, that a part of those counted do not exceed (0.5: the median).

        It is taken as evenly spread between the bounds of its bucket, which are at most twice as far apart as the value
        is from zero. None when nothing was counted; the last bound where it is longer.
        """
        found = self._by_name.get(name, {})
        wanted = part * sum(found.values())
        if wanted <= 0:
            return None
        below, least = 0, 0.0
        for bound in BOUNDS:
            number = found.get(str(bound), 0)
            if number and below + number >= wanted:
                return least + (bound - least) * (wanted - below) / number
            below, least = below + number, float(bound)
        return float(BOUNDS[-1])

    def overturned(self, reason: str | None = None) -> float | None:
        """Return the part of the blocks by reports, of those that moderators decided, that they cleared."""
        return _part(self.total("overturned", reason), self.total("confirmed", reason))

    def accuracy(self, reason: str | None = None) -> float | None:
        """Return the part of the reports, of those that moderators decided about, that were right."""
        return _part(self.total("upheld", reason), self.total("unfounded", reason))


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC). `figures` are None when it was before anything was counted."""

    date: date
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Period:
    """Days in their order, or weeks, each under its Monday; since when there are figures (Unix ms; None: not yet)."""

    days: tuple[Day, ...]
    since_ms: int | None

    @property
    def is_whole(self) -> bool:
        """Whether figures reach back to its first day."""
        return self.since_ms is not None and bool(self.days) and moment_ms(self.days[0].date) >= self.since_ms

    @property
    def figures(self) -> Figures | None:
        """All days together; None when nothing is known of any."""
        return together(self.days)


def together(days: Iterable[Day]) -> Figures | None:
    """Return what was counted on days; None when nothing is known of any of them."""
    known = [day.figures.counted for day in days if day.figures is not None]
    total: Counter[str] = Counter()
    for counted in known:
        total.update(counted)
    return Figures(total) if known else None


def number_of(day: date) -> int:
    """Return a day as figures are kept under it: days since 1970."""
    return (day - _FIRST).days


def date_of(at_ms: float) -> date:
    """Return the day (UTC) of a time, Unix ms."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def moment_ms(day: date) -> int:
    """Return when a day begins, Unix ms."""
    return number_of(day) * 86_400_000


def _part(some: int, others: int) -> float | None:
    return some / (some + others) if some + others else None
