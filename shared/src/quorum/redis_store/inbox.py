"""Puts accepted reports into the inbox. Requests that wait at the same moment share one round trip (group commit)."""

from collections.abc import Callable, Sequence
from threading import Lock

from redis import Redis

from quorum.errors import InboxFull
from quorum.redis_store.connection import translated_errors
from quorum.redis_store.keys import Keys, keys_of
from quorum.redis_store.scripts import Script

BELL_LIFE_MS = 5000  # a bell that nobody answered may ring again after this; sweepers do not wait for it
MAX_GROUP = 500  # senders in one round trip

Ring = Callable[[int], None]


class _Waiting:
    """One sender's reports on their way, and how it learns what became of them."""

    __slots__ = ("error", "lead", "reports", "turn")

    def __init__(self, reports: Sequence[bytes]) -> None:
        self.reports = reports
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

    def __init__(self, client: Redis, keys: Keys, ceiling: int, ring: Callable[[], None]) -> None:
        self._client = client
        self._keys = (keys.inbox, keys.bell)
        self._ceiling = ceiling
        self._ring = ring
        self._append = Script("append")
        self._lock = Lock()
        self._queue: list[_Waiting] = []
        self._led = False

    def append(self, *reports: bytes) -> None:
        """Return once all `reports` are in the inbox. Raises StoreUnavailable or InboxFull; then send them again."""
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

    def _lead(self) -> None:
        """Send one group, wake its senders, and hand the lead to the first of those who came meanwhile."""
        with self._lock:
            group, self._queue = self._queue[:MAX_GROUP], self._queue[MAX_GROUP:]
        error = self._send([report for waiting in group for report in waiting.reports])
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

    def _send(self, reports: list[bytes]) -> Exception | None:
        try:
            with translated_errors():
                answer = self._append(self._client, self._keys, (self._ceiling, BELL_LIFE_MS, *reports))
        except Exception as error:  # noqa: BLE001 - handed to every sender of the group
            return error
        if answer < 0:
            return InboxFull(f"the inbox holds {self._ceiling} reports; the workers are behind")
        if answer:
            self._ring()
        return None


class Inbox:
    """The inboxes of all partitions."""

    def __init__(self, client: Redis, namespace: str, partitions: int, ceiling: int, ring: Ring) -> None:
        self._partitions = [
            PartitionInbox(client, keys_of(namespace, number), ceiling, lambda number=number: ring(number))  # type: ignore[misc]
            for number in range(partitions)
        ]

    def append(self, partition: int, *reports: bytes) -> None:
        """Return once all `reports` are safely in the inbox of `partition`. Raises StoreUnavailable or InboxFull."""
        self._partitions[partition].append(*reports)
