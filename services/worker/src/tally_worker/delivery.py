"""Delivers events to webhooks, from threads of every worker.

One thread looks what is due; a pool of others calls the endpoints. An endpoint holds a few threads at most, and one
that fails a single one, so that no other waits for it.
"""

import json
import logging
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event, Lock, Thread

from quorum.errors import QuorumError, UnknownSubscription
from quorum.redis_store.watch import Watch
from quorum.redis_store.webhooks import Attempt, Claim, Webhooks
from quorum.tracing import Tracing
from quorum.webhooks import DISABLE_AFTER_MS, Subscription, next_attempt_seconds, signed_headers
from tally_worker.observe import DeliveryMetrics
from tally_worker.outbound import TOTAL_SECONDS, Answer, Caller
from tally_worker.spans import span_of, trace_id

THREADS = 64
PER_ENDPOINT = 4
LEASE_MS = round(TOTAL_SECONDS * 1000) + 20_000
PAUSE_SECONDS = 0.25  # between two looks when nothing is heard
GONE = 410

log = logging.getLogger(__name__)


class Deliverer:
    """Runs until it is stopped."""

    def __init__(
        self,
        webhooks: Webhooks,
        watch: Watch,
        caller: Caller,
        metrics: DeliveryMetrics,
        tracing: Tracing | None = None,
    ) -> None:
        self._webhooks = webhooks
        self._metrics = metrics
        self._watch = watch
        self._caller = caller
        self._tracing = tracing
        self._pool = ThreadPoolExecutor(THREADS, "webhook")
        self._busy: Counter[str] = Counter()
        self._lock = Lock()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="deliverer", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stop taking deliveries, and let those under way end; what is cut off is tried again by whoever comes next."""
        self._stop.set()
        self._thread.join(timeout=2)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def look(self) -> int:
        """Queue what is new and start what is due; return how many deliveries were started. Raises QuorumError."""
        started = 0
        now = self._webhooks.now_ms()
        for subscription in self._webhooks.all():
            if subscription.disabled_ms is None:
                while self._webhooks.enqueue(subscription, now) and not self._stop.is_set():
                    pass
                started += self._start_due(subscription, now)
        return started

    def _start_due(self, subscription: Subscription, now: int) -> int:
        room = (1 if self._webhooks.failing_since(subscription.id) else PER_ENDPOINT) - self._busy[subscription.id]
        if room <= 0:
            return 0
        claims = self._webhooks.claim(subscription, now, LEASE_MS, room)
        for claim in claims:
            with self._lock:
                self._busy[subscription.id] += 1
            self._pool.submit(self._deliver, subscription, claim)
        return len(claims)

    def _deliver(self, subscription: Subscription, claim: Claim) -> None:
        """Deliver, and then whatever else is due at this endpoint, for as long as it answers well."""
        try:
            while self._attempt(subscription, claim) and not self._stop.is_set():
                subscription = self._webhooks.get(subscription.id)
                if subscription.disabled_ms is not None:
                    break
                due = self._webhooks.claim(subscription, self._webhooks.now_ms(), LEASE_MS, 1)
                if not due:
                    break
                claim = due[0]
        except UnknownSubscription:
            log.info("webhook %s was removed", subscription.id)
        except QuorumError as error:
            log.warning("delivery not settled, it will be tried again: %s", error)
        except Exception:
            log.exception("delivery failed, it will be tried again")
        finally:
            with self._lock:
                self._busy[subscription.id] -= 1

    def _attempt(self, subscription: Subscription, claim: Claim) -> bool:
        """Make one attempt and write what became of it; tell whether the endpoint answered well."""
        headers = signed_headers(subscription, claim.event_id, claim.body, self._webhooks.now_ms())
        event = json.loads(claim.body)
        with span_of(self._tracing, "deliver webhook", event) as trace:
            if trace:
                headers["traceparent"] = trace
            answer = self._caller.post(subscription.url, claim.body.encode(), headers)
        now = self._webhooks.now_ms()
        well = 200 <= answer.status < 300  # noqa: PLR2004 - HTTP
        wait = None if well else next_attempt_seconds(claim.attempts + 1, random.random(), answer.retry_after)  # noqa: S311
        again = None if wait is None else now + round(wait * 1000)
        outcome = "delivered" if well else "retry" if again else "dead"
        if not self._webhooks.settle(subscription, claim, now, again, well=well):
            return well
        self._record(subscription, claim, answer, outcome, now)
        self._metrics.attempted(outcome)
        if well:
            self._metrics.delivered("webhook", now / 1000 - datetime.fromisoformat(event["time"]).timestamp())
        else:
            self._disable_if_hopeless(subscription, answer, now)
        return well

    def _record(self, subscription: Subscription, claim: Claim, answer: Answer, outcome: str, now: int) -> None:
        attempt = Attempt(
            at_ms=now,
            event_id=claim.event_id,
            subject=claim.subject,
            attempt=claim.attempts + 1,
            status=answer.status,
            outcome=outcome,
            detail="" if outcome == "delivered" else answer.detail,
            duration_ms=answer.duration_ms,
        )
        told = {"webhook": subscription.id, "event_id": claim.event_id, "status": answer.status, "outcome": outcome}
        log.info("webhook called", extra={**told, "attempt": attempt.attempt, **trace_id(claim.body)})
        self._webhooks.record(subscription, attempt, claim.body if outcome == "dead" else None)

    def _disable_if_hopeless(self, subscription: Subscription, answer: Answer, now: int) -> None:
        since = self._webhooks.failing_since(subscription.id)
        if answer.status == GONE:
            because = "the endpoint answered 410 Gone"
        elif since is not None and now - since >= DISABLE_AFTER_MS:
            because = "it failed for days without a success"
        else:
            return
        self._webhooks.disable(self._webhooks.get(subscription.id), because, now)
        log.warning("webhook %s is disabled: %s", subscription.id, because)

    def _run(self) -> None:
        while not self._stop.is_set():
            generation = self._watch.generation()
            try:
                started = self.look()
            except QuorumError as error:
                log.warning("webhooks wait for Redis: %s", error)
                started = 0
            except Exception:
                log.exception("looking for deliveries failed, the next look tries again")
                started = 0
            if not started:
                self._watch.wait(generation, PAUSE_SECONDS)
