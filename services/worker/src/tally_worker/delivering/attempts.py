"""One attempt at delivering an event, and what follows from it. Whatever happens is an outcome like any other."""

import json
import logging
import random
from typing import Any

from quorum.telemetry.tracing import Tracing
from quorum.webhooks.deliveries import Attempt, Claim, Webhooks
from quorum.webhooks.subscription import DISABLE_AFTER_MS, Subscription, next_attempt_seconds, signed_headers
from tally_worker.delivering.outbound import Answer, Caller, printable
from tally_worker.observe import DeliveryMetrics
from tally_worker.spans import span_of, trace_id

GONE = 410

log = logging.getLogger(__name__)


class Attempts:
    """Makes attempts and settles them."""

    def __init__(
        self, webhooks: Webhooks, caller: Caller, metrics: DeliveryMetrics, tracing: Tracing | None = None
    ) -> None:
        self._webhooks = webhooks
        self._caller = caller
        self._metrics = metrics
        self._tracing = tracing

    async def make(self, subscription: Subscription, claim: Claim) -> Answer:
        """Call the endpoint once. An error nobody expected is an answer, too: counted, logged and tried again later."""
        try:
            headers = signed_headers(subscription, claim.event_id, claim.body, claim.at_ms)
            with span_of(self._tracing, "deliver webhook", json.loads(claim.body)) as trace:
                if trace:
                    headers["traceparent"] = trace
                return await self._caller.post(subscription.url, claim.body.encode(), headers)
        except Exception as error:
            log.exception("an attempt at webhook %s failed", subscription.id)
            return Answer(0, printable(f"{type(error).__name__}: {error}"), None, 0)

    def settle(self, subscription: Subscription, claim: Claim, answer: Answer) -> bool:
        """Write what became of an attempt; tell whether the endpoint answered well. Raises StoreUnavailable."""
        now = self._webhooks.now_ms()
        wait = None
        if not answer.well:
            wait = next_attempt_seconds(claim.attempts + 1, random.random(), answer.retry_after)  # noqa: S311
        again = None if wait is None else now + round(wait * 1000)
        outcome = "delivered" if answer.well else "dead" if again is None else "retry"
        attempt = _attempt(claim, answer, outcome, now)
        if not self._webhooks.settle(subscription, claim, now, again, well=answer.well, attempt=attempt):
            return False  # another has settled it: this one came too late
        self._metrics.attempted(outcome)
        self._say(subscription, claim, attempt)
        if answer.well:
            self._metrics.delivered("webhook", now / 1000 - claim.time.timestamp())
        else:
            self._disable_if_hopeless(subscription, answer, now)
        return answer.well

    def _say(self, subscription: Subscription, claim: Claim, attempt: Attempt) -> None:
        told: dict[str, Any] = {
            "webhook": subscription.id,
            "event_id": claim.event_id,
            "status": attempt.status,
            "outcome": attempt.outcome,
            "attempt": attempt.attempt,
        }
        log.info("webhook called", extra={**told, **trace_id(claim.body)})

    def _disable_if_hopeless(self, subscription: Subscription, answer: Answer, now: int) -> None:
        since = self._webhooks.failing_since(subscription.id)
        if answer.status == GONE:
            because = "the endpoint answered 410 Gone"
        elif since is not None and now - since >= DISABLE_AFTER_MS:
            because = "it failed for days without a success"
        else:
            return
        self._webhooks.disable(subscription.id, because, now)
        log.warning("webhook %s is disabled: %s", subscription.id, because)


def _attempt(claim: Claim, answer: Answer, outcome: str, now: int) -> Attempt:
    return Attempt(
        at_ms=now,
        event_id=claim.event_id,
        subject=claim.subject,
        attempt=claim.attempts + 1,
        status=answer.status,
        outcome=outcome,
        detail="" if answer.well else answer.detail,
        duration_ms=answer.duration_ms,
    )
