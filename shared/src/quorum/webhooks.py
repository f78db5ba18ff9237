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
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from quorum.errors import InvalidSubscription
from quorum.events import BLOCKED, HELD, SHIELDS_LOWERED, SHIELDS_RAISED, UNBLOCKED, cloud_event

EVENT_TYPES = (BLOCKED, UNBLOCKED, HELD, SHIELDS_RAISED, SHIELDS_LOWERED)
TEST = "quorum.webhook.test.v1"
DEFAULT_TYPES = (BLOCKED, UNBLOCKED)
SECRET_BYTES = 32
OVERLAP_MS = 24 * 3_600_000  # how long a replaced secret signs as well
MAX_URL_CHARACTERS = 2000

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

    @classmethod
    def from_json(cls, raw: str | bytes) -> "Subscription":
        """Read what `to_json` wrote."""
        stored = json.loads(raw)
        stored["types"] = tuple(stored["types"])
        stored["secrets"] = tuple(Secret(**secret) for secret in stored["secrets"])
        return cls(**stored)


def new_subscription(url: str, types: tuple[str, ...], name: str, now_ms: int) -> Subscription:
    """Return a subscription with a fresh secret. Raises InvalidSubscription."""
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname or len(url) > MAX_URL_CHARACTERS:
        raise InvalidSubscription("url", "must be an http or https URL")
    if parts.username or parts.password or parts.fragment:
        raise InvalidSubscription("url", "must have no user name, password or fragment")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidSubscription("url", "must be ASCII without spaces; percent-encode the rest")
    unknown = set(types) - set(EVENT_TYPES)
    if unknown or not types:
        raise InvalidSubscription("types", f"must be some of {', '.join(EVENT_TYPES)}")
    return Subscription(secrets.token_hex(8), url, types, (Secret(new_secret()),), now_ms, name=name)


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


def ping_event(subscription: Subscription, now_ms: int) -> Mapping[str, Any]:
    """Return the event of a test ping."""
    return cloud_event(f"test-{subscription.id}-{now_ms}", TEST, "test", now_ms, {"webhook": subscription.id})
