"""Reads the feed once for all streams that stand at the same place, and wakes them when there is more."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from quorum.events.event import Event
from quorum.events.feed import Feed

PAGE = 100  # events read at a time
PIECE_BYTES = 8_192  # of events that a stream writes at a time; one event alone may be longer
KEPT_BYTES = 8 * 2**20  # of what was read, for those who come to the same place
ENTRY_BYTES = 300  # that a kept piece takes besides its texts

Run = Callable[[Callable[[], Any]], Awaitable[Any]]


class Watching(Protocol):
    """What wakes a hub."""

    def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` from some thread whenever there may be something new."""

    def generation(self) -> int:
        """Watch anew if nobody does."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some events as they go over the wire, and where to go on; empty at the end of the feed."""

    text: bytes
    cursor: str


def render(event: Event) -> bytes:
    """Return an event in the format of server-sent events; JSON has no line breaks of its own."""
    data = json.dumps(event.as_cloudevent(), ensure_ascii=False)
    return f"id: {event.cursor}\nevent: {event.type}\ndata: {data}\n\n".encode()


def in_pieces(events: Iterable[Event]) -> Iterator[Piece]:
    """Yield events in pieces that a slow reader may leave lying."""
    texts: list[bytes] = []
    size, cursor = 0, ""
    for event in events:
        text = render(event)
        if texts and size + len(text) > PIECE_BYTES:
            yield Piece(b"".join(texts), cursor)
            texts, size = [], 0
        texts.append(text)
        size, cursor = size + len(text), event.cursor
    if texts:
        yield Piece(b"".join(texts), cursor)


class Kept:
    """Pieces by the cursor before them, bounded in bytes; what was not asked for longest goes first.

    What follows a cursor stays true: events are only ever added after it.
    """

    def __init__(self, most_bytes: int) -> None:
        self._pieces: OrderedDict[str, Piece] = OrderedDict()
        self._most_bytes = most_bytes
        self.bytes = 0

    def get(self, cursor: str) -> Piece | None:
        """Return what follows `cursor`, if it is kept."""
        piece = self._pieces.get(cursor)
        if piece:
            self._pieces.move_to_end(cursor)
        return piece

    def put(self, cursor: str, piece: Piece) -> None:
        """Keep a piece, longer or shorter than before."""
        old = self._pieces.pop(cursor, None)
        self.bytes += _size(cursor, piece) - (_size(cursor, old) if old else 0)
        self._pieces[cursor] = piece
        while self.bytes > self._most_bytes:
            self.bytes -= _size(*self._pieces.popitem(last=False))


class Hub:
    """To be made and used in one event loop. `run` runs a call that blocks in a thread."""

    def __init__(self, feed: Feed, watch: Watching, run: Run, kept_bytes: int = KEPT_BYTES) -> None:
        self._feed = feed
        self._watch = watch
        self._run = run
        self._kept = Kept(kept_bytes)
        self._reads: dict[str, asyncio.Task[Piece]] = {}  # those under way that began after the last change
        self._end: asyncio.Task[str] | None = None
        self._more = asyncio.Event()

    async def start(self) -> None:
        """Begin to watch the feed."""
        loop = asyncio.get_running_loop()
        await self._run(partial(self._watch.listen, lambda: _wake(loop, self.changed)))

    async def keep_watching(self) -> None:
        """Begin anew where there was no thread to watch with. To be called now and then."""
        await self._run(self._watch.generation)

    def more(self) -> asyncio.Event:
        """Return what will be set when there may be something new. Take it before you look."""
        return self._more

    async def after(self, cursor: str) -> Piece:
        """Return what comes after `cursor`. Raises InvalidCursor, CursorExpired, StoreUnavailable.

        Streams that ask for the same share one read, unless something has changed since it began.
        """
        kept = self._kept.get(cursor)
        if kept:
            return kept
        read = self._reads.get(cursor)
        if read is None:
            read = self._reads[cursor] = asyncio.create_task(self._read(cursor))
            read.add_done_callback(partial(self._ended, cursor))
        return await asyncio.shield(read)

    async def end(self) -> str:
        """Return the cursor after the newest event. Raises StoreUnavailable."""
        if self._end is None:  # many come at the same moment after a restart
            self._end = asyncio.create_task(self._read_end())
            self._end.add_done_callback(self._end_read)
        return await asyncio.shield(self._end)

    def changed(self) -> None:
        """Let everybody look again, at Redis itself: a read that is under way may have come too early."""
        self._reads.clear()
        self._more.set()
        self._more = asyncio.Event()

    async def _read(self, cursor: str) -> Piece:
        events, after = await self._run(partial(self._feed.after, cursor or None, PAGE))
        before, first = cursor, Piece(b"", after)
        for piece in in_pieces(events):
            self._kept.put(before, piece)
            first = first if first.text else piece
            before = piece.cursor
        return first

    async def _read_end(self) -> str:
        cursor: str = await self._run(self._feed.end)
        return cursor

    def _end_read(self, read: "asyncio.Task[str]") -> None:
        self._end = None
        if not read.cancelled():
            read.exception()

    def _ended(self, cursor: str, read: "asyncio.Task[Piece]") -> None:
        if self._reads.get(cursor) is read:
            del self._reads[cursor]
        if not read.cancelled():
            read.exception()  # is known to whoever still waits


def _wake(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)


def _size(cursor: str, piece: Piece) -> int:
    return len(cursor) + len(piece.text) + len(piece.cursor) + ENTRY_BYTES
