"""The watch over the events under every schedule with few switches: no wake-up is lost, and nothing leaves it deaf."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from interleavings import Schedule, explore, replaced

from quorum.errors import StoreUnavailable
from quorum.events import watch as module
from quorum.events.watch import IDLE_SECONDS, RETRY_SECONDS, Watch

FAILURES: list[BaseException] = [
    ConnectionError("cut"),
    StoreUnavailable("down"),
    ValueError("a bug"),
    MemoryError(),
    SystemExit(1),
    KeyboardInterrupt(),
    GeneratorExit(),
]


class Store:
    """A stream of events that grows, read as the watch reads it; its calls fail as they are told to."""

    def __init__(self, schedule: Schedule, failures: list[BaseException]) -> None:
        self._schedule = schedule
        self._failures = list(failures)
        self.length = 0
        self.now = 0.0
        self.end_of_play = lambda: None
        self.connection_pool = SimpleNamespace(disconnect=lambda: None)

    def has_event(self) -> bool:
        return self.length > 0

    def end(self) -> str:
        return str(self.length)

    def xread(self, position: dict[str, str], **_: int) -> Any:
        """Wait for more, or until time has passed."""
        if self._failures:
            raise self._failures.pop(0)
        [(stream, seen)], began = position.items(), self.now
        try:
            self._schedule.wait(lambda: self.length > int(seen) or self.now > began)
        finally:
            if self._schedule.is_over:
                self.end_of_play()  # the watch goes on after everything else that is raised
        return [(stream.encode(), [(str(self.length).encode(), {})])] if self.length > int(seen) else None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, _: float) -> None:
        """Take no time: whoever else can run may."""


class Play:
    """One watch and those who wait for one event; `act` is done by one more."""

    def __init__(self, choices: list[int], failures: list[BaseException]) -> None:
        self.schedule = Schedule((module,), choices)
        self.store = Store(self.schedule, failures)
        self.lost: list[str] = []
        client: Any = self.store
        names = {
            "Condition": self.schedule.condition,
            "Thread": self.schedule.thread,
            "time": self.store,
            "Feed": lambda *_: self.store,
            "log": SimpleNamespace(error=lambda *_: None, exception=lambda *_: None, warning=lambda *_: None),
        }
        self.names = replaced(module, **names)
        self.names.__enter__()
        self.watch = Watch(client, "test", 1)
        self.store.end_of_play = lambda: setattr(self.watch, "_run", None)

    def waits(self) -> None:
        """Wait for the first event as the API does."""
        while True:
            generation = self.watch.generation()
            if self.store.has_event():
                return
            self.watch.wait(generation, 15)
            if self.watch._generation == generation and self.store.has_event():
                self.lost.append("a waiter slept on")

    def hears(self) -> Callable[[], Any]:
        """Listen and look, as the hub does; return what waits until it was woken after the event."""
        woken_at: list[int] = []
        self.watch.listen(lambda: woken_at.append(self.store.length))
        seen = self.store.has_event()
        return lambda: seen or self.schedule.wait(lambda: 1 in woken_at)

    def appends(self) -> None:
        self.store.length = 1

    def run(self, *actors: Callable[[], Any]) -> Schedule:
        for number, actor in enumerate(actors):
            self.schedule.actor(actor, f"{actor.__name__} {number}")
        try:
            self.schedule.run()
        finally:
            self.names.__exit__(None, None, None)
        assert self.lost == []
        return self.schedule


def test_whoever_waits_is_woken_by_the_event_at_whatever_line_it_comes() -> None:
    def play(choices: list[int]) -> Schedule:
        one = Play(choices, [])
        return one.run(one.waits, one.waits, one.appends)

    assert explore(play, 1) > 50


def test_one_that_waits_is_woken_whatever_two_lines_others_run_at() -> None:
    def play(choices: list[int]) -> Schedule:
        one = Play(choices, [])
        return one.run(one.waits, one.appends)

    assert explore(play, 2) > 300


@pytest.mark.slow
@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_a_failure_of_any_sort_leaves_nobody_deaf(error: BaseException) -> None:
    def play(choices: list[int]) -> Schedule:
        one = Play(choices, [error, error])

        def listens() -> None:
            one.hears()()

        return one.run(one.waits, listens, one.appends)

    assert explore(play, 1) > 100


def test_a_watch_that_ended_while_somebody_looked_begins_again_for_them() -> None:
    def play(choices: list[int]) -> Schedule:
        one = Play(choices, [])

        def time_passes() -> None:
            one.store.now += 2 * IDLE_SECONDS

        return one.run(one.waits, time_passes, one.appends)

    assert explore(play, 2) > 500


def test_a_listener_that_cannot_be_woken_keeps_nobody_else_asleep() -> None:
    def play(choices: list[int]) -> Schedule:
        one = Play(choices, [])

        def closed() -> None:
            raise RuntimeError("Event loop is closed")

        def listens() -> None:
            one.watch.listen(closed)
            one.hears()()

        return one.run(listens, one.waits, one.appends)

    assert explore(play, 1) > 100


class NoThread:
    """A thread that the machine does not give."""

    allowed = False

    def __init__(self, schedule: Schedule, **options: Any) -> None:
        self._made = schedule.thread(**options)

    def start(self) -> None:
        if not NoThread.allowed:
            raise RuntimeError("can't start new thread")
        self._made.start()


@contextmanager
def replaced_method(condition: Any, wait_for: Callable[..., bool]) -> Iterator[None]:
    condition.wait_for = wait_for
    yield
    del condition.wait_for


def test_without_a_thread_waits_are_short_and_the_watch_begins_when_there_is_one() -> None:
    one = Play([], [])
    vars(module)["Thread"] = lambda **options: NoThread(one.schedule, **options)
    waited: list[float] = []

    def looks() -> None:
        heard = one.hears()
        generation, condition = one.watch.generation(), one.watch._condition
        wait_for = condition.wait_for

        def noted(ready: Callable[[], bool], seconds: float) -> bool:
            waited.append(seconds)
            return bool(wait_for(ready, seconds))

        with replaced_method(condition, noted):
            one.watch.wait(generation, 15)
        NoThread.allowed = True
        one.watch.generation()
        one.appends()
        heard()

    try:
        one.run(looks)
    finally:
        NoThread.allowed = False
    assert waited == [RETRY_SECONDS]
