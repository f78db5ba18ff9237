"""Publishes every event to a message bus as well, through kombu; tested with RabbitMQ.

An event counts as published once the broker has confirmed it; then the cursor moves on. A worker that dies in between
leaves the event to the next one, which publishes it again: at least once, in order, with the same message id.

Before each event the worker makes sure that its lease outlives it, so one that was frozen sees that another has taken
over, and stops.
"""

import json
import logging
import time
from typing import Any

from kombu import Connection, Exchange, Producer

from quorum.errors import CursorExpired, InvalidCursor, QuorumError
from quorum.events.bus import LEASE_MS, PUBLISH_SECONDS, BusPlace
from quorum.events.event import Event
from quorum.events.feed import BEGINNING, Feed
from quorum.events.watch import Watch
from quorum.network.brokers import Address
from quorum.telemetry.tracing import Tracing
from tally_worker.lasting import Lasting
from tally_worker.observe import DeliveryMetrics, PartMetrics
from tally_worker.spans import span_of

PAGE = 200
PAUSE_SECONDS = 1.0
CONTENT_TYPE = "application/cloudevents+json"
_OPTIONS = {
    "confirm_publish": True,
    "socket_timeout": 5,
    "connect_timeout": 3,
    "read_timeout": 5,
    "write_timeout": 5,
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
        parts: PartMetrics,
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
        self._leads_until = 0.0  # by our own clock, from before we asked
        self._thread = Lasting("bus", self._run, parts)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the event under way and stop."""
        self._thread.stop(5)

    def _run(self) -> None:
        while not self._thread.stopping.is_set():
            self._thread.turn()
            try:
                if self._leads():
                    self._publish_while_leading()
            except QuorumError as error:
                log.warning("bus waits for Redis: %s", error)
            except Exception as error:  # noqa: BLE001 - kombu's transports raise errors of their own
                log.warning("bus cannot be reached, events wait in the feed: %s", error)
            self._thread.stopping.wait(PAUSE_SECONDS)
        try:
            self._place.release(self._worker)
        except QuorumError:
            log.debug("lease not released, it ends by itself")

    def _leads(self) -> bool:
        """Tell whether this worker alone publishes for as long as one event may take; renew the lease when need be."""
        asked = time.monotonic()
        if self._leads_until - asked < PUBLISH_SECONDS:
            leads = self._place.lease(self._worker)
            self._leads_until = asked + LEASE_MS / 1000 if leads else 0.0
        return self._leads_until - time.monotonic() >= PUBLISH_SECONDS

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
                while not self._thread.stopping.is_set() and self._leads():
                    self._thread.turn()
                    generation = self._watch.generation()
                    if not self._publish_page(producer):
                        self._watch.wait(generation, PAUSE_SECONDS)

    def _publish_page(self, producer: Producer) -> int:
        """Publish what is new, in order; return how many events."""
        try:
            events, _ = self._feed.after(self._place.cursor(), PAGE)
        except CursorExpired as error:
            log.error("the bus was away longer than events are kept; it goes on with the oldest kept")  # noqa: TRY400
            return int(self._place.advance(self._worker, error.oldest))
        except InvalidCursor:
            log.error("the bus has lost its place; it goes on with the oldest event kept")  # noqa: TRY400
            return int(self._place.advance(self._worker, BEGINNING))
        confirmed: list[Event] = []
        try:
            for event in events:
                if not self._leads():
                    break
                self._publish(producer, event)
                confirmed.append(event)
        finally:
            if confirmed:
                self._confirm(confirmed)
        return len(confirmed)

    def _confirm(self, events: list[Event]) -> None:
        """Move the cursor behind what the broker has confirmed, also when the next event could not be published."""
        if not self._place.advance(self._worker, events[-1].cursor):
            self._leads_until = 0.0
            log.warning("another worker publishes by now; some events may be on the bus twice")
            return
        now = self._place.now_ms() / 1000
        for event in events:
            self._metrics.delivered("bus", now - event.time.timestamp())

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
                timeout=PUBLISH_SECONDS / 2,
                confirm_timeout=PUBLISH_SECONDS / 2,
            )
