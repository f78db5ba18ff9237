"""Runs some threads under every schedule with few switches, line by line, to find what a stress test may miss.

Each actor is a thread that stops before every line of the code under test and goes on when it is told to; so one runs
at a time, and a schedule is a list of choices that can be run again. A schedule goes on with whoever runs, and when
that one waits, with the first that can; all schedules with a few deviations from that are run (M. Emmi, S. Qadeer and
Z. Rakamaric, "Delay-Bounded Scheduling", POPL 2011): most races need one or two.

Code under test gets its locks, conditions and queues from here (`Schedule.lock`, ...): waiting on one lets others run.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from threading import Lock, Thread
from types import FrameType, ModuleType
from typing import Any

STEPS = 5000  # of one schedule: more is a livelock

Ready = Callable[[], bool]


class Deadlock(AssertionError):
    """Nobody can go on, and not all are done."""


def _closed() -> Any:
    """Return a gate that one release opens for one passage; a plain lock is the fastest."""
    gate = Lock()
    gate.acquire()
    return gate


class _Abandoned(BaseException):
    """Ends an actor whose schedule is over."""


@dataclass(eq=False)
class _Actor:
    name: str
    go: Any = field(default_factory=_closed)
    thread: Thread | None = None
    ready: Ready | None = None  # what it waits for; None: it can run
    late: bool = False  # its wait may end without what it waits for
    timed_out: bool = False
    done: bool = False
    daemon: bool = False
    error: BaseException | None = None


class Schedule:
    """One run: which actor takes each step is read from `choices`, and then goes on with whoever runs."""

    def __init__(self, modules: tuple[ModuleType, ...], choices: list[int]) -> None:
        self._files = {str(Path(module.__file__ or "").resolve()) for module in modules}
        self._choices = choices
        self.taken: list[tuple[int, list[int]]] = []  # chosen, and all that could be
        self._actors: list[_Actor] = []
        self._back = _closed()
        self._running: _Actor | None = None
        self._over = False

    # What the code under test uses in place of `threading` and `queue`.

    def lock(self) -> "_Lock":
        return _Lock(self)

    def queue(self) -> "_Queue":
        return _Queue(self)

    def condition(self) -> "_Condition":
        return _Condition(self)

    def thread(self, target: Callable[..., Any], **options: Any) -> "_Thread":
        return _Thread(self, target, **options)

    def actor(self, act: Callable[[], Any], name: str, *, daemon: bool = False) -> None:
        """Add an actor. The schedule ends when all but daemons are done."""
        actor = _Actor(name, daemon=daemon)

        def run() -> None:
            actor.go.acquire()
            try:
                if not self._over:
                    sys.settrace(self._trace)
                    act()
            except _Abandoned:
                pass
            except BaseException as error:  # noqa: BLE001 - told to the test
                actor.error = error
            finally:
                sys.settrace(None)
                actor.done = True
                self._back.release()

        actor.thread = Thread(target=run, daemon=True)
        self._actors.append(actor)
        actor.thread.start()

    def wait(self, ready: Ready, *, may_time_out: bool = False) -> bool:
        """Let others run until `ready`; False when the wait ended without it."""
        actor = self._running
        assert actor is not None
        if ready():
            return True
        actor.ready, actor.late, actor.timed_out = ready, may_time_out, False
        self._switch(actor)
        actor.ready = None
        return not actor.timed_out

    def run(self) -> None:
        """Run to the end. Raises Deadlock, and what an actor raised."""
        try:
            for _ in range(STEPS):
                if all(actor.done for actor in self._actors if not actor.daemon):
                    break
                self._step()
            else:
                raise Deadlock(f"no end after {STEPS} steps")
        finally:
            self._abandon()
        for actor in self._actors:
            if actor.error:
                raise actor.error

    @property
    def is_over(self) -> bool:
        """Whether all that is left is to end the actors, by an error that nobody should go on after."""
        return self._over

    def _step(self) -> None:
        able = [number for number, actor in enumerate(self._actors) if not actor.done and self._can_run(actor)]
        if not able:
            late = [number for number, actor in enumerate(self._actors) if not actor.done and actor.late]
            if not late:
                waiting = ", ".join(actor.name for actor in self._actors if not actor.done)
                raise Deadlock(f"asleep for ever: {waiting}; after {[one[0] for one in self.taken]}")
            able = late[:1]
            self._actors[late[0]].timed_out = True
        current = next((n for n in able if self._actors[n] is self._running), None)
        place = len(self.taken)
        chosen = self._choices[place] if place < len(self._choices) else current if current is not None else able[0]
        self.taken.append((chosen, able))
        actor = self._running = self._actors[chosen]
        actor.go.release()
        self._back.acquire()

    @staticmethod
    def _can_run(actor: _Actor) -> bool:
        return actor.ready is None or actor.ready()

    def _switch(self, actor: _Actor) -> None:
        self._back.release()
        actor.go.acquire()
        if self._over:
            raise _Abandoned

    def _abandon(self) -> None:
        self._over = True
        for actor in self._actors:
            while not actor.done:
                self._running = actor
                actor.go.release()
                self._back.acquire()
        for actor in self._actors:
            assert actor.thread is not None
            actor.thread.join()

    def _trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename not in self._files:
            return None
        if event == "line" and not self._over:
            actor = self._running
            assert actor is not None
            self._switch(actor)
        return self._trace


class _Lock:
    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._taken = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as of threading
        if not blocking and self._taken:
            return False
        got = self._schedule.wait(lambda: not self._taken, may_time_out=timeout >= 0)
        if got:
            self._taken = True
        return got

    def release(self) -> None:
        if not self._taken:
            raise RuntimeError("release unlocked lock")
        self._taken = False

    def locked(self) -> bool:
        return self._taken

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class _Condition(_Lock):
    """A condition, whose waits may also time out where they say so."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__(schedule)
        self._notified: deque[list[bool]] = deque()

    def wait_for(self, predicate: Ready, timeout: float | None = None) -> bool:
        while not predicate():
            told = [False]
            self._notified.append(told)
            self.release()
            heard = self._schedule.wait(lambda told=told: told[0], may_time_out=timeout is not None)  # type: ignore[misc]
            self.acquire()
            if not heard:
                return predicate()
        return True

    def notify_all(self) -> None:
        for told in self._notified:
            told[0] = True
        self._notified.clear()


