"""Group commit: whoever waits at the same moment shares one call, which a thread of its own makes.

Senders put a ticket into a queue and wait; the thread takes what is there, calls, and wakes them. Nobody leads and
nothing is handed over, so there is no state in between: a ticket is in the queue, or in the thread's hands. Whatever
goes wrong in a call is the answer to everybody who waits by then, so that nobody waits for Redis twice.
"""

from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Generic, Protocol, TypeVar

from quorum.errors import StoreUnavailable

MAX_GROUP = 500  # tickets in one call
WAIT_SECONDS = 5.0  # a call ends within a second, and one may be under way: this is for what nobody foresaw

Item = TypeVar("Item")
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Parking(Protocol):
    """How senders wait. `waiter` makes what is waited on, before anybody can wake it."""

    def waiter(self) -> Any:
        """Return something new to wait on."""

    def hand_in(self, put: Callable[[Any], None], ticket: Any) -> None:
        """Put a ticket into the queue, now or soon."""

    def park(self, waiter: Any, seconds: float) -> bool:
        """Wait until `waiter` is woken; False when that takes too long."""

    def wake(self, waiters: Sequence[Any]) -> None:
        """Wake them all. Never waits, and never raises for those who have gone."""


class ThreadParking:
    """Senders that are threads wait on a lock each, which their waker releases."""

    def waiter(self) -> Any:
        """Return a lock that is taken."""
        taken = Lock()
        taken.acquire()
        return taken

    def hand_in(self, put: Callable[[Any], None], ticket: Any) -> None:
        """Put the ticket into the queue."""
        put(ticket)

    def park(self, waiter: Any, seconds: float) -> bool:
        """Wait for the lock."""
        return bool(waiter.acquire(timeout=seconds))

    def wake(self, waiters: Sequence[Any]) -> None:
        """Release the locks; each is released once."""
        for waiter in waiters:
            waiter.release()


class Ticket(Generic[Item, Result]):
    """What one sender wants, and what became of it."""

    __slots__ = ("error", "item", "result", "target", "waiter")

    def __init__(self, target: "Target[Item, Result]", item: Item, waiter: Any) -> None:
        self.target = target
        self.item = item
        self.waiter = waiter
        self.result: Result | None = None
        self.error: BaseException | None = None


class Target(Protocol[Item, Result_co]):
    """Where a group goes: tickets of one target share a call."""

    def send(self, items: list[Item]) -> Sequence[Result_co]:
        """Return a result for each item; an error is the answer to all of them."""


class Committer:
    """Makes the calls of some targets, one at a time. It begins with the first ticket, in the process that uses it."""

    def __init__(self, parking: Parking | None = None) -> None:
        self._parking = parking or ThreadParking()
        self._queue: SimpleQueue[Ticket[Any, Any]] = SimpleQueue()
        self._waiting: deque[Ticket[Any, Any]] = deque()  # taken from the queue, by the thread alone
        self._starting = Lock()
        self._thread: Thread | None = None

    def commit(self, target: Target[Item, Result], item: Item) -> Result:
        """Return what became of `item`. Raises what the call raised; StoreUnavailable when there was none in time."""
        ticket = Ticket(target, item, self._parking.waiter())
        self._start()
        self._parking.hand_in(self._queue.put, ticket)
        if not self._parking.park(ticket.waiter, WAIT_SECONDS):
            raise StoreUnavailable(f"nothing was heard of the call within {WAIT_SECONDS:g} s")
        if ticket.error is not None:
            raise ticket.error.with_traceback(None)
        assert ticket.result is not None
        return ticket.result

    def _start(self) -> None:
        thread = self._thread
        if thread is not None and thread.is_alive():
            return
        with self._starting:
            if self._thread is not None and self._thread.is_alive():
                return
            thread = Thread(target=self._run, name="committer", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:
                raise StoreUnavailable(f"no thread can be started: {error}") from error
            self._thread = thread

    def _run(self) -> None:
        while True:
            self._take(self._queue.get())
            while self._waiting:
                self._commit_group()

    def _take(self, *first: Ticket[Any, Any]) -> None:
        """Take everybody who waits."""
        self._waiting.extend(first)
        try:
            while True:
                self._waiting.append(self._queue.get_nowait())
        except Empty:
            pass

    def _commit_group(self) -> None:
        """Make one call for the tickets of one target, and wake their senders."""
        target = self._waiting[0].target
        group = self._pick(target, MAX_GROUP)
        try:
            results = target.send([ticket.item for ticket in group])
            for ticket, result in zip(group, results, strict=True):
                ticket.result = result
        except BaseException as error:  # noqa: BLE001 - handed to every sender; the thread itself goes on
            self._take()
            group += self._pick(target, len(self._waiting))
            for ticket in group:
                ticket.error = error
        self._parking.wake([ticket.waiter for ticket in group])
        self._take()

    def _pick(self, target: Target[Any, Any], most: int) -> list[Ticket[Any, Any]]:
        """Take up to `most` tickets of a target out of those that wait, in their order."""
        picked: list[Ticket[Any, Any]] = []
        others: deque[Ticket[Any, Any]] = deque()
        for ticket in self._waiting:
            (picked if ticket.target is target and len(picked) < most else others).append(ticket)
        self._waiting = others
        return picked
