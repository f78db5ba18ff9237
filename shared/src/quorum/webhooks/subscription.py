"""Subscriptions of webhooks: what they want, their secrets, and when a delivery is tried again.

Deliveries are signed as Standard Webhooks 1.0 say, with its library: `webhook-id` is the event's id, the same at every
attempt, so a receiver that remembers ids acts once.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from standardwebhooks import Webhook

from quorum.errors import InvalidSubscription, MalformedSubscription
from quorum.events.event import BLOCKED, DELETED, EVENT_TYPES, UNBLOCKED, cloud_event
from quorum.webhooks.urls import same_endpoint, written_endpoint

TEST = "quorum.webhook.test.v1"
DEFAULT_TYPES = (BLOCKED, UNBLOCKED, DELETED)
SECRET_BYTES = 32
OVERLAP_MS = 24 * 3_600_000  # how long a replaced secret signs as well

CALL_SECONDS = 10.0  # an attempt ends by then, whatever the receiver does
STORE_SECONDS = 10.0  # what a claim, and what settling it, may take when Redis is slow
LEASE_MS = round((STORE_SECONDS + CALL_SECONDS + STORE_SECONDS) * 1000)  # so it outlives the attempt

# Seconds before each attempt after the first: the schedule that Standard Webhooks recommend, about three days in all.
RETRY_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
MAX_RETRY_AFTER_SECONDS = 86_400
DISABLE_AFTER_MS = 5 * 86_400_000  # of failures without a success between them


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing secret (`whsec_...`); one that was replaced signs until `until_ms`."""

    text: str
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """An endpoint that wants events of some types. Times are in Unix milliseconds."""

    id: str
    url: str
    types: tuple[str, ...]
    secrets: tuple[Secret, ...]
    created_ms: int
    disabled_ms: int | None = None
    disabled_because: str | None = None
    name: str = field(default="")

    def wants(self, kind: str) -> bool:
        """Tell whether an event of this type goes to it."""
        return kind in self.types or kind == TEST

    def rotated(self, now_ms: int) -> "Subscription":
        """Return it with a new secret; the one before signs for a day more."""
        kept = replace(self.secrets[0], until_ms=now_ms + OVERLAP_MS)
        return replace(self, secrets=(Secret(new_secret()), kept))

    def to_json(self) -> str:
        """Return it as it is stored."""
        return json.dumps(asdict(self))

    def doubles(self, other: "Subscription") -> bool:
        """Tell whether some events would go to the same endpoint twice."""
        return same_endpoint(self.url, other.url) and not set(self.types).isdisjoint(other.types)

    @classmethod
    def from_json(cls, raw: str | bytes) -> "Subscription":
        """Read what `to_json` wrote. Raises MalformedSubscription."""
        try:
            stored = json.loads(raw)
            stored["types"] = tuple(stored["types"])
            stored["secrets"] = tuple(Secret(**secret) for secret in stored["secrets"])
            subscription = cls(**stored)
            _check_stored(subscription)
        except (TypeError, KeyError, ValueError, AttributeError, RecursionError) as error:
            raise MalformedSubscription(f"{type(error).__name__}: {error}") from error
        return subscription


def _check_stored(subscription: Subscription) -> None:
    """Raise TypeError or ValueError for a field that no subscription was ever stored with."""
    texts = (subscription.id, subscription.url, subscription.name, *subscription.types)
    texts += tuple(secret.text for secret in subscription.secrets)
    numbers = (
        subscription.created_ms,
        subscription.disabled_ms or 0,
        *(one.until_ms or 0 for one in subscription.secrets),
    )
    if not all(isinstance(text, str) for text in texts) or not all(type(number) is int for number in numbers):
        raise TypeError("a field has another type")
    if not subscription.secrets:
        raise ValueError("it has no secret")
    for secret in subscription.secrets:
        Webhook(secret.text)


def new_subscription(url: str, types: tuple[str, ...], name: str, now_ms: int) -> Subscription:
    """Return a subscription with a fresh secret. Raises InvalidSubscription."""
    try:
        endpoint = written_endpoint(url)
    except ValueError as error:
        raise InvalidSubscription("url", str(error)) from error
    unknown = set(types) - set(EVENT_TYPES)
    if unknown or not types:
        raise InvalidSubscription("types", f"must be some of {', '.join(EVENT_TYPES)}")
    return Subscription(secrets.token_hex(8), endpoint, types, (Secret(new_secret()),), now_ms, name=name)


def new_secret() -> str:
    """Return a signing secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(subscription: Subscription, event_id: str, body: str, now_ms: int) -> dict[str, str]:
    """Return the headers of a delivery, signed with every secret that is valid now."""
    moment = datetime.fromtimestamp(now_ms // 1000, UTC)
    valid = (one.text for one in subscription.secrets if one.until_ms is None or one.until_ms > now_ms)
    return {
        "content-type": "application/cloudevents+json",
        "user-agent": "quorum-webhook/1",
        "webhook-id": event_id,
        "webhook-timestamp": str(now_ms // 1000),
        "webhook-signature": " ".join(Webhook(text).sign(event_id, moment, body) for text in valid),
    }


def next_attempt_seconds(attempts: int, jitter: float, retry_after: float | None = None) -> float | None:
    """Return in how many seconds to try again after `attempts` failures (from 1); None for never.

    `jitter` is from 0 to 1 and spreads by a fifth; what the receiver says in Retry-After is obeyed within a day.
    """
    if attempts > len(RETRY_SECONDS):
        return None
    planned = RETRY_SECONDS[attempts - 1] * (0.9 + 0.2 * jitter)
    return max(planned, min(retry_after or 0.0, MAX_RETRY_AFTER_SECONDS))


def retry_after_seconds(text: str | None, date: str | None, now: datetime) -> float | None:
    """Return what Retry-After says, from now on: seconds, or a date (RFC 9110, 10.2.3); None when it says nothing.

    A date is taken against `date`, the other side's own clock, when it shows one, else against `now`; past ones are 0.
    """
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), float(MAX_RETRY_AFTER_SECONDS))
    moment = _http_date(text)
    if moment is None:
        return None
    return min(max((moment - (_http_date(date) or now)).total_seconds(), 0.0), float(MAX_RETRY_AFTER_SECONDS))


def _http_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def ping_event(subscription: Subscription, now_ms: int) -> Mapping[str, Any]:
    """Return the event of a test ping."""
    return cloud_event(f"test-{subscription.id}-{now_ms}", TEST, "test", now_ms, {"webhook": subscription.id})