class _Queue:
    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._items: deque[Any] = deque()

    def put(self, item: Any) -> None:
        self._items.append(item)

    def get(self) -> Any:
        self._schedule.wait(lambda: bool(self._items))
        return self._items.popleft()

    def get_nowait(self) -> Any:
        if not self._items:
            raise Empty
        return self._items.popleft()

    def qsize(self) -> int:
        return len(self._items)


class _Thread:
    """A thread that the code under test starts: an actor as well."""

    def __init__(
        self, schedule: Schedule, target: Callable[..., Any], args: tuple[Any, ...] = (), name: str = "thread", **_: Any
    ) -> None:
        self._schedule = schedule
        self._act = lambda: target(*args)
        self._name = name
        self._started = False

    def start(self) -> None:
        self._schedule.actor(self._act, self._name, daemon=True)
        self._started = True

    def is_alive(self) -> bool:
        return self._started


def explore(play: Callable[[list[int]], Schedule], deviations: int) -> int:
    """Run every schedule with up to so many deviations; return how many there were.

    `play` runs one schedule from the choices that it is given, and returns it. Raises what a run raises.
    """
    with _one_processor():
        return _explore(play, deviations)


@contextmanager
def _one_processor() -> Iterator[None]:
    """Keep to one processor: one actor runs at a time, and handing over to another processor takes longer."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _explore(play: Callable[[list[int]], Schedule], deviations: int) -> int:
    todo: list[tuple[list[int], int]] = [([], 0)]
    runs = 0
    while todo:
        choices, spent = todo.pop()
        schedule = play(choices)
        runs += 1
        if spent == deviations:
            continue
        for place in range(len(choices), len(schedule.taken)):
            chosen, able = schedule.taken[place]
            before = [one[0] for one in schedule.taken[:place]]
            todo += [([*before, other], spent + 1) for other in able if other != chosen]
    return runs


@contextmanager
def replaced(module: ModuleType, **names: Any) -> Iterator[None]:
    """Give a module other names to work with, for a while."""
    before = {name: getattr(module, name) for name in names}
    for name, value in names.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)
