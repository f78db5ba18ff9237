"""Threads that last: whatever is raised in one, it is counted, said, and the thread goes on.

A worker whose sweeper or deliverer had ended would look alive and do nothing. So the work is begun again after a pause,
and the age of its last turn is a metric: a thread that hangs is seen, too.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

from tally_worker.observe import PartMetrics

PAUSE_SECONDS = 1.0

log = logging.getLogger(__name__)


class Lasting:
    """Runs `work`, which returns when `stopping` is set, and notes its `turn`s, in a thread of its own."""

    def __init__(self, name: str, work: Callable[[], None], metrics: PartMetrics, pause: float = PAUSE_SECONDS) -> None:
        self._name = name
        self._work = work
        self._metrics = metrics
        self._pause = pause
        self.stopping = Event()
        self._thread = Thread(target=self._last, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self.turn()
        self._thread.start()

    def turn(self) -> None:
        """Note that the work goes on."""
        self._metrics.turned(self._name)

    def stop(self, timeout: float) -> bool:
        """Ask it to end, wait for that; False when it has not ended in time. Does nothing when it never began."""
        self.stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _last(self) -> None:
        while not self.stopping.is_set():
            try:
                self._work()
            except BaseException:  # not even a library's SystemExit may end the thread
                with suppress(BaseException):  # to say so may need memory that is not there
                    self._metrics.failed(self._name)
                    log.critical("%s failed and begins again", self._name, exc_info=True)
            self.stopping.wait(self._pause)
