"""The HTTP API on a real Redis: every answer that it documents."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from conftest import PEPPER, SITE_KEY, TOKEN_SECRET, claimed_app, make_settings, namespace_keys
from flask.testing import FlaskClient
from store import Bench
from werkzeug.test import TestResponse

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.errors import SettingsError
from quorum.judgement.records import Report
from quorum.languages import THANK_YOU
from quorum.policy.classes import ANONYMOUS, VERIFIED
from quorum.reporters.fingerprints import NAMED, NETWORK, fingerprint
from quorum.reporters.tokens import mint_token
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.tally.codec import decode_entry

KEY = {"Authorization": f"Bearer {SITE_KEY}"}
REPORT = {"image_id": "img-1", "reason": "violence", "reporter_id": "reader-1"}


@pytest.fixture
def rings() -> list[int]:
    return []


@pytest.fixture
def client(settings: Settings, rings: list[int]) -> Iterator[FlaskClient]:
    with claimed_app(settings, rings.append).test_client() as opened:
        yield opened


@pytest.fixture
def inbox(bench: Bench) -> Callable[[], list[Report]]:
    return lambda: [decode_entry(raw) for raw in bench.client.lrange(bench.keys.inbox, 0, -1)]


def assert_problem(response: TestResponse, status: int, kind: str, field: str | None = None) -> dict[str, Any]:
    """The answer is a complete problem document; return it."""
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    problem: dict[str, Any] = json.loads(response.data)
    assert problem["type"] == f"urn:quorum:problem:{kind}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    if field:
        assert field in [error["field"] for error in problem["errors"]]
        assert field in problem["detail"]
    return problem


def token(
    subject: str = "reader-1", *, secret: str = TOKEN_SECRET, audience: str = "quorum", seconds: int = 86_400
) -> dict[str, str]:
    return {"Authorization": f"Bearer {mint_token(secret, audience, subject, seconds)}"}


def test_a_report_of_a_backend_is_accepted_stored_and_rung(
    client: FlaskClient, inbox: Callable[[], list[Report]], rings: list[int]
) -> None:
    response = client.post("/v1/reports", json=REPORT, headers=KEY)
    assert response.status_code == 202
    assert response.get_json() == {"status": "accepted", "message": THANK_YOU["en"], "image_id": "img-1"}
    [entry] = inbox()
    assert (entry.image.id, entry.reason, entry.reporter.reporter_class) == ("img-1", "violence", VERIFIED)
    assert entry.reporter.fingerprint == fingerprint(PEPPER.encode(), NAMED, "reader-1")
    assert rings == [0]


@pytest.mark.parametrize(
    ("header", "language"),
    [("fr-CA,fr;q=0.9,en;q=0.8", "fr"), ("ar", "ar"), ("es-MX", "es"), ("en-GB", "en"), ("de", "en"), ("", "en")],
)
def test_the_reader_is_thanked_in_their_language(client: FlaskClient, header: str, language: str) -> None:
    response = client.post("/v1/reports", json=REPORT, headers={**KEY, "Accept-Language": header})
    assert response.get_json()["message"] == THANK_YOU[language]
    assert response.headers["Content-Language"] == language
    assert "Accept-Language" in response.headers["Vary"]


def test_a_token_names_the_reader(client: FlaskClient, inbox: Callable[[], list[Report]]) -> None:
    body = {"image_id": "img-1", "reason": "spam"}
    assert client.post("/v1/reports", json=body, headers=token("reader-1")).status_code == 202
    assert client.post("/v1/reports", json=REPORT, headers=KEY).status_code == 202
    by_token, by_key = inbox()
    assert by_token.reporter == by_key.reporter


def test_an_anonymous_reader_is_told_apart_by_network(client: FlaskClient, inbox: Callable[[], list[Report]]) -> None:
    body = {"image_id": "img-1", "reason": "spam"}
    for address in ("192.0.2.7", "2001:db8:1:2::1", "2001:db8:1:2::ffff", "::ffff:192.0.2.7"):
        assert client.post("/v1/reports", json=body, environ_base={"REMOTE_ADDR": address}).status_code == 202
    four, six, same_network, mapped = (entry.reporter for entry in inbox())
    assert {entry.reporter_class for entry in (four, six)} == {ANONYMOUS}
    assert six == same_network
    assert four == mapped
    assert four != six


def test_a_forwarded_address_counts_only_behind_the_stated_number_of_proxies(redis_url: str) -> None:
    body = {"image_id": "img-1", "reason": "spam"}
    for hops, expected in ((0, "192.0.2.1"), (1, "203.0.113.9"), (2, "203.0.113.8")):
        settings = make_settings(redis_url, proxy_hops=hops)
        with claimed_app(settings, lambda _: None).test_client() as client:
            client.post(
                "/v1/reports",
                json=body,
                headers={"X-Forwarded-For": "203.0.113.7, 203.0.113.8, 203.0.113.9"},
                environ_base={"REMOTE_ADDR": "192.0.2.1"},
            )

            with connect(redis_url, 5.0) as redis:
                stored: Any = redis.lrange(f"{settings.namespace}:{{0}}:inbox", 0, -1)
            assert decode_entry(stored[0]).reporter.fingerprint == fingerprint(PEPPER.encode(), NETWORK, expected)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"image_id": None}, "image_id"),
        ({"image_id": 7}, "image_id"),
        ({"image_id": ""}, "image_id"),
        ({"image_id": "  "}, "image_id"),
        ({"image_id": "x" * 2049}, "image_id"),
        ({"image_id": "a\u202eb"}, "image_id"),
        ({"image_id": "a\u0000"}, "image_id"),
        ({"image_id": "\ud800"}, "image_id"),
        ({"reason": None}, "reason"),
        ({"reason": "no_such"}, "reason"),
        ({"reason": ["violence"]}, "reason"),
        ({"reporter_id": ""}, "reporter_id"),
        ({"reporter_id": "x" * 2049}, "reporter_id"),
        ({"reporter_id": "a\nb"}, "reporter_id"),
        ({"reporter_id": "\ud800"}, "reporter_id"),
        ({"reporter_id": {}}, "reporter_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(
    client: FlaskClient, inbox: Callable[[], list[Report]], change: dict[str, Any], field: str
) -> None:
    body = json.dumps({**REPORT, **change})
    response = client.post("/v1/reports", data=body, headers=KEY, content_type="application/json")
    assert_problem(response, 422, "invalid-report", field)
    assert inbox() == []


@pytest.mark.parametrize("field", ["image_id", "reason"])
def test_a_missing_field_is_named(client: FlaskClient, field: str) -> None:
    body = {name: value for name, value in REPORT.items() if name != field}
    assert_problem(client.post("/v1/reports", json=body, headers=KEY), 422, "invalid-report", field)


def test_an_unknown_reason_is_answered_with_those_there_are(client: FlaskClient) -> None:
    problem = assert_problem(
        client.post("/v1/reports", json={**REPORT, "reason": "x"}, headers=KEY), 422, "invalid-report", "reason"
    )
    assert "violence" in problem["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"nul", b"[" * 9000])
def test_a_body_that_is_not_json_is_refused(client: FlaskClient, body: bytes) -> None:
    response = client.post("/v1/reports", data=body, headers=KEY, content_type="application/json")
    assert_problem(response, 400, "not-json", "body")


@pytest.mark.parametrize("body", [b"[]", b"7", b'"text"', b"null"])
def test_a_body_that_is_not_an_object_is_refused(client: FlaskClient, body: bytes) -> None:
    response = client.post("/v1/reports", data=body, headers=KEY, content_type="application/json")
    assert_problem(response, 422, "invalid-report", "body")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_of_another_type_is_refused(client: FlaskClient, content_type: str | None) -> None:
    response = client.post("/v1/reports", data=json.dumps(REPORT), headers=KEY, content_type=content_type)
    assert_problem(response, 415, "not-json", "body")


def test_a_large_body_is_refused(client: FlaskClient) -> None:
    response = client.post("/v1/reports", data=b" " * 20_000, headers=KEY, content_type="application/json")
    assert_problem(response, 413, "http-413")


@pytest.mark.parametrize(
    ("headers", "kind", "why"),
    [
        (
            {"Authorization": "Bearer qk_test.another-key"},
            "credential-unknown",
            "neither a known API key nor a reporter token",
        ),
        ({"Authorization": "Basic abc"}, "credential-unreadable", "Authorization: Bearer"),
        ({"Authorization": "Bearer "}, "credential-unknown", "neither"),
        ({"Authorization": "Bearer " + "x." * 9000}, "credential-unknown", "neither"),
        (token(seconds=-60), "token-expired", "expired"),
        (token(secret="another secret of 32 bytes or more"), "token-invalid", "Signature verification failed"),
        (token(audience="another"), "token-audience", "another audience"),
        (token(subject="  "), "token-invalid", "blank"),
        (token(seconds=90_000), "token-too-long", "the policy allows 24 hours (tokens.max_hours)"),
        (
            {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwiYXVkIjoicXVvcnVtIiwiZXhwIjo5OTk5OTk5OTk5fQ."},
            "token-invalid",
            "not allowed",
        ),
    ],
)
def test_a_bad_credential_is_refused_and_said_why(
    client: FlaskClient, inbox: Callable[[], list[Report]], headers: dict[str, str], kind: str, why: str
) -> None:
    response = client.post("/v1/reports", json={"image_id": "img-1", "reason": "spam"}, headers=headers)
    assert why in assert_problem(response, 401, kind)["detail"]
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert inbox() == []


def test_only_a_backend_names_its_reader(client: FlaskClient) -> None:
    assert_problem(client.post("/v1/reports", json=REPORT), 401, "key-missing")
    assert_problem(client.post("/v1/reports", json=REPORT, headers=token()), 422, "invalid-report", "reporter_id")
    body = {"image_id": "img-1", "reason": "spam"}
    assert_problem(client.post("/v1/reports", json=body, headers=KEY), 422, "invalid-report", "reporter_id")


def test_a_policy_that_gives_the_anonymous_no_weight_refuses_them(redis_url: str, tmp_path: Any) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        "threshold=5\nmin_reporters=3\nwindow_days=30\n[reporters]\nverified=1\nanonymous=0\n[reasons]\nspam=1"
    )
    with claimed_app(make_settings(redis_url, policy_path=policy), lambda _: None).test_client() as client:
        response = client.post("/v1/reports", json={"image_id": "img-1", "reason": "spam"})
        assert_problem(response, 401, "token-missing")


def test_without_the_data_that_was_there_nothing_is_accepted(client: FlaskClient, bench: Bench) -> None:
    assert client.get("/readyz").status_code == 200
    bench.client.delete(bench.keys.meta)
    assert_problem(client.post("/v1/reports", json=REPORT, headers=KEY), 503, "data-missing")
    assert client.get("/readyz").status_code == 503
    assert bench.client.llen(bench.keys.inbox) == 0
    assert "quorum_data_missing_partitions 1.0" in client.get("/metrics").text


def test_without_the_data_that_was_there_nothing_seems_open_and_nothing_is_decided(
    settings: Settings, client: FlaskClient, bench: Bench
) -> None:
    keys = ApiKeys(bench.client, settings.namespace)
    moderator, late = ({"Authorization": f"Bearer {keys.create(name, frozenset(Scope))[1]}"} for name in ("ann", "bob"))
    bench.block("img-1")
    assert client.get("/v1/queue", headers=moderator).status_code == 200  # this key is known to the process
    page = client.get("/v1/blocklist?limit=1", headers=KEY)
    names = namespace_keys(bench.client, settings.namespace)
    bench.client.delete(*names)
    block, views = {"decision": "block"}, {"views": {"img-1": 5}}
    for answer in (
        client.get("/v1/images/img-1", headers=KEY),
        client.get("/v1/gate/img-1", headers=KEY),
        client.post("/v1/images/status", json={"image_ids": ["img-1", "img-2"]}, headers=KEY),
        client.get("/v1/blocklist", headers=KEY),
        client.get("/v1/blocklist", headers={**KEY, "If-None-Match": page.headers["ETag"]}),
        client.get("/v1/queue", headers=moderator),
        client.get("/v1/queue", headers=late),
        client.post("/v1/images/img-1/decisions", json=block, headers=moderator),
        client.post("/v1/images/views", json=views, headers=KEY),
        client.post("/v1/webhooks", json={"url": "https://example.org/"}, headers=moderator),
        client.get("/v1/webhooks/0123456789abcdef", headers=moderator),
    ):
        assert_problem(answer, 503, "data-missing")
    cursor = page.get_json()["cursor"]
    assert client.get(f"/v1/events?after={cursor}", headers=KEY).get_json() == []  # copies of the list stay as they are
    assert namespace_keys(bench.client, settings.namespace) == []


def test_a_full_inbox_is_a_503_with_a_time_to_come_back(redis_url: str) -> None:
    with claimed_app(make_settings(redis_url, inbox_limit=1), lambda _: None).test_client() as client:
        assert client.post("/v1/reports", json=REPORT, headers=KEY).status_code == 202
        response = client.post("/v1/reports", json=REPORT, headers=KEY)
        assert_problem(response, 503, "inbox-full")
        assert 1 <= int(response.headers["Retry-After"]) <= 5


def test_without_redis_everything_but_livez_is_a_503() -> None:
    with claimed_app(make_settings("redis://127.0.0.1:1/0"), lambda _: None).test_client() as client:
        for response in (
            client.post("/v1/reports", json=REPORT, headers=KEY),
            client.get("/v1/images/img-1", headers=KEY),
            client.get("/v1/events", headers=KEY),
            client.get("/readyz"),
        ):
            assert_problem(response, 503, "store-unavailable")
            assert int(response.headers["Retry-After"]) >= 1
        assert client.get("/livez").get_json() == {"status": "alive"}


def test_the_state_of_an_image_goes_from_open_to_blocked(client: FlaskClient, bench: Bench) -> None:
    fresh = client.get("/v1/images/img-1", headers=KEY).get_json()
    assert fresh == {
        "image_id": "img-1",
        "state": "open",
        "protected": False,
        "epoch": 1,
        "score": 0.0,
        "reporters": 0,
        "reasons": {},
        "first_reported_at": None,
        "last_reported_at": None,
        "blocked_at": None,
        "appeal": None,
    }
    for number in range(5):
        client.post("/v1/reports", json={**REPORT, "reporter_id": f"reader-{number}"}, headers=KEY)
        bench.drain()
        status = client.get("/v1/images/img-1", headers=KEY).get_json()
        assert (status["reporters"], status["score"]) == (number + 1, number + 1.0)
        assert status["state"] == ("blocked" if number == 4 else "open")
    assert status["reasons"] == {"violence": 5}
    assert status["blocked_at"] == status["last_reported_at"]


@pytest.mark.parametrize("image_id", ["a b", "é", "photos/2026/01.jpg", "%", "?x=1", "#", "الصورة"])
def test_any_visible_id_can_be_looked_up(client: FlaskClient, image_id: str) -> None:

    response = client.get(f"/v1/images/{quote(image_id, safe='')}", headers=KEY)
    assert response.get_json()["image_id"] == image_id


def test_an_id_that_cannot_be_is_refused(client: FlaskClient) -> None:
    assert_problem(client.get("/v1/images/a%00b", headers=KEY), 400, "invalid-image-id", "image_id")


def test_the_feed_pages_with_cursors(client: FlaskClient, bench: Bench) -> None:
    for number in range(3):
        bench.block(f"img-{number}")
    first = client.get("/v1/events?limit=2", headers=KEY)
    assert first.content_type == "application/cloudevents-batch+json"
    events = json.loads(first.data)
    assert [event["subject"] for event in events] == ["img-0", "img-1"]
    cursor = first.headers["Quorum-Cursor"]
    assert events[-1]["cursor"] == cursor
    assert first.headers["Link"] == f'</v1/events?after={cursor}>; rel="next"'
    rest = client.get(f"/v1/events?after={cursor}", headers=KEY)
    assert [event["subject"] for event in json.loads(rest.data)] == ["img-2"]


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5", ""])
def test_a_bad_limit_is_refused(client: FlaskClient, limit: str) -> None:
    assert_problem(client.get(f"/v1/events?limit={limit}", headers=KEY), 400, "invalid-limit", "limit")


def test_a_bad_cursor_is_refused(client: FlaskClient) -> None:
    assert_problem(client.get("/v1/events?after=yesterday", headers=KEY), 400, "invalid-cursor", "after")


def test_an_old_cursor_is_gone_and_told_where_to_go_on(client: FlaskClient, bench: Bench) -> None:
    bench.block("img-1")
    bench.client.set(bench.keys.trimmed, "5-0")
    problem = assert_problem(client.get("/v1/events?after=4-0", headers=KEY), 410, "cursor-expired")
    assert problem["oldest"] == "5-0"


def test_reading_needs_a_key_unless_it_is_open(client: FlaskClient, redis_url: str) -> None:
    for path in ("/v1/images/img-1", "/v1/events"):
        assert_problem(client.get(path), 401, "key-missing")
        assert_problem(client.get(path, headers=token()), 401, "key-unknown")
    with claimed_app(make_settings(redis_url, read_access="open"), lambda _: None).test_client() as open_client:
        assert open_client.get("/v1/images/img-1").status_code == 200
        assert open_client.get("/v1/events").status_code == 200


def test_unknown_addresses_and_methods_are_problems_too(client: FlaskClient) -> None:
    assert_problem(client.get("/nowhere"), 404, "http-404")
    response = client.get("/v1/reports")
    assert_problem(response, 405, "http-405")
    assert "POST" in response.headers["Allow"]


def test_only_trusted_hosts_are_answered(redis_url: str) -> None:
    settings = make_settings(redis_url, trusted_hosts=("quorum.example",))
    with claimed_app(settings, lambda _: None).test_client() as client:
        assert client.get("/v1/reasons", base_url="http://quorum.example").status_code == 200
        assert client.get("/v1/reasons", base_url="http://evil.example").status_code == 400


def test_metrics_count_requests_under_bounded_labels(client: FlaskClient) -> None:
    client.post("/v1/reports", json=REPORT, headers=KEY)
    client.get("/nowhere/at/all")
    client.open("/livez", method="BREW")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'quorum_http_requests_total{method="POST",route="/v1/reports",status="202"} 1.0' in text
    assert 'quorum_http_requests_total{method="GET",route="other",status="404"} 1.0' in text
    assert 'method="other"' in text
    assert "nowhere" not in text
    assert "BREW" not in text
    assert 'quorum_inbox_depth{partition="0"} 1.0' in text


def test_errors_of_the_intake_are_counted_from_zero_so_that_the_first_ones_show_in_a_rate(client: FlaskClient) -> None:
    text = client.get("/metrics").get_data(as_text=True)
    for route in ("/v1/reports", "/v1/reports/batch"):
        assert f'quorum_http_requests_total{{method="POST",route="{route}",status="503"}} 0.0' in text


def test_without_a_pepper_the_api_does_not_start(redis_url: str) -> None:
    with pytest.raises(SettingsError, match="QUORUM_PEPPER is missing"):
        claimed_app(make_settings(redis_url, pepper=""), lambda _: None)


def test_the_document_describes_every_route_of_the_api(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    routes = {
        rule.rule.replace("<image_id:", "{").replace("<", "{").replace(">", "}")
        for rule in client.application.url_map.iter_rules()
        if rule.rule.startswith("/v1/")
    }
    assert routes
    assert routes <= set(document["paths"])
    report = {"image_id", "reason", "reporter_id", "reporter_since", "reporter_address", "content_hash"}
    report |= {"content_quality"}
    assert set(document["components"]["schemas"]["Report"]["properties"]) == report
    assert "violence" in document["components"]["schemas"]["Report"]["properties"]["reason"]["enum"]
