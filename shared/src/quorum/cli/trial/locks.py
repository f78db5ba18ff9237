"""Locks on files of the data directory: whoever holds one is named by its process id."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import psutil

POLL_SECONDS = 0.05


def take(lock: Path) -> int | None:
    """Lock a file for as long as the returned descriptor is open; None when another process holds it.

    The holder's process id stands in the file. An exec'd program and its children inherit the lock with the descriptor.
    """
    handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def is_held(lock: Path) -> bool:
    """Tell whether a process holds a lock."""
    try:
        handle = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)


def holder(lock: Path) -> psutil.Process | None:
    """Return the process that holds a lock; None when nobody does, or it cannot be told who."""
    if not is_held(lock):
        return None
    try:
        process = psutil.Process(int(lock.read_text(encoding="utf-8")))
        if any(lock.samefile(file.path) for file in process.open_files()):
            return process
    except (ValueError, psutil.Error, OSError):
        return None  # the number is not its holder's: never signal a stranger
    return None


def wait_for(true: Callable[[], bool], seconds: float) -> bool:
    """Poll until `true()`, for `seconds` at most; tell whether it came about."""
    deadline = monotonic() + seconds
    while not true():
        if monotonic() > deadline:
            return False
        sleep(POLL_SECONDS)
    return True
