"""Runs views in greenlets of the event loop, where they may wait without holding a thread.

Flask and the views are as they are: what waits parks its greenlet, and the loop goes on with others. This is how many
reports wait for one call to Redis.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

from quorum.errors import StoreUnavailable
from quorum.inbox.committing import ThreadParking

WAIT_SECONDS = 5.0  # in an executor, for a call that ends within a second by its own time-outs

Result = TypeVar("Result")
Job = Callable[[], None]


class _Worker(greenlet):
    """A greenlet that does one job after another, since a new one for each would have to be given a new stack."""

    def __init__(self, free: "list[_Worker]") -> None:
        super().__init__()
        self._free = free

    def run(self, job: Job) -> None:
        """Do jobs, those that the loop switches in."""
        loop_itself = self.parent
        assert loop_itself is not None
        while True:
            job()
            self._free.append(self)
            job = loop_itself.switch()


class _Parked:
    """One wait of a greenlet."""

    __slots__ = ("awake", "deadline", "worker")

    def __init__(self, worker: _Worker) -> None:
        self.worker = worker
        self.awake = False
        self.deadline = 0.0

    def resume(self, *, woken: bool) -> None:
        """Go on, in the loop's thread; what comes second, the waking or the end of the time, finds nobody waiting."""
        if not self.awake:
            self.awake = True
            self.worker.switch(woken)


class LoopParking(ThreadParking):
    """Lets greenlets of a loop wait in it, and threads as threads do."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None  # known once it runs
        self._waiting: dict[_Parked, None] = {}
        self._free: list[_Worker] = []
        self._handed_in: list[tuple[Callable[[Any], None], Any]] = []

    def waiter(self) -> Any:
        """Return what the greenlet, or the thread, waits on."""
        current = getcurrent()
        return _Parked(current) if isinstance(current, _Worker) else super().waiter()

    def hand_in(self, put: Callable[[Any], None], ticket: Any) -> None:
        """Put the tickets of greenlets into the queue once the loop has run all that could run: they go together."""
        if not isinstance(ticket.waiter, _Parked):
            put(ticket)
            return
        assert self.loop is not None
        if not self._handed_in:
            self.loop.call_soon(self._put_all)
        self._handed_in.append((put, ticket))

    def _put_all(self) -> None:
        handed_in, self._handed_in = self._handed_in, []
        for put, ticket in handed_in:
            put(ticket)

    def park(self, waiter: Any, seconds: float) -> bool:
        """Wait until `waiter` is woken."""
        if not isinstance(waiter, _Parked):
            return super().park(waiter, seconds)
        waiter.deadline = time.monotonic() + seconds
        self._waiting[waiter] = None
        loop_itself = waiter.worker.parent
        assert loop_itself is not None
        try:
            return bool(loop_itself.switch())
        finally:
            del self._waiting[waiter]

    def wake(self, waiters: Sequence[Any]) -> None:
        """Wake greenlets by one call into the loop, threads by their locks."""
        parked = [one for one in waiters if isinstance(one, _Parked)]
        super().wake([one for one in waiters if not isinstance(one, _Parked)])
        if parked and self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(_resume, parked)

    def end_late_waits(self) -> None:
        """End the waits whose time is over. To be called every now and then, in the loop."""
        now = time.monotonic()
        for one in [one for one in self._waiting if one.deadline <= now]:
            one.resume(woken=False)

    def elsewhere(self, executor: Executor, act: Callable[[], Result]) -> Result:
        """Run what would block the loop in a thread, while this greenlet waits; in a thread, just run it.

        Raises what it raises; StoreUnavailable when it does not end in time.
        """
        waiter = self.waiter()
        if not isinstance(waiter, _Parked):
            return act()
        future = executor.submit(act)
        future.add_done_callback(lambda _: self.wake([waiter]))
        if not self.park(waiter, WAIT_SECONDS):
            raise StoreUnavailable(f"nothing was heard within {WAIT_SECONDS:g} s")
        return future.result()

    async def in_greenlet(self, act: Callable[[], Result]) -> Result:
        """Run `act` in a greenlet; return what it returns once it is done. Raises what it raises."""
        assert self.loop is not None
        done: asyncio.Future[Result] = self.loop.create_future()

        def job() -> None:
            try:
                result = act()
            except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(result)

        worker = self._free.pop() if self._free else _Worker(self._free)
        worker.switch(job)
        return await done


def _resume(parked: list[_Parked]) -> None:
    for one in parked:
        one.resume(woken=True)
