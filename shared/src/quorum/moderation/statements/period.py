"""The events and decisions of a period that are still kept, and from when on they are."""

from collections.abc import Iterator
from dataclasses import dataclass

from redis import Redis

from quorum.errors import CursorExpired
from quorum.events.event import Event
from quorum.events.feed import Feed
from quorum.moderation.trail import Said, Trail

PAGE = 500
_LAST = 10**15 - 1  # a number after which no event of a millisecond comes


@dataclass(frozen=True, slots=True)
class Period:
    """From `start_ms` on until before `end_ms`, Unix ms."""

    start_ms: int
    end_ms: int

    def cursor(self, partitions: int) -> str:
        """Return a cursor before the first of all that is in it."""
        return ".".join([f"{max(self.start_ms - 1, 0)}-{_LAST}"] * partitions)


class Kept:
    """What is kept of a period, of all partitions, a page at a time. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str, partitions: int, period: Period) -> None:
        self._feed = Feed(client, namespace, partitions)
        self._trail = Trail(client, namespace, partitions)
        self._partitions = partitions
        self._period = period

    def lost_until_ms(self) -> int | None:
        """Return until when events of the period are not kept any more, Unix ms; None where all are."""
        try:
            self._feed.after(self._period.cursor(self._partitions), 1)
        except CursorExpired as error:
            return max(_at_ms(one) for one in error.oldest.split("."))
        return None

    def events(self) -> Iterator[Event]:
        """Yield the events that are kept, in the order of their streams."""
        cursor = self._period.cursor(self._partitions)
        while True:
            try:
                page, cursor = self._feed.after(cursor, PAGE)
            except CursorExpired as error:  # also what is trimmed while one reads
                cursor = error.oldest
                continue
            for event in page:
                if max(map(_at_ms, event.cursor.split("."))) >= self._period.end_ms:
                    return
                yield event
            if not page:
                return

    def decisions(self) -> Iterator[Said]:
        """Yield the decisions of moderators that are kept, oldest first."""
        cursor = self._period.cursor(self._partitions)
        while True:
            page, cursor = self._trail.after(cursor, PAGE)
            for one in page:
                at_ms = one.said.get("at_ms")
                if isinstance(at_ms, int) and self._period.start_ms <= at_ms < self._period.end_ms:
                    yield one
            if not page:
                return


def _at_ms(stream_id: str) -> int:
    return int(stream_id.partition("-")[0])
