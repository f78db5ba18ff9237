"""Events that an endpoint never took, and how they are sent once more.

They go the way of a test: the body waits in the subscription's `pings` until it was delivered or given up again.
"""

import json
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.scripts import Script

MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class GivenUpEvent:
    """An event that was given up, Unix ms; `event_id`, `type` and `subject` are empty where it cannot be read."""

    id: str
    at_ms: int
    detail: str
    body: str
    event_id: str
    type: str
    subject: str


class GivenUp:
    """What the endpoints of all webhooks never took. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str) -> None:
        self._client: Any = client  # its replies are bytes
        self._prefix = keys_of(namespace, 0).webhooks
        self._queue = Script("webhooks/queue")

    def list(self, subscription_id: str, limit: int) -> list[GivenUpEvent]:
        """Return up to `limit` events that were given up, newest first."""
        with translated_errors():
            found = self._client.xrevrange(self._key(subscription_id, "dead"), count=limit)
        return [_read(at.decode(), fields) for at, fields in found]

    def resend(self, subscription_id: str, now_ms: int, letter_id: str | None = None) -> int:
        """Queue one of them again, or the oldest MOST_AT_ONCE; return how many. Those that cannot be read stay.

        Who is cut off in between sends some twice, under the same id.
        """
        dead = self._key(subscription_id, "dead")
        first, last = (letter_id, letter_id) if letter_id else ("-", "+")
        with translated_errors():
            found = self._client.xrange(dead, first, last, count=MOST_AT_ONCE)
            letters = [one for one in (_read(at.decode(), fields) for at, fields in found) if one.event_id]
            if not letters:
                return 0
            self._client.hset(self._key(subscription_id, "pings"), mapping={one.id: one.body for one in letters})
            wanted = [part for one in letters for part in (one.subject, f"ping:{one.id}")]
            queues, due = (self._key(subscription_id, kind) for kind in ("queues", "due"))
            keys = (f"{self._prefix}cursors", queues, due, f"{self._prefix}subscriptions")
            if not self._queue(self._client, keys, (subscription_id, "", "", now_ms, *wanted)):
                return 0
            self._client.xdel(dead, *(one.id for one in letters))
        return len(letters)

    def _key(self, subscription_id: str, kind: str) -> str:
        return f"{self._prefix}{subscription_id}:{kind}"


def _read(letter_id: str, fields: dict[bytes, bytes]) -> GivenUpEvent:
    at_ms = int(letter_id.partition("-")[0])
    detail, body = (fields.get(name, b"").decode("utf-8", "replace") for name in (b"detail", b"event"))
    try:
        event = json.loads(body)
        names = [event[name] for name in ("id", "type", "subject")]
    except (ValueError, KeyError, TypeError, RecursionError):
        names = []
    texts = names if names and all(isinstance(name, str) for name in names) else ["", "", ""]
    return GivenUpEvent(letter_id, at_ms, detail, body, *texts)
