"""Questions to a process and all that it started, of which some may end while they are asked."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import psutil

Answer = TypeVar("Answer")


def of_family(process: psutil.Process, look: Callable[[psutil.Process], Answer]) -> list[Answer]:
    """Return what `look` says of a process and of its descendants, without those that end meanwhile."""
    found = []
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            found.append(look(one))
    return found
