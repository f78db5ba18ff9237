"""Reads the feed once for all streams that stand at the same place, and wakes them when there is more."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

from quorum.events import Event
from quorum.redis_store.feed import Feed
from quorum.redis_store.watch import Watch

PAGE = 500
MAX_READS = 1000  # remembered between two changes of the feed


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some events as they go over the wire, and where to go on; empty at the end of the feed."""

    text: bytes
    cursor: str


def render(event: Event) -> bytes:
    """Return an event in the format of server-sent events; JSON has no line breaks of its own."""
    data = json.dumps(event.as_cloudevent(), ensure_ascii=False)
    return f"id: {event.cursor}\nevent: {event.type}\ndata: {data}\n\n".encode()


class Hub:
    """To be made and used in one event loop."""

    def __init__(self, feed: Feed, watch: Watch) -> None:
        self._feed = feed
        self._watch = watch
        self._reads: dict[str, asyncio.Task[Chunk]] = {}
        self._more = asyncio.Event()

    async def start(self) -> None:
        """Begin to watch the feed."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._changed)

        await asyncio.to_thread(self._watch.listen, wake)

    def more(self) -> asyncio.Event:
        """Return what will be set when there may be something new. Take it before you look."""
        return self._more

    async def after(self, cursor: str) -> Chunk:
        """Return what comes after `cursor`. Raises InvalidCursor, CursorExpired, StoreUnavailable.

        Streams that ask for the same, until something changes, share one read.
        """
        read = self._reads.get(cursor)
        if read is None:
            if len(self._reads) >= MAX_READS:
                self._reads.clear()
            read = self._reads[cursor] = asyncio.create_task(self._read(cursor))
        return await asyncio.shield(read)

    async def _read(self, cursor: str) -> Chunk:
        events, after = await asyncio.to_thread(self._feed.after, cursor or None, PAGE)
        return Chunk(b"".join(map(render, events)), after)

    async def end(self) -> str:
        """Return the cursor after the newest event. Raises StoreUnavailable."""
        return await asyncio.to_thread(self._feed.end)

    def _changed(self) -> None:
        self._reads.clear()
        self._more.set()
        self._more = asyncio.Event()


MakeHub = Callable[[], Hub]
