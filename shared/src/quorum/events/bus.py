"""Where the message bus stands: the cursor of what was published, and who publishes.

The lease keeps two workers from publishing at the same time; the cursor can only be moved by who has it. A broker
knows nothing of leases: a worker that is frozen in the middle of a call to it, for longer than the lease, hands that
one event over again when it wakes. So it is at least once.
"""

from typing import Any

from redis import Redis

from quorum.errors import CursorExpired, InvalidCursor
from quorum.events.feed import Feed
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.scripts import Script

PUBLISH_SECONDS = 10.0  # the longest that one event may take to be confirmed
RENEW_SECONDS = 5.0
LEASE_MS = round((PUBLISH_SECONDS + RENEW_SECONDS) * 1000)  # so it outlives the event under way


class BusPlace:
    """One worker publishes at a time, so that events stay in order. Each method raises StoreUnavailable.

    `worker` must be a name that no other process has or had, also not in another container.
    """

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._feed = Feed(client, namespace, partitions)
        keys = keys_of(namespace, 0)
        self._prefix, self._paused = keys.bus, keys.paused
        self._lease_key, self._cursor_key = f"{self._prefix}lease", f"{self._prefix}cursor"
        self._lease = Script("events/bus_lease")
        self._release = Script("events/bus_release")
        self._advance = Script("events/bus_advance")

    def lease(self, worker: str) -> bool:
        """Take or renew the right to publish; False while another worker has it, or deliveries are paused."""
        with translated_errors():
            return bool(self._lease(self._client, (self._lease_key, self._paused), (worker, LEASE_MS)))

    def release(self, worker: str) -> None:
        """Let another worker publish at once."""
        with translated_errors():
            self._release(self._client, (self._lease_key,), (worker,))

    def cursor(self) -> str | None:
        """Return the cursor after the last event that the bus has confirmed; None before the first."""
        with translated_errors():
            stored = self._client.get(self._cursor_key)
        return stored.decode("utf-8", "replace") if stored else None

    def advance(self, worker: str, cursor: str) -> bool:
        """Remember that everything up to `cursor` was confirmed; False when `worker` has not the right any more."""
        with translated_errors():
            return bool(self._advance(self._client, (self._lease_key, self._cursor_key), (worker, cursor)))

    def lag_seconds(self) -> float | None:
        """Return the age of the oldest event that was not confirmed, 0 when all were; None before the first."""
        cursor = self.cursor()
        if cursor is None:
            return None
        try:
            events, _ = self._feed.after(cursor, 1)
        except CursorExpired as error:
            events, _ = self._feed.after(error.oldest, 1)
        except InvalidCursor:
            events, _ = self._feed.after(None, 1)
        return max(self.now_ms() / 1000 - events[0].time.timestamp(), 0.0) if events else 0.0

    def now_ms(self) -> int:
        """Return Redis' time, Unix ms."""
        with translated_errors():
            return time_ms(self._client, self._prefix)
