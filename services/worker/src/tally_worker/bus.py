"""Publishes every event to a message bus as well, through kombu; tested with RabbitMQ.

An event counts as published once the broker has confirmed it; then the cursor moves on. A worker that dies in between
leaves the event to the next one, which publishes it again: at least once, in order, with the same message id.
"""

import json
import logging
from threading import Event as Flag
from threading import Thread
from typing import Any

from kombu import Connection, Exchange, Producer

from quorum.brokers import Address
from quorum.errors import CursorExpired, QuorumError
from quorum.events import Event
from quorum.redis_store.bus import BusPlace
from quorum.redis_store.feed import Feed
from quorum.redis_store.watch import Watch
from quorum.tracing import Tracing
from tally_worker.observe import DeliveryMetrics
from tally_worker.spans import span_of

PAGE = 200
PAUSE_SECONDS = 1.0
CONTENT_TYPE = "application/cloudevents+json"
_OPTIONS = {
    "confirm_publish": True,
    "socket_timeout": 10,
    "connect_timeout": 3,
    "read_timeout": 10,
    "write_timeout": 10,
}

log = logging.getLogger(__name__)


class Bus:
    """A durable topic exchange; the routing key is the event's type."""

    def __init__(
        self,
        address: Address,
        exchange: str,
        *,
        feed: Feed,
        watch: Watch,
        place: BusPlace,
        worker: str,
        metrics: DeliveryMetrics,
        tracing: Tracing | None = None,
    ) -> None:
        self._address = address
        self._exchange = Exchange(exchange, type="topic", durable=True)
        self._feed = feed
        self._watch = watch
        self._place = place
        self._worker = worker
        self._metrics = metrics
        self._tracing = tracing
        self._stop = Flag()
        self._thread = Thread(target=self._run, name="bus", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the event under way and stop."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._place.lease(self._worker):
                    self._publish_while_leading()
            except QuorumError as error:
                log.warning("bus waits for Redis: %s", error)
            except Exception as error:  # noqa: BLE001 - kombu's transports raise errors of their own
                log.warning("bus cannot be reached, events wait in the feed: %s: %s", type(error).__name__, error)
            self._stop.wait(PAUSE_SECONDS)
        try:
            self._place.release(self._worker)
        except QuorumError:
            log.debug("lease not released, it ends by itself")

    def _publish_while_leading(self) -> None:
        address = self._address
        options = _OPTIONS if address.url.startswith("amqp") else address.transport_options
        with Connection(
            address.url, ssl=address.ssl, transport_options=options, connect_timeout=3, heartbeat=0
        ) as connection:
            connection.ensure_connection(max_retries=1, timeout=5)
            with connection.channel() as channel:
                producer = Producer(channel, exchange=self._exchange, auto_declare=True)
                self._exchange(channel).declare()
                while not self._stop.is_set() and self._place.lease(self._worker):
                    generation = self._watch.generation()
                    if not self._publish_page(producer):
                        self._watch.wait(generation, PAUSE_SECONDS)

    def _publish_page(self, producer: Producer) -> int:
        """Publish what is new, in order; return how many events."""
        try:
            events, cursor = self._feed.after(self._place.cursor(), PAGE)
        except CursorExpired as error:
            log.error("the bus was away longer than events are kept; it goes on with the oldest kept")  # noqa: TRY400
            self._place.advance(error.oldest)
            return 1
        for event in events:
            self._publish(producer, event)
        if events:
            self._place.advance(cursor)
            now = self._place.now_ms() / 1000
            for event in events:
                self._metrics.delivered("bus", now - event.time.timestamp())
        return len(events)

    def _publish(self, producer: Producer, event: Event) -> None:
        body: dict[str, Any] = event.as_cloudevent()
        with span_of(self._tracing, "publish to the bus", body) as trace:
            producer.publish(
                json.dumps(body, ensure_ascii=False).encode(),
                routing_key=event.type,
                headers={"traceparent": trace} if trace else {},
                content_type=CONTENT_TYPE,
                content_encoding="utf-8",
                delivery_mode=2,
                message_id=event.id,
                type=event.type,
                timeout=10,
            )
