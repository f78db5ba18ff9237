"""How often somebody may look pictures up: every page that they open does, and nobody may try out what is blocked."""

from redis import Redis

from quorum.errors import RateLimited
from quorum.reporters.fingerprints import Reporter
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.scripts import Script

MINUTE_MS = 60_000


class Looks:
    """Counts look-ups by the minute. Each method raises RateLimited, StoreUnavailable; a limit of 0 is none."""

    def __init__(self, client: Redis, namespace: str) -> None:
        self._client = client
        self._prefix = keys_of(namespace, 0).limits
        self._count = Script("reporters/looks")

    def count_reader(self, reporter: Reporter, limit: int) -> None:
        """Count one of a person, or of a network of whom nobody is known."""
        self._count_one("reader", reporter.fingerprint.hex(), limit)

    def count_key(self, key_id: str, limit: int) -> None:
        """Count one of an API key."""
        self._count_one("key", key_id, limit)

    def _count_one(self, kind: str, name: str, limit: int) -> None:
        if not limit:
            return
        with translated_errors():
            wait = self._count(self._client, (f"{self._prefix}look:{kind}:{name}",), (limit, MINUTE_MS))
        if wait:
            raise RateLimited(kind, limit, wait, "look-ups")
