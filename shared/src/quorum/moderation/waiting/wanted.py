"""What a moderator asks the queue for."""

from dataclasses import dataclass
from enum import StrEnum

from quorum.judgement.records import State
from quorum.judgement.waiting import Cause


class Listed(StrEnum):
    """Why an image is in a list: what waits for a moderator (the first two), and what a moderator might look at."""

    HELD = "held"
    CONTESTED = "contested"  # cleared, and reported by many since
    OPEN = "open"  # reported, not blocked, and may cross the bar
    BLOCKED = "blocked"  # by reports alone: no moderator has decided about it
    APPEALED = "appealed"  # blocked, and its uploader has appealed against that


WAITING = frozenset({Listed.HELD, Listed.CONTESTED})


class Sort(StrEnum):
    """In which order: `priority` is told in `priority.py`, the others go by since when an image is in the list."""

    PRIORITY = "priority"
    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which images: in one of these lists, and, where these are not empty, for one of these causes and reasons.

    `lists` are WAITING, or some of it, or one of the others by itself. `since_ms` is Unix ms, `least_score` in points.
    """

    lists: frozenset[Listed] = WAITING
    causes: frozenset[Cause] = frozenset()
    reasons: frozenset[str] = frozenset()
    since_ms: int | None = None
    least_score: float | None = None
    sort: Sort = Sort.OLDEST

    @property
    def waits(self) -> bool:
        """Whether it is about what waits for a moderator."""
        return self.lists <= WAITING

    @property
    def takes_all(self) -> bool:
        """Whether all that is in the zset that has them is wanted, once it is young enough."""
        return self.lists == WAITING and not self.causes and not self.reasons and self.least_score is None

    @property
    def mark(self) -> str:
        """What a cursor of it can be used for."""
        return f"{','.join(sorted(self.lists))} {self.sort}"

    def takes(self, state: State, cause: Cause | None, since_ms: int) -> bool:
        """Tell whether it takes an image by its state, why it waits if it does, and since when it is in the list."""
        if self.since_ms is not None and since_ms < self.since_ms:
            return False
        if self.waits:
            listed = Listed.CONTESTED if cause is Cause.CONTESTED else Listed.HELD
            return listed in self.lists and (not self.causes or cause in self.causes)
        if Listed.APPEALED in self.lists:
            return state.is_blocked
        return state is (State.OPEN if Listed.OPEN in self.lists else State.BLOCKED)
