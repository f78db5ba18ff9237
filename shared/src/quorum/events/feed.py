"""Reads the event streams, a page after a cursor at a time.

A cursor names the last event that was read in every partition: their stream ids joined by `.` (with one partition,
just the stream id). Events of one image are always in order; those of different partitions are merged by time.
"""

import re
from dataclasses import dataclass

from redis import Redis

from quorum.errors import CursorExpired, DataMissing, InvalidCursor
from quorum.events.event import Event
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import LAYOUT
from quorum.store.scripts import Script

START = "0-0"
BEGINNING = "0"  # stands for no cursor, as in XREAD
NOW = "now"  # stands for the cursor after the newest event
PAGE = 1000  # events read at a time when few of them may be wanted
MOST_LOOKED_AT = 10_000  # events that one call reads for those that are wanted
TRIM_BATCH = 1000

_STREAM_ID = re.compile(r"[0-9]{1,15}-[0-9]{1,15}")  # `\d` would take digits that Redis does not know

StreamId = tuple[int, int]


def _parse(stream_id: str) -> StreamId:
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds), int(number)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a reader wants: of some types (none: of all), of one subject (None: of any)."""

    types: frozenset[str] = frozenset()
    subject: str | None = None

    @property
    def everything(self) -> bool:
        """Whether no event is left out."""
        return not self.types and self.subject is None

    def takes(self, event: Event) -> bool:
        """Tell whether it is one of them."""
        return (not self.types or event.type in self.types) and self.subject in {None, event.subject}


class Feed:
    """The events of all partitions."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._trim = Script("events/trim")

    def after(self, cursor: str | None, limit: int) -> tuple[list[Event], str]:
        """Return up to `limit` events after `cursor` and the cursor to go on from.

        None or BEGINNING stand for the oldest kept event.

        Raises InvalidCursor, CursorExpired (events after it are gone already), StoreUnavailable.
        """
        position = position_of(cursor, len(self._keys))
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for keys, seen in zip(self._keys, position, strict=True):
                pipe.get(keys.trimmed)
                pipe.xrange(keys.events, f"({seen}", "+", count=limit)
            answers = pipe.execute()
        trimmed, pages = answers[::2], answers[1::2]
        if cursor and cursor != BEGINNING:
            self._refuse_expired(position, trimmed)
        else:  # an empty feed gives a cursor that is not too old already
            position = [gone.decode() if gone else seen for seen, gone in zip(position, trimmed, strict=True)]
        merged = sorted(
            (_parse(stream_id.decode()), partition, fields)
            for partition, page in enumerate(pages)
            for stream_id, fields in page
        )
        events = []
        for (milliseconds, number), partition, fields in merged[:limit]:
            position[partition] = f"{milliseconds}-{number}"
            events.append(Event.from_json(fields[b"event"], ".".join(position)))
        return events, ".".join(position)

    def wanted_after(self, cursor: str | None, limit: int, wanted: Wanted) -> tuple[list[Event], str]:
        """Return up to `limit` of the wanted events after `cursor` and the cursor to go on from.

        It looks at MOST_LOOKED_AT events at most, and so may find fewer, or none, before the end; at the end the
        cursor stays the same. Raises what `after` does.
        """
        if wanted.everything:
            return self.after(cursor, limit)
        found: list[Event] = []
        for _ in range(MOST_LOOKED_AT // PAGE):
            page, end = self.after(cursor, PAGE)
            for event in page:
                if wanted.takes(event):
                    found.append(event)
                    if len(found) == limit:
                        return found, event.cursor
            cursor = end
            if len(page) < PAGE:
                break
        return found, end

    def end(self) -> str:
        """Return the cursor after the newest event. Raises StoreUnavailable; DataMissing, as it would be the first."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for keys in self._keys:
                pipe.xrevrange(keys.events, count=1)
                pipe.get(keys.trimmed)
                pipe.hexists(keys.meta, LAYOUT)
            answers = pipe.execute()
        if not all(answers[2::3]):
            raise DataMissing
        return ".".join(
            newest[0][0].decode() if newest else (trimmed or START.encode()).decode()
            for newest, trimmed in zip(answers[::3], answers[1::3], strict=True)
        )

    def trim(self, partition: int, retention_seconds: int) -> int:
        """Remove events older than `retention_seconds`, some at a time; return how many."""
        keys = self._keys[partition]
        with translated_errors():
            return int(self._trim(self._client, (keys.events, keys.trimmed), (retention_seconds * 1000, TRIM_BATCH)))

    def _refuse_expired(self, position: list[str], trimmed: list[bytes | None]) -> None:
        oldest = [
            max(_parse(seen), _parse(gone.decode()) if gone else (0, 0))
            for seen, gone in zip(position, trimmed, strict=True)
        ]
        if oldest != [_parse(seen) for seen in position]:
            raise CursorExpired(".".join(f"{milliseconds}-{number}" for milliseconds, number in oldest))


def position_of(cursor: str | None, partitions: int) -> list[str]:
    """Return the stream ids in a cursor, one of each partition; None is the start. Raises InvalidCursor."""
    if not cursor or cursor == BEGINNING:
        return [START] * partitions
    position = cursor.split(".")
    if len(position) != partitions or not all(map(_STREAM_ID.fullmatch, position)):
        raise InvalidCursor(
            "is not a cursor of this feed; use one that it gave, or none to begin with the oldest event"
        )
    return position
