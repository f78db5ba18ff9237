"""Subscriptions of webhooks in Redis.

A row that cannot be read is the trouble of its own webhook alone: it is left out, named, and can be removed.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from redis import Redis

from quorum.errors import MalformedSubscription, SubscriptionExists, UnknownSubscription
from quorum.events.feed import Feed
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import check_data
from quorum.store.scripts import Script
from quorum.webhooks.subscription import LEASE_MS, Subscription

log = logging.getLogger(__name__)

KINDS = ("queues", "due", "log", "dead", "pings")  # the keys of one subscription


class Subscriptions:
    """All subscriptions. Each method raises StoreUnavailable; some raise UnknownSubscription, MalformedSubscription."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._feed = Feed(client, namespace, partitions)
        self._keys = keys_of(namespace, 0)
        self._prefix = self._keys.webhooks
        self._rows = f"{self._prefix}subscriptions"
        self._add = Script("webhooks/add")
        self._change = Script("webhooks/change")

    def add(self, subscription: Subscription) -> None:
        """Store a new subscription; it gets the events from now on. Raises SubscriptionExists."""
        added = False
        while not added:
            rows = self._stored()
            for one in _readable(rows):
                if one.doubles(subscription):
                    raise SubscriptionExists(one.id, tuple(kind for kind in one.types if kind in subscription.types))
            row = (subscription.id, subscription.to_json(), self._feed.end())
            with translated_errors():
                added = bool(self._add(self._client, (self._rows, f"{self._prefix}cursors"), (*row, *rows)))

    def all(self) -> list[Subscription]:
        """Return all subscriptions that can be read, oldest first."""
        return sorted(_readable(self._stored()), key=lambda one: (one.created_ms, one.id))

    def unreadable(self) -> list[str]:
        """Return the ids of those that cannot be read; they get nothing."""
        rows = self._stored()
        readable = {one.id for one in _readable(rows)}
        return sorted(name for raw in rows if (name := raw.decode("utf-8", "replace")) not in readable)

    def get(self, subscription_id: str) -> Subscription:
        """Return one. Raises UnknownSubscription, MalformedSubscription."""
        return _named(subscription_id, self._row(subscription_id))

    def change(self, subscription_id: str, how: Callable[[Subscription], Subscription]) -> Subscription:
        """Store what `how` makes of a subscription, unless somebody else has changed it meanwhile: then once more.

        Raises UnknownSubscription, MalformedSubscription.
        """
        while True:
            raw = self._row(subscription_id)
            changed = how(_named(subscription_id, raw))
            with translated_errors():
                if self._change(self._client, (self._rows,), (subscription_id, raw, changed.to_json())):
                    return changed

    def remove(self, subscription_id: str) -> None:
        """Forget a subscription and all that waits for it. Raises UnknownSubscription."""
        self._row(subscription_id)
        with translated_errors():
            pipe = self._client.pipeline(transaction=True)
            pipe.hdel(self._rows, subscription_id)
            pipe.hdel(f"{self._prefix}cursors", subscription_id)
            pipe.hdel(f"{self._prefix}failing", subscription_id)
            pipe.delete(*(self._key(subscription_id, kind) for kind in KINDS))
            pipe.execute()

    def disable(self, subscription_id: str, because: str, now_ms: int) -> None:
        """Stop delivering; its place in the feed is kept."""
        self.change(subscription_id, lambda one: replace(one, disabled_ms=now_ms, disabled_because=because))

    def enable(self, subscription_id: str) -> Subscription:
        """Deliver again, from where it stopped, and at once what waits for a later try."""
        subscription = self.change(subscription_id, lambda one: replace(one, disabled_ms=None, disabled_because=None))
        with translated_errors():
            self._client.hdel(f"{self._prefix}failing", subscription_id)
            now, due = self.now_ms(), self._key(subscription_id, "due")
            later = self._client.zrangebyscore(due, f"({now + LEASE_MS}", "+inf")  # what is due sooner may be under way
            if later:
                self._client.zadd(due, dict.fromkeys(later, now), xx=True)
        return subscription

    def failing_since(self, subscription_id: str) -> int | None:
        """Return since when it fails without a success between, Unix ms."""
        with translated_errors():
            since = self._client.hget(f"{self._prefix}failing", subscription_id)
        return int(since) if since else None

    def place(self, subscription_id: str) -> str | None:
        """Return its cursor in the feed: up to there it has queued events. None when it has lost it."""
        with translated_errors():
            raw: bytes | None = self._client.hget(f"{self._prefix}cursors", subscription_id)
        return raw.decode("utf-8", "replace") if raw else None

    def now_ms(self) -> int:
        """Return Redis' time, by which deliveries go, in Unix ms."""
        with translated_errors():
            return time_ms(self._client, self._prefix)

    def _stored(self) -> dict[bytes, bytes]:
        with translated_errors():
            rows: dict[bytes, bytes] = self._client.hgetall(self._rows)
        return rows

    def _row(self, subscription_id: str) -> bytes:
        with translated_errors():
            raw: bytes | None = self._client.hget(self._rows, subscription_id)
        if raw is None:
            check_data(self._client, [self._keys])
            raise UnknownSubscription(f"there is no webhook {subscription_id!r}")
        return raw

    def _key(self, subscription_id: str, kind: str) -> str:
        return f"{self._prefix}{subscription_id}:{kind}"


def _readable(rows: dict[bytes, bytes]) -> list[Subscription]:
    found = []
    for name, raw in rows.items():
        try:
            found.append(_named(name.decode("utf-8", "replace"), raw))
        except MalformedSubscription as error:
            log.debug("%s", error)
    return found


def _named(subscription_id: str, raw: bytes) -> Subscription:
    """Return the subscription of a row, which must be the one that the row is named after."""
    try:
        subscription = Subscription.from_json(raw)
    except MalformedSubscription as error:
        raise MalformedSubscription(f"webhook {subscription_id!r} cannot be read: {error}") from error
    if subscription.id != subscription_id:
        raise MalformedSubscription(f"webhook {subscription_id!r} cannot be read: it is stored under another id")
    return subscription
