"""Reads the event streams as a consumer group, which resumes and acknowledges."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from quorum.errors import DataMissing, StoreRefuses
from quorum.events.event import Event
from quorum.events.feed import START
from quorum.events.watch import Watch
from quorum.store.connection import translated_errors

CLAIM_IDLE_MS = 60_000  # an event that a consumer took and did not acknowledge for this long goes to another


class GroupReader:
    """A consumer group's member: resumes where it stopped, takes over from members that died, acknowledges.

    Its methods raise StoreUnavailable; DataMissing when the group is gone, as after a loss of data: then join again.

    `streams` are the events of all partitions. In a cluster, where no command waits for streams of several servers,
    `watch` tells when there is something new.
    """

    def __init__(
        self, client: Redis, streams: list[str], group: str, consumer: str, watch: Watch | None = None
    ) -> None:
        self._client = client
        self._streams = streams
        self._group = group
        self._consumer = consumer
        self._watch = watch

    def join(self, start: str) -> None:
        """Make the group unless it exists; `start` is `0` for all kept events or `$` for those to come.

        Raises StoreRefuses, too.
        """
        for stream in self._streams:
            try:
                with translated_errors():
                    self._client.xgroup_create(stream, self._group, id=start, mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise StoreRefuses(str(error)) from error

    def unacknowledged(self) -> Iterator[tuple[str, Event]]:
        """Yield what this consumer took earlier and never acknowledged, and what dead members left behind."""
        for stream in self._streams:
            with _group_errors():
                self._claim(stream)
                pending: Any = self._client.xreadgroup(self._group, self._consumer, {stream: "0"})
            yield from self._events(pending)

    def new(self, count: int, block_ms: int) -> Iterator[tuple[str, Event]]:
        """Yield events that nobody in the group has taken, waiting up to `block_ms` for the first."""
        if self._watch is None:
            yield from self._read(self._streams, count, block_ms)
            return
        generation = self._watch.generation()
        events = [event for stream in self._streams for event in self._read([stream], count)]
        if not events:
            self._watch.wait(generation, block_ms / 1000)
            events = [event for stream in self._streams for event in self._read([stream], count)]
        yield from events

    def _read(self, streams: list[str], count: int, block_ms: int | None = None) -> Iterator[tuple[str, Event]]:
        with _group_errors():
            answer: Any = self._client.xreadgroup(
                self._group, self._consumer, dict.fromkeys(streams, ">"), count=count, block=block_ms
            )
        yield from self._events(answer)

    def acknowledge(self, stream: str, cursor: str) -> None:
        """Tell the group that an event is dealt with."""
        with translated_errors():
            self._client.xack(stream, self._group, cursor)

    def _claim(self, stream: str) -> None:
        start = START
        while True:
            answer: Any = self._client.xautoclaim(stream, self._group, self._consumer, CLAIM_IDLE_MS, start, count=100)
            start = answer[0].decode()
            if start == START:
                return

    @staticmethod
    def _events(
        answer: list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes] | None]]]] | None,
    ) -> Iterator[tuple[str, Event]]:
        for stream, entries in answer or ():
            for stream_id, fields in entries:
                if fields:  # None: the event was trimmed while it was pending
                    yield stream.decode(), Event.from_json(fields[b"event"], stream_id.decode())


@contextmanager
def _group_errors() -> Iterator[None]:
    """Tell of a group that is gone; UNBLOCKED says that the stream was replaced under a waiting reader."""
    try:
        with translated_errors():
            yield
    except ResponseError as error:
        if str(error).startswith(("NOGROUP", "UNBLOCKED")):
            raise DataMissing from error
        raise
