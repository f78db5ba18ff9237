"""Ends what has been kept long enough, at the server's time."""

from dataclasses import dataclass

from redis import Redis

from quorum.events.feed import Feed
from quorum.events.pause import Pause
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.scripts import Script

AT_ONCE = 2000  # of each in one call: about 2 ms of Redis
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Ended:
    """How many reports of the journal, dead letters and erasures came to their end."""

    reports: int
    dead: int
    erasures: int


class Retention:
    """Of all partitions: journal and dead letters end with the policy's window, erasures with the backups.

    Events end, too, but not while deliveries are paused: they would be lost to those who wait for them.
    """

    def __init__(self, client: Redis, namespace: str, partitions: int, *, backup_days: int, event_seconds: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._feed = Feed(client, namespace, partitions)
        self._pause = Pause(client, namespace)
        self._backup_ms = backup_days * DAY_MS
        self._event_seconds = event_seconds
        self._script = Script("retention/expire")

    def end(self, window_seconds: int) -> Ended:
        """End what is over, of each kind a few thousand at most. Raises StoreUnavailable."""
        args = (window_seconds * 1000, self._backup_ms, AT_ONCE)
        with translated_errors():
            found = [self._script(self._client, (keys.journal, keys.dead, keys.erased), args) for keys in self._keys]
        if self._pause.why() is None:
            for partition in range(len(self._keys)):
                self._feed.trim(partition, self._event_seconds)
        return Ended(*map(sum, zip(*found, strict=True)))
