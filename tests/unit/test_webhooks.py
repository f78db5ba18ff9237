"""Subscriptions: what is refused, how deliveries are signed, when they are tried again."""

from dataclasses import replace

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from quorum.errors import InvalidSubscription
from quorum.events import BLOCKED, HELD
from quorum.webhooks import (
    DEFAULT_TYPES,
    OVERLAP_MS,
    RETRY_SECONDS,
    Subscription,
    new_subscription,
    next_attempt_seconds,
    signed_headers,
)


def now() -> int:
    import time  # noqa: PLC0415 - the library checks timestamps against the real clock

    return round(time.time() * 1000)


def make() -> Subscription:
    return new_subscription("https://cms.example.org/hook?x=1", DEFAULT_TYPES, "cms", now())


def test_it_survives_being_stored_and_wants_its_types() -> None:
    made = make()
    assert Subscription.from_json(made.to_json()) == made
    assert made.wants(BLOCKED)
    assert not made.wants(HELD)


@pytest.mark.parametrize(
    ("url", "types", "field"),
    [
        ("ftp://example.org", DEFAULT_TYPES, "url"),
        ("https://", DEFAULT_TYPES, "url"),
        ("https://user:secret@example.org/", DEFAULT_TYPES, "url"),
        ("https://example.org/#x", DEFAULT_TYPES, "url"),
        ("https://example.org/a b", DEFAULT_TYPES, "url"),
        ("https://example.org/" + "x" * 2000, DEFAULT_TYPES, "url"),
        ("https://example.org/", (), "types"),
        ("https://example.org/", ("nothing",), "types"),
    ],
)
def test_a_bad_subscription_is_refused_by_field(url: str, types: tuple[str, ...], field: str) -> None:
    with pytest.raises(InvalidSubscription) as error:
        new_subscription(url, types, "", now())
    assert error.value.field == field


def test_a_delivery_verifies_with_the_library_of_standard_webhooks() -> None:
    made, body = make(), '{"id": "1", "é": true}'
    headers = signed_headers(made, "event-1", body, now())
    assert headers["webhook-id"] == "event-1"
    Webhook(made.secrets[0].text).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secrets[0].text).verify(body + " ", headers)


def test_while_a_secret_is_replaced_both_verify_and_then_only_the_new_one() -> None:
    old, at = make(), now()
    rotated = old.rotated(at)
    both = signed_headers(rotated, "event-1", "{}", at)
    assert len(both["webhook-signature"].split()) == 2
    for secret in (old.secrets[0], rotated.secrets[0]):
        Webhook(secret.text).verify("{}", both)
    ended = replace(rotated.secrets[1], until_ms=at - 1)
    later = signed_headers(replace(rotated, secrets=(rotated.secrets[0], ended)), "event-1", "{}", at)
    with pytest.raises(WebhookVerificationError):
        Webhook(old.secrets[0].text).verify("{}", later)
    assert rotated.secrets[1].until_ms == at + OVERLAP_MS


def test_attempts_follow_the_schedule_obey_the_receiver_and_end() -> None:
    assert next_attempt_seconds(1, 0.5) == RETRY_SECONDS[0]
    assert next_attempt_seconds(2, 0.0) == pytest.approx(270)
    assert next_attempt_seconds(1, 0.5, retry_after=60) == 60
    assert next_attempt_seconds(1, 0.5, retry_after=10**9) == 86_400
    assert next_attempt_seconds(len(RETRY_SECONDS), 0.5) == RETRY_SECONDS[-1]
    assert next_attempt_seconds(len(RETRY_SECONDS) + 1, 0.5) is None
