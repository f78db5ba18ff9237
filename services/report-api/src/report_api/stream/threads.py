"""Calls that block, for coroutines: only so many at a time, and none waits long for its turn."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from quorum.errors import StoreUnavailable

Result = TypeVar("Result")


class Busy(StoreUnavailable):
    """Every thread waits for Redis, and others wait already."""


class Threads:
    """A few threads for calls that end by themselves. To be used in one event loop."""

    def __init__(self, name: str, size: int, *, most_waiting: int, patience_seconds: float) -> None:
        self._pool = ThreadPoolExecutor(size, name)
        self._turns = asyncio.Semaphore(size)
        self._most_waiting = most_waiting
        self._patience = patience_seconds
        self._waiting = 0

    async def run(self, call: Callable[[], Result]) -> Result:
        """Return what `call` returns. Raises what it raises; Busy when there was no turn in time."""
        await self._turn()
        try:
            future = asyncio.get_running_loop().run_in_executor(self._pool, call)
        except BaseException:
            self._turns.release()
            raise
        future.add_done_callback(self._ended)  # the turn lasts as long as the call, also when nobody waits any more
        return await asyncio.shield(future)

    def close(self) -> None:
        """Begin no further call."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _turn(self) -> None:
        if self._waiting >= self._most_waiting:
            raise Busy("too many calls wait already")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            raise Busy(f"no turn within {self._patience:g} s") from None
        finally:
            self._waiting -= 1

    def _ended(self, future: "asyncio.Future[Result]") -> None:
        self._turns.release()
        if not future.cancelled():
            future.exception()  # is known to whoever still waits
