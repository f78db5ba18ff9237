"""Ends a process together with its parent, however that dies: `kill -9` leaves nobody behind who serves on."""

import ctypes
import multiprocessing
import os
import sys
from signal import SIGKILL, Signals

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent(parent: int, how: Signals = SIGKILL) -> None:
    """Let the kernel send `how` to this process when `parent`, which started it, ends. Survives exec, not fork.

    The kernel counts the parent's thread that forked, which therefore must live as long as the parent itself.
    Only Linux has this; elsewhere nothing happens.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, how.value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before the kernel knew
        os.kill(os.getpid(), SIGKILL)


def end_with_parent_process() -> None:
    """Let a process of multiprocessing end at once with the one that started it; do nothing in any other."""
    parent = multiprocessing.parent_process()
    if parent and parent.pid:
        end_with_parent(parent.pid)
