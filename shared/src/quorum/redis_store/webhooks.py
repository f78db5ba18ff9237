"""Subscriptions and their deliveries in Redis.

Every subscription has a cursor in the feed, and a queue for each subject: events of one image go out in order, and an
image whose delivery fails holds up no other. Several workers may deliver at once; queueing and settling are atomic.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from redis import Redis

from quorum.errors import UnknownSubscription
from quorum.events import Event
from quorum.redis_store.cluster import time_ms
from quorum.redis_store.connection import translated_errors
from quorum.redis_store.feed import Feed
from quorum.redis_store.keys import keys_of
from quorum.redis_store.layout import check_data
from quorum.redis_store.scripts import Script
from quorum.webhooks import Subscription, ping_event

PAGE = 200
SOON_MS = 60_000  # what is due within this time may be under way: no attempt lasts longer
LOG_LENGTH = 1000  # deliveries remembered of each subscription
DEAD_LENGTH = 10_000
TEST_SUBJECT = "test"


@dataclass(frozen=True, slots=True)
class Claim:
    """An event that is to be delivered now: `entry` names it in its queue, `attempts` are those that failed."""

    subject: str
    entry: str
    attempts: int
    event_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one attempt. Status 0: no answer."""

    at_ms: int
    event_id: str
    subject: str
    attempt: int
    status: int
    outcome: str  # delivered, retry, dead
    detail: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class WebhookTotals:
    """How many webhooks are in each state, how many subjects wait for a delivery, how many events are dead.

    `paused`: all wait for somebody's word, and the bus with them.
    """

    active: int
    failing: int
    disabled: int
    waiting: int
    dead: int
    paused: bool = False


