"""What waits for the endpoints of webhooks, what is on its way to them, and what became of it, in Redis.

Every subscription has a cursor in the feed, and a queue for each subject: events of one image go out in order, and an
image whose delivery fails holds up no other. Several workers may deliver at once; queueing, claiming and settling are
atomic.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis

from quorum.errors import CursorExpired, InvalidCursor
from quorum.events.event import Event
from quorum.events.feed import START
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.scripts import Script
from quorum.webhooks.subscription import LEASE_MS, Subscription, ping_event
from quorum.webhooks.subscriptions import Subscriptions

PAGE = 200
LOG_LENGTH = 1000  # deliveries remembered of each subscription
DEAD_LENGTH = 10_000
TEST_SUBJECT = "test"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """An event that is to be delivered now: `entry` names it in its queue, `attempts` are those that failed.

    `at_ms` is when it was claimed, Redis' time in Unix ms.
    """

    subject: str
    entry: str
    attempts: int
    event_id: str
    body: str
    time: datetime  # of the event
    at_ms: int


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


class Webhooks(Subscriptions):
    """All subscriptions and their deliveries. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        super().__init__(client, namespace, partitions)
        self._streams = [keys_of(namespace, number).events for number in range(partitions)]
        self._queue = Script("webhooks/queue")
        self._claim = Script("webhooks/claim")
        self._settle = Script("webhooks/settle")

    def enqueue(self, subscription: Subscription, now_ms: int) -> int:
        """Queue what is new in the feed, a page at a time; return how many events were looked at."""
        with translated_errors():
            raw = self._client.hget(f"{self._prefix}cursors", subscription.id)
        if not raw:
            self._begin_again(subscription)
            return 0
        cursor = raw.decode("utf-8", "replace")
        try:
            events, after = self._feed.after(cursor, PAGE)
        except CursorExpired as error:
            log.error("webhook %s was away longer than events are kept; goes on with the oldest", subscription.id)  # noqa: TRY400
            events, after = [], error.oldest
        except InvalidCursor:
            log.error("webhook %s has lost its place; goes on with the oldest event kept", subscription.id)  # noqa: TRY400
            events, after = [], self._oldest()
        if after == cursor:
            return 0
        with translated_errors():
            self._put(subscription, self._wanted(subscription, cursor, events), now_ms, raw, after)
        return max(len(events), 1)

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
        claims = (self._claimed(subscription, *pair, now_ms) for pair in zip(found[::2], found[1::2], strict=True))
        return [claim for claim in claims if claim]

    def settle(
        self,
        subscription: Subscription,
        claim: Claim,
        now_ms: int,
        again_ms: int | None = None,
        *,
        well: bool | None = None,
        attempt: Attempt | None = None,
    ) -> bool:
        """Write that an event is done with, or when to try again; False when another attempt has settled it.

        `attempt` goes into the log, and a dead one's event among the dead letters, in the same act.
        """
        again, answered = "" if again_ms is None else again_ms, "" if well is None else int(well)
        what = (claim.subject, claim.entry, now_ms, again, answered)
        settled = self._settled(subscription, what, attempt, claim.body)
        if settled and again_ms is None and claim.entry.startswith("ping:"):
            with translated_errors():
                self._client.hdel(self._key(subscription.id, "pings"), claim.entry.split(":")[1])
        return settled

    def deliveries(self, subscription_id: str, limit: int) -> list[Attempt]:
        """Return the last attempts, newest first. Raises UnknownSubscription."""
        self.get(subscription_id)
        with translated_errors():
            found = self._client.xrevrange(self._key(subscription_id, "log"), count=limit)
        attempts = (_attempt(fields) for _, fields in found)
        return [attempt for attempt in attempts if attempt]

    def backlog(self, subscription_id: str) -> tuple[int, int]:
        """Return how many subjects wait for a delivery, and how many events are dead."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.hlen(self._key(subscription_id, "queues"))
            pipe.xlen(self._key(subscription_id, "dead"))
            waiting, dead = pipe.execute()
        return waiting, dead

    def totals(self) -> WebhookTotals:
        """Return the state of all webhooks together; one that cannot be read counts as disabled: it gets nothing."""
        subscriptions, unreadable = self.all(), len(self.unreadable())
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
            disabled=len(disabled) + unreadable,
            waiting=sum(sizes[::2]),
            dead=sum(sizes[1::2]),
            paused=bool(paused),
        )

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

    def _put(
        self, subscription: Subscription, wanted: Any, now_ms: int, cursor: str | bytes = "", after: str = ""
    ) -> None:
        queues, due = (self._key(subscription.id, kind) for kind in ("queues", "due"))
        parts = [part for pair in wanted for part in pair]
        keys = (f"{self._prefix}cursors", queues, due, self._rows)
        self._queue(self._client, keys, (subscription.id, cursor, after, now_ms, *parts))

    def _begin_again(self, subscription: Subscription) -> None:
        """Give a subscription without a cursor the oldest: rather again than never. One that was removed has none."""
        with translated_errors():
            if self._client.hexists(self._rows, subscription.id):
                self._client.hset(f"{self._prefix}cursors", subscription.id, self._oldest())

    def _oldest(self) -> str:
        """Return the cursor before the oldest event that is kept."""
        return ".".join([START] * len(self._streams))

    def _claimed(self, subscription: Subscription, subject: bytes, entry: bytes, now_ms: int) -> Claim | None:
        """Return what was claimed. An event that is gone or cannot be read is done with, and the log says so."""
        attempts, body, event_id, trouble = 0, b"", "", "the event is not kept any more"
        try:
            attempts = int(entry.rpartition(b":")[2])
            body = self._event(subscription, entry.decode()) or b""
            if body:
                event = Event.from_json(body, "")
                return Claim(subject.decode(), entry.decode(), attempts, event.id, body.decode(), event.time, now_ms)
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            trouble = f"the event cannot be read: {type(error).__name__}: {error}"
        shown = subject.decode("utf-8", "replace")
        attempt = Attempt(now_ms, event_id, shown, attempts + 1, 0, "dead", trouble, 0)
        self._settled(subscription, (subject, entry, now_ms, "", ""), attempt, body)
        return None

    def _settled(
        self, subscription: Subscription, what: tuple[Any, ...], attempt: Attempt | None, body: str | bytes
    ) -> bool:
        queues, due, written, dead = (self._key(subscription.id, kind) for kind in ("queues", "due", "log", "dead"))
        fields = [part for name in Attempt.__slots__ for part in (name, getattr(attempt, name))] if attempt else []
        lost = (body, attempt.detail) if attempt and attempt.outcome == "dead" else ("", "")
        keys = (queues, due, f"{self._prefix}failing", written, dead)
        with translated_errors():
            return bool(
                self._settle(
                    self._client,
                    keys,
                    (subscription.id, *what, LEASE_MS, *lost, LOG_LENGTH, DEAD_LENGTH, *fields),
                )
            )

    def _event(self, subscription: Subscription, entry: str) -> bytes | None:
        """Return the event of an entry, None when it is not kept. Raises ValueError when it is no entry."""
        where, at, _ = entry.split(":")
        with translated_errors():
            if where == "ping":
                ping: bytes | None = self._client.hget(self._key(subscription.id, "pings"), at)
                return ping
            found = self._client.xrange(self._streams[int(where)], _stream_id(at), _stream_id(at))
        return found[0][1][b"event"] if found else None


def _stream_id(text: str) -> str:
    """Return an id of a stream. Raises ValueError when it is none: Redis would answer with an error."""
    milliseconds, number = text.split("-")
    return f"{int(milliseconds)}-{int(number)}"


def _attempt(fields: dict[bytes, bytes]) -> Attempt | None:
    """Return what a line of the log says; None when it cannot be read."""
    try:
        told = {name.decode(): value.decode() for name, value in fields.items()}
        numbers = {name: int(told.pop(name)) for name in ("at_ms", "attempt", "status", "duration_ms")}
        return Attempt(**told, **numbers)  # type: ignore[arg-type]
    except (ValueError, KeyError, TypeError):
        return None
