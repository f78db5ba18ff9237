"""Bounded waiting: whoever waits for events holds a thread, and most threads must stay free for reports."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

MAX_WAIT_SECONDS = 15
MAX_WAITING = 8  # of a process's threads (24 by default)


class Waiting:
    """Gives turns to wait; when all are taken, a caller gets its answer at once, as without waiting."""

    def __init__(self, turns: int = MAX_WAITING) -> None:
        self._turns = BoundedSemaphore(turns)

    @contextmanager
    def turn(self, seconds: float) -> Iterator[float]:
        """Give the moment (of the monotonic clock) until which the caller may wait; 0 for not at all."""
        if seconds <= 0 or not self._turns.acquire(blocking=False):
            yield 0.0
            return
        try:
            yield time.monotonic() + seconds
        finally:
            self._turns.release()
