"""The hub under every order of things: each reader gets every event once and in order, and nothing is kept for ever."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from quorum.errors import CursorExpired, StoreUnavailable
from quorum.events.event import BLOCKED, Event, cloud_event
from report_api.stream import hub as module
from report_api.stream.hub import ENTRY_BYTES, PIECE_BYTES, Hub, Kept, Piece, in_pieces

KEPT_BYTES = 4 * ENTRY_BYTES + 4 * PIECE_BYTES


def event(number: int, words: int = 1) -> Event:
    data = {"number": number, "text": "x" * 1000 * words}
    return Event.from_json(json_of(f"e-{number}", data), str(number))


def json_of(event_id: str, data: dict[str, Any]) -> bytes:
    import json  # noqa: PLC0415

    return json.dumps(cloud_event(event_id, BLOCKED, "img", 1, data)).encode()


class GrowingFeed:
    """Events, and calls that a test ends when it likes."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.calls: list[tuple[asyncio.Future[Any], Callable[[], Any]]] = []

    def after(self, cursor: str | None, limit: int) -> tuple[list[Event], str]:
        start = int(cursor or 0)
        found = self.events[start : start + limit]
        return found, str(start + len(found))

    def end(self) -> str:
        return str(len(self.events))

    async def run(self, call: Callable[[], Any]) -> Any:
        """Call now; the answer is on its way until the test lets it come."""
        answer = call()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.calls.append((future, lambda: answer))
        return await future

    def let_come(self, number: int, error: BaseException | None = None) -> None:
        future, answer = self.calls.pop(number)
        if future.done():
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(answer())


class Watched:
    """A watch that wakes when it is told to."""

    def listen(self, wake: Callable[[], None]) -> None:
        self.wake = wake

    def generation(self) -> int:
        return 0


class Reader:
    """Follows the hub as a stream does, without heartbeats."""

    def __init__(self, hub: Hub, cursor: str) -> None:
        self.hub = hub
        self.cursor = cursor
        self.start = int(cursor)
        self.got: list[int] = []
        self.failed = 0
        self.task = asyncio.create_task(self.read())

    async def read(self) -> None:
        while True:
            more = self.hub.more()
            try:
                piece = await self.hub.after(self.cursor)
            except (StoreUnavailable, ValueError):
                self.failed += 1
                await more.wait()
                continue
            if piece.text:
                self.got += [int(line[4:].decode()) for line in piece.text.split(b"\n") if line.startswith(b"id: ")]
                self.cursor = piece.cursor
            else:
                await more.wait()


FAILURES = st.sampled_from([StoreUnavailable("down"), ValueError("a bug")])


class HubMachine(RuleBasedStateMachine):
    """Every order in which events come, reads end, fail or are waited for no more, and the watch wakes."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.unhandled: list[Any] = []
        self.loop.set_exception_handler(lambda _, context: self.unhandled.append(context))
        self.feed = GrowingFeed()
        made: Any = self.feed
        self.hub = Hub(made, Watched(), self.feed.run, KEPT_BYTES)
        self.readers: list[Reader] = []
        self.unwoken = False

    def settle(self, act: Callable[[], Any] = lambda: None) -> None:
        async def turn() -> None:
            act()
            for _ in range(12):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())

    @rule(number=st.integers(1, 12), words=st.integers(1, 12))
    def events_come(self, number: int, words: int) -> None:
        self.feed.events += [event(len(self.feed.events) + 1 + one, words) for one in range(number)]
        self.unwoken = True

    @rule()
    def the_watch_wakes(self) -> None:
        self.unwoken = False
        self.settle(self.hub.changed)

    @rule(behind=st.integers(0, 30))
    def a_reader_comes(self, behind: int) -> None:
        cursor = str(max(0, len(self.feed.events) - behind))
        self.settle(lambda: self.readers.append(Reader(self.hub, cursor)))

    @precondition(lambda self: self.readers)
    @rule(data=st.data())
    def a_reader_leaves(self, data: st.DataObject) -> None:
        reader = self.readers.pop(data.draw(st.integers(0, len(self.readers) - 1)))
        self.settle(reader.task.cancel)

    @precondition(lambda self: self.feed.calls)
    @rule(data=st.data(), error=st.none() | FAILURES)
    def a_read_ends(self, data: st.DataObject, error: BaseException | None) -> None:
        number = data.draw(st.integers(0, len(self.feed.calls) - 1))
        self.settle(lambda: self.feed.let_come(number, error))

    @invariant()
    def what_is_kept_is_bounded(self) -> None:
        kept = self.hub._kept
        assert kept.bytes <= KEPT_BYTES
        assert kept.bytes == sum(module._size(*one) for one in kept._pieces.items())
        assert len(self.hub._reads) <= len(self.feed.calls)

    def teardown(self) -> None:
        try:
            self.check_all()
        finally:
            self.settle(lambda: [reader.task.cancel() for reader in self.readers])
            self.settle(lambda: [future.cancel() for future, _ in self.feed.calls])
            self.loop.close()
        assert self.unhandled == []

    def check_all(self) -> None:
        """When the watch has woken them and every read has ended, all have heard all."""
        self.settle(self.hub.changed)
        while self.feed.calls:
            self.settle(lambda: self.feed.let_come(0))
        end = len(self.feed.events)
        for reader in self.readers:
            assert not reader.task.done()
            assert reader.got == list(range(reader.start + 1, end + 1))
        assert not self.hub._reads


HubMachine.TestCase.settings = hypothesis_settings(max_examples=80, stateful_step_count=40, deadline=None)
test_every_reader_gets_every_event_whatever_comes_between = HubMachine.TestCase


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


def test_an_error_is_an_answer_to_those_who_wait_and_to_nobody_after() -> None:
    async def scene() -> None:
        feed = GrowingFeed()
        hub = Hub(feed, Watched(), feed.run)  # type: ignore[arg-type]
        first = [asyncio.create_task(hub.after("0")) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        feed.let_come(0, CursorExpired("5"))
        heard = await asyncio.gather(*first, return_exceptions=True)
        assert [type(one) for one in heard] == [CursorExpired] * 3
        again = asyncio.create_task(hub.after("0"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        feed.let_come(0)
        assert (await again).text == b""

    run(scene())


def test_what_is_kept_is_counted_in_bytes_and_the_oldest_goes() -> None:
    kept = Kept(10 * (ENTRY_BYTES + 1000))
    for number in range(1000):
        kept.put(f"{number}", Piece(b"x" * 900, f"{number + 1}"))
        kept.get("990")
        assert kept.bytes <= 10 * (ENTRY_BYTES + 1000)
    assert kept.get("999")
    assert kept.get("990")
    assert kept.get("5") is None
    kept.put("huge", Piece(b"x" * 10**6, "z"))
    assert kept.bytes == 0


@pytest.mark.parametrize("words", [1, 7, 9, 100])
def test_pieces_are_small_and_together_are_all_events(words: int) -> None:
    events = [event(number, words) for number in range(1, 40)]
    pieces = list(in_pieces(events))
    assert b"".join(piece.text for piece in pieces) == b"".join(map(module.render, events))
    assert pieces[-1].cursor == "39"
    for piece in pieces:
        assert len(piece.text) <= PIECE_BYTES or piece.text.count(b"\ndata: ") == 1