class Webhooks:
    """All subscriptions. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._feed = Feed(client, namespace, partitions)
        self._streams = [keys_of(namespace, number).events for number in range(partitions)]
        self._keys = keys_of(namespace, 0)
        self._prefix = self._keys.webhooks
        self._queue = Script("webhook_queue")
        self._claim = Script("webhook_claim")
        self._settle = Script("webhook_settle")

    def add(self, subscription: Subscription) -> None:
        """Store a new subscription; it gets the events from now on."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=True)
            pipe.hset(f"{self._prefix}cursors", subscription.id, self._feed.end())
            pipe.hset(f"{self._prefix}subscriptions", subscription.id, subscription.to_json())
            pipe.execute()

    def all(self) -> list[Subscription]:
        """Return all subscriptions, oldest first."""
        with translated_errors():
            stored = self._client.hvals(f"{self._prefix}subscriptions")
        return sorted(map(Subscription.from_json, stored), key=lambda one: (one.created_ms, one.id))

    def get(self, subscription_id: str) -> Subscription:
        """Return one. Raises UnknownSubscription."""
        with translated_errors():
            raw = self._client.hget(f"{self._prefix}subscriptions", subscription_id)
        if raw is None:
            check_data(self._client, [self._keys])
            raise UnknownSubscription(f"there is no webhook {subscription_id!r}")
        return Subscription.from_json(raw)

    def replace(self, subscription: Subscription) -> None:
        """Store a changed subscription. Raises UnknownSubscription."""
        self.get(subscription.id)
        with translated_errors():
            self._client.hset(f"{self._prefix}subscriptions", subscription.id, subscription.to_json())

    def remove(self, subscription_id: str) -> None:
        """Forget a subscription and all that waits for it. Raises UnknownSubscription."""
        self.get(subscription_id)
        with translated_errors():
            pipe = self._client.pipeline(transaction=True)
            pipe.hdel(f"{self._prefix}subscriptions", subscription_id)
            pipe.hdel(f"{self._prefix}cursors", subscription_id)
            pipe.hdel(f"{self._prefix}failing", subscription_id)
            pipe.delete(*(self._key(subscription_id, kind) for kind in ("queues", "due", "log", "dead", "pings")))
            pipe.execute()

    def disable(self, subscription: Subscription, because: str, now_ms: int) -> None:
        """Stop delivering; its place in the feed is kept."""
        self.replace(replace(subscription, disabled_ms=now_ms, disabled_because=because))

    def enable(self, subscription_id: str) -> Subscription:
        """Deliver again, from where it stopped, and at once what waits for a later try. Raises UnknownSubscription."""
        subscription = replace(self.get(subscription_id), disabled_ms=None, disabled_because=None)
        self.replace(subscription)
        with translated_errors():
            self._client.hdel(f"{self._prefix}failing", subscription_id)
            now, due = self.now_ms(), self._key(subscription_id, "due")
            later = self._client.zrangebyscore(due, now + SOON_MS, "+inf")
            if later:
                self._client.zadd(due, dict.fromkeys(later, now), xx=True)
        return subscription

    def failing_since(self, subscription_id: str) -> int | None:
        """Return since when it fails without a success between, Unix ms."""
        with translated_errors():
            since = self._client.hget(f"{self._prefix}failing", subscription_id)
        return int(since) if since else None

    def enqueue(self, subscription: Subscription, now_ms: int) -> int:
        """Queue what is new in the feed, a page at a time; return how many events were looked at."""
        with translated_errors():
            raw = self._client.hget(f"{self._prefix}cursors", subscription.id)
            if raw is None:
                return 0
            cursor = raw.decode()
            events, after = self._feed.after(cursor, PAGE)
            if not events:
                return 0
            self._put(subscription, self._wanted(subscription, cursor, events), now_ms, cursor, after)
        return len(events)

    def replay(self, subscription: Subscription, from_ms: int, to_ms: int, now_ms: int) -> int:
        """Queue the kept events of a time range (Unix ms) again; return how many."""
        count = 0
        for partition, stream in enumerate(self._streams):
            start = f"{from_ms}-0"
            while True:
                with translated_errors():
                    page = self._client.xrange(stream, start, f"{to_ms}", count=PAGE)
                if not page:
                    break
                events = [(partition, at.decode(), Event.from_json(one[b"event"], "")) for at, one in page]
                wanted = [
                    (event.subject, f"{where}:{at}") for where, at, event in events if subscription.wants(event.type)
                ]
                with translated_errors():
                    self._put(subscription, wanted, now_ms)
                count += len(wanted)
                start = f"({page[-1][0].decode()}"
        return count

    def ping(self, subscription: Subscription, now_ms: int) -> str:
        """Queue a test event; return its id."""
        event = ping_event(subscription, now_ms)
        with translated_errors():
            self._client.hset(self._key(subscription.id, "pings"), str(now_ms), json.dumps(event))
            self._put(subscription, [(TEST_SUBJECT, f"ping:{now_ms}")], now_ms)
        return str(event["id"])

    def claim(self, subscription: Subscription, now_ms: int, lease_ms: int, limit: int) -> list[Claim]:
        """Take up to `limit` events whose time has come; who takes them settles them within the lease.

        None while deliveries are paused.
        """
        keys = (self._key(subscription.id, "queues"), self._key(subscription.id, "due"), self._keys.paused)
        with translated_errors():
            found = self._claim(self._client, keys, (now_ms, lease_ms, limit))
        claims = []
        for subject, raw in zip(found[::2], found[1::2], strict=True):
            entry = raw.decode()
            event = self._event(subscription, entry)
            attempts = int(entry.rpartition(":")[2])
            if event is None:  # it has left the feed, or the ping is over
                self.settle(subscription, Claim(subject.decode(), entry, attempts, "", ""), now_ms)
                continue
            claims.append(Claim(subject.decode(), entry, attempts, json.loads(event)["id"], event))
        return claims

    def settle(
        self,
        subscription: Subscription,
        claim: Claim,
        now_ms: int,
        again_ms: int | None = None,
        *,
        well: bool | None = None,
    ) -> bool:
        """Write that an event is done with, or when to try again; False when another attempt has settled it."""
        keys = (self._key(subscription.id, "queues"), self._key(subscription.id, "due"), f"{self._prefix}failing")
        again, answered = "" if again_ms is None else again_ms, "" if well is None else int(well)
        with translated_errors():
            settled = self._settle(
                self._client, keys, (subscription.id, claim.subject, claim.entry, now_ms, again, answered)
            )
        return bool(settled)

    def record(self, subscription: Subscription, attempt: Attempt, body: str | None = None) -> None:
        """Write an attempt into the delivery log, and a dead event, `body`, among the dead letters."""
        fields = {name: getattr(attempt, name) for name in Attempt.__slots__}
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.xadd(self._key(subscription.id, "log"), fields, maxlen=LOG_LENGTH, approximate=True)
            if body is not None:
                dead = {"event": body, "detail": attempt.detail}
                pipe.xadd(self._key(subscription.id, "dead"), dead, maxlen=DEAD_LENGTH, approximate=True)
            pipe.execute()

    def deliveries(self, subscription_id: str, limit: int) -> list[Attempt]:
        """Return the last attempts, newest first. Raises UnknownSubscription."""
        self.get(subscription_id)
        with translated_errors():
            found = self._client.xrevrange(self._key(subscription_id, "log"), count=limit)
        return [_attempt({name.decode(): value.decode() for name, value in fields.items()}) for _, fields in found]

    def backlog(self, subscription_id: str) -> tuple[int, int]:
        """Return how many subjects wait for a delivery, and how many events are dead."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.hlen(self._key(subscription_id, "queues"))
            pipe.xlen(self._key(subscription_id, "dead"))
            waiting, dead = pipe.execute()
        return waiting, dead

    def totals(self) -> WebhookTotals:
        """Return the state of all webhooks together."""
        subscriptions = self.all()
        disabled = {one.id for one in subscriptions if one.disabled_ms is not None}
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.exists(self._keys.paused)
            pipe.hkeys(f"{self._prefix}failing")
            for one in subscriptions:
                pipe.hlen(self._key(one.id, "queues"))
                pipe.xlen(self._key(one.id, "dead"))
            paused, failing, *sizes = pipe.execute()
        bad = {raw.decode() for raw in failing} - disabled
        return WebhookTotals(
            active=len(subscriptions) - len(disabled) - len(bad),
            failing=len(bad),
            disabled=len(disabled),
            waiting=sum(sizes[::2]),
            dead=sum(sizes[1::2]),
            paused=bool(paused),
        )

    def now_ms(self) -> int:
        """Return Redis' time, by which deliveries go, in Unix ms."""
        with translated_errors():
            return time_ms(self._client, self._prefix)

    def _wanted(self, subscription: Subscription, cursor: str, events: list[Event]) -> Iterator[tuple[str, str]]:
        """Yield subject and place of the events that the subscription wants."""
        position = cursor.split(".")
        for event in events:
            after = event.cursor.split(".")
            partition = next(
                i for i, (old, new) in enumerate(zip(self._padded(position), after, strict=True)) if old != new
            )
            position = after
            if subscription.wants(event.type):
                yield event.subject, f"{partition}:{after[partition]}"

    def _padded(self, position: list[str]) -> list[str]:
        return position if len(position) == len(self._streams) else ["0-0"] * len(self._streams)

    def _put(self, subscription: Subscription, wanted: Any, now_ms: int, cursor: str = "", after: str = "") -> None:
        keys = (f"{self._prefix}cursors", self._key(subscription.id, "queues"), self._key(subscription.id, "due"))
        parts = [part for pair in wanted for part in pair]
        self._queue(self._client, keys, (subscription.id, cursor, after, now_ms, *parts))

    def _event(self, subscription: Subscription, entry: str) -> str | None:
        where, at, _ = entry.split(":")
        with translated_errors():
            if where == "ping":
                raw = self._client.hget(self._key(subscription.id, "pings"), at)
                return raw.decode() if raw else None
            found = self._client.xrange(self._streams[int(where)], at, at)
        return found[0][1][b"event"].decode() if found else None

    def _key(self, subscription_id: str, kind: str) -> str:
        return f"{self._prefix}{subscription_id}:{kind}"


def _attempt(fields: dict[str, str]) -> Attempt:
    numbers = {name: int(fields.pop(name)) for name in ("at_ms", "attempt", "status", "duration_ms")}
    return Attempt(**fields, **numbers)  # type: ignore[arg-type]
