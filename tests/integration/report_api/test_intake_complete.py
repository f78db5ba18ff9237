"""What intake does beyond storing a report: limits, idempotency, CORS, URLs, views, reasons, bounds."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import NO_CAPS, SITE_KEY, TOKEN_SECRET, claimed_app, make_settings
from flask import Flask
from flask.testing import FlaskClient
from store import Bench

from quorum.errors import SettingsError
from quorum.judgement.records import Report
from quorum.policy import parse_policy
from quorum.reporters.tokens import mint_token
from quorum.settings import Settings, read_settings
from quorum.tally.codec import decode_entry

KEY = {"Authorization": f"Bearer {SITE_KEY}"}
REPORT = {"image_id": "img-1", "reason": "violence", "reporter_id": "reader-1"}
PICTURE = "https://cdn.example.org/a/b.jpg"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(NO_CAPS.read_text())
    return path


@pytest.fixture
def settings(redis_url: str, rules: Path) -> Settings:
    return make_settings(
        redis_url, policy_path=rules, cors_origins=("https://news.example.org", "https://m.example.org")
    )


@pytest.fixture
def app(settings: Settings) -> Flask:
    return claimed_app(settings, lambda _: None)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as opened:
        yield opened


@pytest.fixture
def inbox(bench: Bench) -> Callable[[], list[Report]]:
    return lambda: [decode_entry(raw) for raw in bench.client.lrange(bench.keys.inbox, 0, -1)]


def limit(app: Flask, **limits: int) -> None:
    """Give the running API limits, as an edit of its policy file would."""
    policies = app.extensions["quorum"].policies
    policies._policy = replace(policies._policy, limits=replace(policies._policy.limits, **limits))


def early_in_a_minute(bench: Bench) -> None:
    """Limits are counted by the minute: begin one anew when this one is nearly over."""
    left = 60 - int(bench.client.time()[0]) % 60
    if left < 5:
        time.sleep(left)


def test_one_reporter_too_fast_is_told_when_to_go_on(
    app: Flask, client: FlaskClient, bench: Bench, inbox: Callable[[], list[Report]]
) -> None:
    limit(app, reporter=3)
    early_in_a_minute(bench)
    answers = [client.post("/v1/reports", json={**REPORT, "image_id": f"img-{n}"}, headers=KEY) for n in range(5)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
    assert [answer.headers["RateLimit"].split(";t=")[0] for answer in answers[:3]] == [
        '"reports";r=2', '"reports";r=1', '"reports";r=0',
    ]  # fmt: skip
    refused = answers[3]
    assert refused.content_type == "application/problem+json"
    assert refused.get_json()["type"] == "urn:quorum:problem:rate-limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"] == f'"reporter";r=0;t={refused.headers["Retry-After"]}'
    assert refused.headers["RateLimit-Policy"] == '"reporter";q=3;w=60'
    assert len(inbox()) == 3
    assert client.post("/v1/reports", json={**REPORT, "reporter_id": "another"}, headers=KEY).status_code == 202


def test_a_key_and_a_network_have_limits_of_their_own(app: Flask, client: FlaskClient, bench: Bench) -> None:
    limit(app, key=2, network=2)
    early_in_a_minute(bench)
    by_key = [client.post("/v1/reports", json={**REPORT, "reporter_id": f"r-{n}"}, headers=KEY) for n in range(3)]
    assert [answer.status_code for answer in by_key] == [202, 202, 429]
    assert by_key[2].headers["RateLimit-Policy"] == '"key";q=2;w=60'
    body = {"image_id": "img-1", "reason": "violence"}
    by_network = [
        client.post(
            "/v1/reports",
            json=body,
            headers={"Authorization": f"Bearer {mint_token(TOKEN_SECRET, 'quorum', f'reader-{number}', 60)}"},
            environ_base={"REMOTE_ADDR": f"203.0.113.{number}"},
        )
        for number in range(1, 4)
    ]
    assert [answer.status_code for answer in by_network] == [202, 202, 429]
    assert by_network[2].headers["RateLimit-Policy"] == '"network";q=2;w=60'
    other = client.post("/v1/reports", json=body, environ_base={"REMOTE_ADDR": "203.0.114.1"})
    assert other.status_code == 202


def test_a_batch_says_which_of_its_reports_were_too_many(
    app: Flask, client: FlaskClient, bench: Bench, inbox: Callable[[], list[Report]]
) -> None:
    limit(app, reporter=2)
    early_in_a_minute(bench)
    batch = [{**REPORT, "image_id": f"img-{n}"} for n in range(4)] + [{**REPORT, "reporter_id": "another"}]
    answer = client.post("/v1/reports/batch", json=batch, headers=KEY).get_json()
    assert [result["status"] for result in answer["results"]] == [202, 202, 429, 429, 202]
    assert "more than 2 reports a minute from one reporter" in answer["results"][2]["errors"][0]["message"]
    assert len(inbox()) == 3


def test_without_limits_nothing_is_counted(client: FlaskClient, bench: Bench, settings: Settings) -> None:
    answer = client.post("/v1/reports", json=REPORT, headers=KEY)
    assert "RateLimit" not in answer.headers
    assert list(bench.client.scan_iter(f"{settings.namespace}:*limits:*")) == []


def test_a_retry_with_its_key_is_stored_once(client: FlaskClient, inbox: Callable[[], list[Report]]) -> None:
    headers = {**KEY, "Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    for _ in range(3):
        answer = client.post("/v1/reports", json=REPORT, headers=headers)
        assert answer.status_code == 202
        assert (answer.get_json()["status"], answer.get_json()["image_id"]) == ("accepted", "img-1")
    assert len(inbox()) == 1


def test_a_key_that_was_used_for_another_body_is_refused(
    client: FlaskClient, inbox: Callable[[], list[Report]]
) -> None:
    headers = {**KEY, "Idempotency-Key": "one"}
    assert client.post("/v1/reports", json=REPORT, headers=headers).status_code == 202
    answer = client.post("/v1/reports", json={**REPORT, "image_id": "img-2"}, headers=headers)
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "urn:quorum:problem:idempotency-key-reused"
    body = {"image_id": "img-2", "reason": "violence"}
    token = {"Authorization": f"Bearer {mint_token(TOKEN_SECRET, 'quorum', 'reader-2', 60)}"}
    assert client.post("/v1/reports", json=body, headers={**token, "Idempotency-Key": "one"}).status_code == 202
    assert len(inbox()) == 2


def test_a_refused_report_does_not_use_its_key_up(client: FlaskClient, inbox: Callable[[], list[Report]]) -> None:
    headers = {**KEY, "Idempotency-Key": "one"}
    assert client.post("/v1/reports", json={**REPORT, "reason": "none"}, headers=headers).status_code == 422
    assert client.post("/v1/reports", json=REPORT, headers=headers).status_code == 202
    assert len(inbox()) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_bad_idempotency_key_is_named(client: FlaskClient, key: str) -> None:
    answer = client.post("/v1/reports", json=REPORT, headers={**KEY, "Idempotency-Key": key})
    assert answer.status_code == 400
    assert answer.get_json()["errors"][0]["field"] == "Idempotency-Key"


def test_a_batch_with_a_key_for_another_body_is_refused_too(client: FlaskClient) -> None:
    headers = {**KEY, "Idempotency-Key": "batch"}
    assert client.post("/v1/reports/batch", json=[REPORT], headers=headers).status_code == 200
    assert client.post("/v1/reports/batch", json=[REPORT], headers=headers).status_code == 200
    assert client.post("/v1/reports/batch", json=[REPORT, REPORT], headers=headers).status_code == 422


def test_pages_of_listed_origins_may_call_and_no_others(client: FlaskClient) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, content-type"}
    allowed = client.options("/v1/reports", headers={"Origin": "https://news.example.org", **asked})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://news.example.org"
    assert "authorization" in allowed.headers["Access-Control-Allow-Headers"].lower()
    answer = client.post("/v1/reports", json=REPORT, headers={**KEY, "Origin": "https://news.example.org"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://news.example.org"
    assert "Origin" in ", ".join(answer.headers.getlist("Vary"))
    for origin in ("https://evil.example", "null", "https://news.example.org.evil.example"):
        assert (
            "Access-Control-Allow-Origin"
            not in client.options("/v1/reports", headers={"Origin": origin, **asked}).headers
        )
        refused = client.post("/v1/reports", json=REPORT, headers={**KEY, "Origin": origin})
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_without_an_allow_list_no_page_elsewhere_may_call(redis_url: str) -> None:
    with claimed_app(make_settings(redis_url), lambda _: None).test_client() as client:
        answer = client.post("/v1/reports", json=REPORT, headers={**KEY, "Origin": "https://news.example.org"})
        assert answer.status_code == 202
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("origins", ["*", "news.example.org", "https://news.example.org/", "https://a b"])
def test_what_is_no_origin_is_refused_at_the_start(origins: str) -> None:
    with pytest.raises(SettingsError, match="QUORUM_CORS_ORIGINS must be origins"):
        read_settings({"QUORUM_CORS_ORIGINS": origins})


def test_a_picture_is_one_image_however_its_url_is_written(client: FlaskClient, bench: Bench) -> None:
    spellings = [
        PICTURE,
        PICTURE + "?fbclid=300",
        "http://CDN.example.org:80/a/b.jpg#x",
        "https://cdn.example.org/a/./b.jpg",
    ]
    for number, url in enumerate([*spellings, PICTURE + "?utm_id=1"]):
        body = {"image_id": url, "reason": "spam", "reporter_id": f"reader-{number}"}
        assert client.post("/v1/reports", json=body, headers=KEY).status_code == 202
    assert bench.drain().blocked == 1
    assert json.loads(bench.events()[0])["subject"] == PICTURE
    status = client.get("/v1/images/https%3A%2F%2Fcdn.example.org%2Fa%2Fb.jpg%3Fgclid%3D9", headers=KEY).get_json()
    assert (status["image_id"], status["state"]) == (PICTURE, "blocked")


def test_a_policy_may_keep_parameters_of_urls(rules: Path, redis_url: str) -> None:
    rules.write_text(NO_CAPS.read_text() + '[urls]\nkeep_query = ["id"]\n')
    settings = make_settings(redis_url, policy_path=rules)
    with claimed_app(settings, lambda _: None).test_client() as client:
        body = {**REPORT, "image_id": "https://example.org/image.php?w=3&id=7"}
        client.post("/v1/reports", json=body, headers=KEY)
        status = client.get("/v1/images/https%3A%2F%2Fexample.org%2Fimage.php%3Fid%3D7%26x%3D1", headers=KEY).get_json()
        assert status["image_id"] == "https://example.org/image.php?id=7"


def test_a_malformed_url_is_refused_by_its_field(client: FlaskClient) -> None:
    answer = client.post("/v1/reports", json={**REPORT, "image_id": "https://user@example.org/"}, headers=KEY)
    assert answer.status_code == 422
    assert "user name or password" in answer.get_json()["detail"]
    assert (
        client.post("/v1/reports", json={**REPORT, "image_id": "https://e.org/" + "x" * 3000}, headers=KEY).status_code
        == 422
    )


def test_reasons_come_in_the_readers_language(client: FlaskClient) -> None:
    answer = client.get("/v1/reasons", headers={"Accept-Language": "ar"})
    assert answer.headers["Content-Language"] == "ar"
    assert answer.get_json()["reasons"][0] == {"name": "violence", "label": "عنف"}


def test_an_edit_of_the_policy_changes_what_the_running_api_takes(app: Flask, client: FlaskClient, rules: Path) -> None:
    app.extensions["quorum"].policies._check_seconds = 0
    app.extensions["quorum"].policies._next_check = 0
    rules.write_text(NO_CAPS.read_text().replace("spam = 1.0", "rumour = 1.0"))
    assert client.post("/v1/reports", json={**REPORT, "reason": "rumour"}, headers=KEY).status_code == 202
    assert client.post("/v1/reports", json={**REPORT, "reason": "spam"}, headers=KEY).status_code == 422
    schema = client.get("/openapi.json").get_json()["components"]["schemas"]["Report"]
    assert "rumour" in schema["properties"]["reason"]["enum"]
    metrics = client.get("/metrics").text
    assert f'quorum_policy_info{{version="{app.extensions["quorum"].policy.version}"}} 1.0' in metrics
    rules.write_text("threshold = ")
    assert client.post("/v1/reports", json={**REPORT, "reason": "rumour"}, headers=KEY).status_code == 202
    assert "quorum_policy_file_bad 1.0" in client.get("/metrics").text


def test_where_the_site_tells_views_a_share_of_them_must_report(client: FlaskClient, bench: Bench, rules: Path) -> None:
    bench.policy = parse_policy(rules.read_text() + "[views]\nleast_ratio = 0.001\n", "test")
    answer = client.post("/v1/images/views", json={"views": {"img-1": 7000, "img-2": 5000}}, headers=KEY)
    assert (answer.status_code, answer.get_json()) == (200, {"images": 2})
    for image in ("img-1", "img-2", "img-3"):
        for number in range(6):
            bench.report(image, f"reader-{number}")
    bench.drain()
    assert [json.loads(event)["subject"] for event in bench.events()] == ["img-2", "img-3"]
    bench.report("img-1", "reader-6")
    assert bench.drain().blocked == 1


@pytest.mark.parametrize(
    "body",
    [{}, {"views": {}}, {"views": {"": 1}}, {"views": {"a": -1}}, {"views": {"a": 2**48}}, {"views": {"a": "1"}},
     {"views": {str(n): 1 for n in range(1001)}}],
)  # fmt: skip
def test_bad_views_are_refused(client: FlaskClient, body: Any) -> None:
    answer = client.post("/v1/images/views", json=body, headers=KEY)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"].startswith("views")


def test_only_a_backend_claims_ages_and_hashes(client: FlaskClient) -> None:
    token = {"Authorization": f"Bearer {mint_token(TOKEN_SECRET, 'quorum', 'reader-1', 60)}"}
    body = {"image_id": "img-1", "reason": "spam"}
    for field, value in (("content_hash", "sha256:" + "0a" * 32), ("reporter_since", "2026-01-01T00:00:00Z")):
        answer = client.post("/v1/reports", json={**body, field: value}, headers=token)
        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["field"] == field
        assert client.post("/v1/reports", json={**body, field: value}).status_code == 401
    bad = client.post("/v1/reports", json={**REPORT, "reporter_since": "yesterday"}, headers=KEY)
    assert bad.get_json()["errors"][0]["field"] == "reporter_since"


def test_the_journal_keeps_the_last_reports_and_no_more(bench: Bench) -> None:
    bench.tally._journal_reports = 100
    for number in range(260):
        bench.report(f"img-{number}", "reader-1")
        if number % 20 == 19:
            bench.drain()
    kept = [decode_entry(entry).image.id for entry in bench.client.lrange(bench.keys.journal, 0, -1)]
    assert kept == [f"img-{number}" for number in range(160, 260)]
