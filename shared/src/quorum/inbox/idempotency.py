"""Idempotency keys that were used: keyed digest of caller and key -> keyed digest of the body, for a day."""

from typing import Any

from redis import Redis

from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of

LIFE_SECONDS = 86_400


class Idempotency:
    """Remembers requests that succeeded. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str) -> None:
        self._client = client
        self._prefix = keys_of(namespace, 0).requests.encode()

    def body_of(self, name: bytes) -> bytes | None:
        """Return the digest of the body that came with a key, None when the key is new."""
        with translated_errors():
            known: Any = self._client.get(self._prefix + name)
        return bytes(known) if known is not None else None

    def remember(self, name: bytes, body: bytes) -> None:
        """Remember that a request succeeded."""
        with translated_errors():
            self._client.set(self._prefix + name, body, ex=LIFE_SECONDS)
