"""Deliveries to webhooks and bus may wait for somebody's word: a copy must not call the endpoints of its original."""

from typing import Any

from redis import Redis

from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of


class Pause:
    """While it lasts, nothing goes out and no event is trimmed. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str) -> None:
        self._client: Any = client  # its replies are bytes
        self._key = keys_of(namespace, 0).paused

    def why(self) -> str | None:
        """Return why deliveries wait; None when they do not."""
        with translated_errors():
            stored = self._client.get(self._key)
        return None if stored is None else stored.decode(errors="replace")

    def end(self) -> bool:
        """Let deliveries go on from where they stopped; tell whether they waited."""
        with translated_errors():
            return bool(self._client.delete(self._key))
