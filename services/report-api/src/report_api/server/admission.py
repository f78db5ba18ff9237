"""Who may have a request under way that is not whole yet: only so many, and each only for so long."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from report_api.web.problems import Refused

RETRY = {"Retry-After": "1"}


@dataclass(slots=True, eq=False)
class Unfinished:
    """A request that is being read: who sends it, when it must be whole, and how to end it."""

    address: Hashable
    deadline: float  # of the monotonic clock
    cut: Callable[[], object]
    late: bool = False


class Admission:
    """Counts the unfinished requests of one process, by client address and in all. To be used in one event loop."""

    def __init__(self, seconds: float, per_address: int, in_all: int) -> None:
        self._seconds = seconds
        self._per_address = per_address
        self._in_all = in_all
        self._unfinished: dict[Unfinished, None] = {}  # oldest first
        self._of_address: dict[Hashable, int] = {}

    def begin(self, address: Hashable, cut: Callable[[], object]) -> Unfinished:
        """Count a request until `end`; `cut` is called when its time is over. Raises Refused."""
        if len(self._unfinished) >= self._in_all:
            detail = f"{self._in_all} requests are unfinished here; send this one again in a moment"
            raise Refused(503, "too-many-unfinished", "Too many unfinished requests", detail, headers=RETRY)
        of_address = self._of_address.get(address, 0)
        if of_address >= self._per_address:
            detail = f"{self._per_address} requests of your address are unfinished; finish those first"
            raise Refused(429, "too-many-unfinished", "Too many unfinished requests", detail, headers=RETRY)
        self._of_address[address] = of_address + 1
        one = Unfinished(address, time.monotonic() + self._seconds, cut)
        self._unfinished[one] = None
        return one

    def end(self, one: Unfinished) -> None:
        """Count a request no more: it is whole, or over."""
        del self._unfinished[one]
        left = self._of_address[one.address] - 1
        if left:
            self._of_address[one.address] = left
        else:
            del self._of_address[one.address]

    def cut_late_ones(self) -> None:
        """End every request whose time is over. To be called every now and then: cheaper than a timer for each."""
        now = time.monotonic()
        for one in list(self._unfinished):
            if one.deadline > now:
                return
            if not one.late:
                one.late = True
                one.cut()
