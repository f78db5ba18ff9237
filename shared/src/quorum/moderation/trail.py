"""The audit trail: every decision that moderators made, as it is kept."""

import heapq
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.events.feed import position_of
from quorum.moderation.decisions import Action, Decision, Made
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import check_data

PAGE = 500
_NEVER_MS = 10**14  # beyond all times of entries

StreamId = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Said:
    """An entry of the trail: its id (in its stream, then the partition where there are several), what it says."""

    id: str
    said: Mapping[str, Any]


class Trail:
    """The trails of all partitions, merged by time."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._trails = [keys.audit for keys in self._keys]

    def after(self, cursor: str | None, limit: int) -> tuple[list[Said], str]:
        """Return up to `limit` decisions after a cursor, oldest first, and the cursor to go on from.

        At the end the cursor stays the same. Raises InvalidCursor, StoreUnavailable, DataMissing.
        """
        position = position_of(cursor, len(self._trails))
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for trail, seen in zip(self._trails, position, strict=True):
                pipe.xrange(trail, f"({seen}", "+", count=limit)
            pages: list[Any] = pipe.execute()
        check_data(self._client, self._keys)
        found = sorted(
            (_parts(entry), partition, fields) for partition, page in enumerate(pages) for entry, fields in page
        )
        said = []
        for parts, partition, fields in found[:limit]:
            entry = self._step(position, partition, parts)
            read = _object(fields)
            if read is not None:
                said.append(Said(entry, read))
        return said, ".".join(position)

    def before(
        self, cursor: str | None, limit: int, since_ms: int = 0, until_ms: int | None = None
    ) -> tuple[list[tuple[Said, str]], str | None]:
        """Return up to `limit` decisions before a cursor, newest first, and the cursor to go on from; None at the end.

        Each comes with the cursor that goes on right after it. They were written from `since_ms` to `until_ms`, Unix
        ms, of which a cursor is no reminder. Raises InvalidCursor, StoreUnavailable, DataMissing.
        """
        newest = f"{until_ms + 1 if until_ms is not None else _NEVER_MS}-0"
        position = position_of(cursor, len(self._trails)) if cursor else [newest] * len(self._trails)
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for trail, end in zip(self._trails, position, strict=True):
                pipe.xrevrange(trail, f"({end}", str(since_ms), count=limit)
            pages: list[Any] = pipe.execute()
        check_data(self._client, self._keys)
        found = [(_parts(entry), partition, fields) for partition, page in enumerate(pages) for entry, fields in page]
        said: list[tuple[Said, str]] = []
        for parts, partition, fields in sorted(found, key=lambda one: one[:2], reverse=True)[:limit]:
            entry = self._step(position, partition, parts)
            read = _object(fields)
            if read is not None:
                said.append((Said(entry, read), ".".join(position)))
        return said, ".".join(position) if len(found) >= limit else None

    def decisions(self, since_ms: int = 0) -> Iterator[Made]:
        """Yield the decisions about images written from `since_ms` on, oldest first. Raises StoreUnavailable."""
        pages = (self._partition(trail, str(since_ms)) for trail in self._trails)
        return heapq.merge(*pages, key=lambda made: made.decision.at_ms)

    def _step(self, position: list[str], partition: int, parts: StreamId) -> str:
        """Move a position onto an entry, and return the entry's id."""
        position[partition] = f"{parts[0]}-{parts[1]}"
        return position[partition] if len(self._trails) == 1 else f"{position[partition]}.{partition}"

    def _partition(self, trail: str, start: str) -> Iterator[Made]:
        while True:
            with translated_errors():
                entries: Any = self._client.xrange(trail, start, "+", PAGE)
            for _, fields in entries:
                made = _read(fields)
                if made:
                    yield made
            if not entries:
                return
            start = f"({entries[-1][0].decode()}"


def _parts(entry: bytes) -> StreamId:
    milliseconds, _, number = entry.partition(b"-")
    return int(milliseconds), int(number)


def _object(fields: dict[bytes, bytes]) -> dict[str, Any] | None:
    """Return what an entry says; None when somebody else wrote it."""
    try:
        said = json.loads(fields[b"decision"])
    except (KeyError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def _read(fields: dict[bytes, bytes]) -> Made | None:
    """Return a decision about an image; None for what else is in the trail, or is of another release."""
    try:
        said = json.loads(fields[b"decision"])
        decision = Decision(
            Action(said["decision"]), said["moderator"], said["at_ms"], said["note"], said.get("unfounded", True)
        )
        return Made(said["image_id"], decision)
    except (KeyError, ValueError, TypeError):
        return None
