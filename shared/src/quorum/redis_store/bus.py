"""Where the message bus stands: the cursor of what was published, and who publishes."""

from typing import Any

from redis import Redis

from quorum.errors import CursorExpired
from quorum.redis_store.cluster import time_ms
from quorum.redis_store.connection import translated_errors
from quorum.redis_store.feed import Feed
from quorum.redis_store.keys import keys_of

LEASE_MS = 15_000


class BusPlace:
    """One worker publishes at a time, so that events stay in order. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._feed = Feed(client, namespace, partitions)
        keys = keys_of(namespace, 0)
        self._prefix, self._paused = keys.bus, keys.paused

    def lease(self, worker: str) -> bool:
        """Take or renew the right to publish; False while another worker has it, or deliveries are paused."""
        name = f"{self._prefix}lease"
        with translated_errors():
            if self._client.exists(self._paused):
                return False
            if self._client.set(name, worker, nx=True, px=LEASE_MS):
                return True
            if self._client.get(name) != worker.encode():
                return False
            self._client.pexpire(name, LEASE_MS)
        return True

    def release(self, worker: str) -> None:
        """Let another worker publish at once."""
        name = f"{self._prefix}lease"
        with translated_errors():
            if self._client.get(name) == worker.encode():
                self._client.delete(name)

    def cursor(self) -> str | None:
        """Return the cursor after the last event that the bus has confirmed; None before the first."""
        with translated_errors():
            stored = self._client.get(f"{self._prefix}cursor")
        return stored.decode() if stored else None

    def advance(self, cursor: str) -> None:
        """Remember that everything up to `cursor` was confirmed."""
        with translated_errors():
            self._client.set(f"{self._prefix}cursor", cursor)

    def lag_seconds(self) -> float | None:
        """Return the age of the oldest event that was not confirmed, 0 when all were; None before the first."""
        cursor = self.cursor()
        if cursor is None:
            return None
        try:
            events, _ = self._feed.after(cursor, 1)
        except CursorExpired as error:
            events, _ = self._feed.after(error.oldest, 1)
        return max(self.now_ms() / 1000 - events[0].time.timestamp(), 0.0) if events else 0.0

    def now_ms(self) -> int:
        """Return Redis' time, Unix ms."""
        with translated_errors():
            return time_ms(self._client, self._prefix)
