"""A worker that is told to end begins with it at once; Celery's loop would look up only once a second."""

from threading import Thread
from typing import Any

from celery.signals import worker_shutting_down
from kombu.asynchronous import get_event_loop


def end_without_delay() -> None:
    """Wake Celery's loop when a signal has told the worker to end."""
    worker_shutting_down.connect(_wake, weak=False)


def _wake(**_: Any) -> None:
    loop = get_event_loop()
    if loop:  # from a thread: a signal may have come while the loop held what calls ask for
        Thread(target=loop.call_soon, args=(_nothing,), daemon=True).start()


def _nothing() -> None: ...
