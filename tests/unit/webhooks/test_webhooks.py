"""Subscriptions: what is refused, how deliveries are signed, when they are tried again."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import hypothesis.strategies as st
import pytest
from hypothesis import given
from standardwebhooks import Webhook, WebhookVerificationError
from yarl import URL

from quorum.errors import InvalidSubscription, MalformedSubscription
from quorum.events.event import BLOCKED, HELD
from quorum.webhooks.subscription import (
    DEFAULT_TYPES,
    OVERLAP_MS,
    RETRY_SECONDS,
    Subscription,
    new_subscription,
    next_attempt_seconds,
    retry_after_seconds,
    signed_headers,
)
from quorum.webhooks.urls import same_endpoint


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
        ("https://example.org:99999/", DEFAULT_TYPES, "url"),
        ("https://example.org:0/", DEFAULT_TYPES, "url"),
        ("https://good.example\\@evil.example/", DEFAULT_TYPES, "url"),
        ("https://[fe80::1%25eth0]/", DEFAULT_TYPES, "url"),
        ("https://[v1.a]/", DEFAULT_TYPES, "url"),
        ("https://a..b/", DEFAULT_TYPES, "url"),
        ("https://" + "a" * 64 + ".org/", DEFAULT_TYPES, "url"),
        ("https://exa\tmple.org/", DEFAULT_TYPES, "url"),
        ("https://example.org\n", DEFAULT_TYPES, "url"),
        ("https://example.org/\r\nx: y", DEFAULT_TYPES, "url"),
        ("https://\ud800.org/", DEFAULT_TYPES, "url"),
        ("https://example.org/é", DEFAULT_TYPES, "url"),
        ("https://example.org/", (), "types"),
        ("https://example.org/", ("nothing",), "types"),
    ],
)
def test_a_bad_subscription_is_refused_by_field(url: str, types: tuple[str, ...], field: str) -> None:
    with pytest.raises(InvalidSubscription) as error:
        new_subscription(url, types, "", now())
    assert error.value.field == field


@given(st.text(max_size=40) | st.from_regex(r"https?://[^ ]{0,20}", fullmatch=True))
def test_any_text_is_an_endpoint_that_can_be_called_or_refused(text: str) -> None:
    try:
        url = new_subscription(text, DEFAULT_TYPES, "", 1).url
    except InvalidSubscription:
        return
    read = URL(url, encoded=True)
    assert url.isascii() and url.isprintable() and " " not in url  # noqa: PT018
    assert read.scheme in {"http", "https"}
    assert read.raw_host and read.port and not read.raw_user and not read.raw_fragment  # noqa: PT018
    assert same_endpoint(url, url)
    assert new_subscription(url, DEFAULT_TYPES, "", 1).url == url


def test_a_host_in_another_script_is_written_in_ascii_and_the_rest_is_left_as_it_is() -> None:
    written = new_subscription("https://münchen.example:8443/a%2Fb?c=%2F", DEFAULT_TYPES, "", 1).url
    assert written == "https://xn--mnchen-3ya.example:8443/a%2Fb?c=%2F"
    kept = "HTTPS://CMS.example.org:443/%7ea/../b?x=%2F"
    assert new_subscription(kept, DEFAULT_TYPES, "", 1).url == kept


NOW = datetime(1994, 11, 6, 8, 49, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "date", "seconds"),
    [
        ("17", None, 17),
        (" 0 ", None, 0),
        ("9" * 5000, None, 86_400),
        ("Sun, 06 Nov 1994 08:49:37 GMT", None, 37),
        ("Sunday, 06-Nov-94 08:49:37 GMT", None, 37),
        ("Sun Nov  6 08:49:37 1994", None, 37),
        ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:48:37 GMT", 60),  # its own clock counts
        ("Sun, 06 Nov 1994 08:49:37 GMT", "never", 37),
        ("Sun, 06 Nov 1994 08:00:00 GMT", None, 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None, 86_400),
        (None, None, None),
        ("", None, None),
        ("soon", None, None),
        ("-5", None, None),
        ("1.5", None, None),
        ("1e9", None, None),
        ("١٢", None, None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None, None),
        ("Sun, 06 Nov 99999 08:49:37 GMT", None, None),
        ("Sun, 06 Nov 1994 08:49:37 +9999999999", None, None),
    ],
)
def test_when_to_come_back_is_read_as_the_standard_says_and_bounded(
    text: str | None, date: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(text, date, NOW) == seconds


@given(st.text(), st.none() | st.text())
def test_any_text_says_when_to_come_back_or_nothing(text: str, date: str | None) -> None:
    seconds = retry_after_seconds(text, date, NOW)
    assert seconds is None or 0 <= seconds <= 86_400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(),
    lambda one: st.lists(one) | st.dictionaries(st.text(), one),
)


@given(st.sampled_from(["id", "url", "types", "secrets", "created_ms", "disabled_ms", "name", "more", ""]), JSON)
def test_any_row_is_a_subscription_that_can_be_used_or_malformed(field: str, value: object) -> None:
    row = json.loads(make().to_json())
    raw = json.dumps({**row, field: value}) if field else json.dumps(value)
    try:
        read = Subscription.from_json(raw)
    except MalformedSubscription:
        return
    assert Subscription.from_json(read.to_json()) == read
    assert signed_headers(read, "event", "{}", 1)["webhook-signature"]
    assert read.doubles(read) == bool(read.types)


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
