"""Puts accepted reports into the inbox. Requests that wait at the same moment share one round trip (group commit)."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import NamedTuple

from redis import Redis

from quorum.errors import DataMissing, InboxFull, RateLimited
from quorum.policy.model import Limits
from quorum.redis_store.connection import translated_errors
from quorum.redis_store.keys import Keys, keys_of
from quorum.redis_store.scripts import Script

BELL_LIFE_MS = 5000  # a bell that nobody answered may ring again after this; sweepers do not wait for it
MAX_GROUP = 500  # senders in one round trip

NO_LIMIT = -1
_FULL, _MISSING = -1, -2
_REFUSED_BY = {-2: "reporter", -3: "network", -4: "key"}

Ring = Callable[[int], None]


class Sending(NamedTuple):
    """A report on its way (codec.py), and who sends it: a key or a network, for the limit of its kind."""

    report: bytes
    caller: bytes = b""

    @staticmethod
    def from_key(report: bytes, key_id: str) -> "Sending":
        """Return a report that a backend sends with an API key."""
        return Sending(report, b"k" + key_id.encode())

    @staticmethod
    def from_network(report: bytes, network_tag: int) -> "Sending":
        """Return a report that a browser sends from a network."""
        return Sending(report, b"n%d" % network_tag)


class Receipt(NamedTuple):
    """What became of the reports of one sender: what their tightest limit still allows, or a refusal."""

    left: Sequence[int]
    reset_seconds: int
    limits: Limits

    def refusal(self, place: int) -> RateLimited | None:
        """Return why a report was refused, None when it was stored."""
        limit = _REFUSED_BY.get(self.left[place])
        return RateLimited(limit, getattr(self.limits, limit), self.reset_seconds) if limit else None


class _Waiting:
    """One sender's reports on their way, and how it learns what became of them."""

    __slots__ = ("error", "lead", "receipt", "reports", "turn")

    def __init__(self, reports: Sequence[Sending]) -> None:
        self.reports = reports
        self.receipt: Receipt | None = None
        self.turn = Lock()
        self.turn.acquire()
        self.lead = False
        self.error: Exception | None = None


class PartitionInbox:
    """The inbox of one partition, shared by the threads of a process.

    The first sender becomes the leader: it takes everybody who is waiting along in one script call. Who comes while
    that call is under way waits, and one of them leads the next group. When a call fails, everybody who waits by then
    fails with it, so that nobody waits for Redis twice.
    """

    def __init__(
        self, client: Redis, keys: Keys, ceiling: int, ring: Callable[[], None], limits: Callable[[], Limits]
    ) -> None:
        self._client = client
        self._keys = (keys.inbox, keys.bell, keys.limits, keys.meta)
        self._ceiling = ceiling
        self._limits = limits
        self._ring = ring
        self._append = Script("append")
        self._lock = Lock()
        self._queue: list[_Waiting] = []
        self._led = False

    def append(self, reports: Sequence[Sending]) -> Receipt:
        """Return once the reports are in the inbox, but for those beyond a limit.

        Raises StoreUnavailable or InboxFull; then send them again.
        """
        mine = _Waiting(reports)
        with self._lock:
            self._queue.append(mine)
            mine.lead, self._led = not self._led, True
        if not mine.lead:
            mine.turn.acquire()  # every leader's call ends by its own timeout
        if mine.lead:
            self._lead()
        if mine.error:
            raise mine.error
        assert mine.receipt is not None
        return mine.receipt

    def _lead(self) -> None:
        """Send one group, wake its senders, and hand the lead to the first of those who came meanwhile."""
        with self._lock:
            group, self._queue = self._queue[:MAX_GROUP], self._queue[MAX_GROUP:]
        error = self._send(group)
        with self._lock:
            if error:
                group += self._queue
                self._queue = []
            self._led = bool(self._queue)
            if self._queue:
                self._queue[0].lead = True
                self._queue[0].turn.release()
        for waiting in group:
            waiting.error = error
            waiting.turn.release()

    def _send(self, group: list[_Waiting]) -> Exception | None:
        limits = self._limits()
        parts = [part for waiting in group for one in waiting.reports for part in (one.report, one.caller)]
        args = (self._ceiling, BELL_LIFE_MS, limits.reporter, limits.network, limits.key, *parts)
        try:
            with translated_errors():
                bell, *answer = self._append(self._client, self._keys, args)
        except Exception as error:  # noqa: BLE001 - handed to every sender of the group
            return error
        if bell == _MISSING:
            return DataMissing()
        if bell == _FULL:
            return InboxFull(f"the inbox holds {self._ceiling} reports; the workers are behind")
        if bell:
            self._ring()
        place = 1
        for waiting in group:
            end = place + len(waiting.reports)
            waiting.receipt = Receipt(answer[place:end], answer[0], limits)
            place = end
        return None


class Inbox:
    """The inboxes of all partitions."""

    def __init__(
        self,
        client: Redis,
        namespace: str,
        partitions: int,
        ceiling: int,
        ring: Ring,
        *,
        limits: Callable[[], Limits] = Limits,
    ) -> None:
        self._partitions = [
            PartitionInbox(client, keys_of(namespace, number), ceiling, partial(ring, number), limits)
            for number in range(partitions)
        ]

    def append(self, partition: int, *reports: Sending) -> Receipt:
        """Return once the reports are safely in the inbox of `partition`, but for those beyond a limit.

        Raises StoreUnavailable or InboxFull.
        """
        return self._partitions[partition].append(reports)
