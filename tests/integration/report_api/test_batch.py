"""`POST /v1/reports/batch`: a result for each report, and a bad one hinders no other."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import SITE_KEY, TOKEN_SECRET, claimed_app, make_settings
from flask.testing import FlaskClient
from store import Bench

from quorum.errors import StoreUnavailable
from quorum.inbox.inbox import Receipt, Sending
from quorum.reporters.tokens import mint_token
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.tally.codec import decode_entry

KEY = {"Authorization": f"Bearer {SITE_KEY}"}


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    with claimed_app(settings, lambda _: None).test_client() as opened:
        yield opened


def report(number: int, **changes: Any) -> dict[str, Any]:
    return {"image_id": f"img-{number}", "reason": "violence", "reporter_id": "reader-1", **changes}


def stored(bench: Bench) -> list[str]:
    return [decode_entry(raw).image.id for raw in bench.client.lrange(bench.keys.inbox, 0, -1)]


def test_a_thousand_reports_are_accepted_in_order(client: FlaskClient, bench: Bench) -> None:
    response = client.post("/v1/reports/batch", json=[report(number) for number in range(1000)], headers=KEY)
    assert response.status_code == 200
    answer = response.get_json()
    assert (answer["accepted"], answer["refused"]) == (1000, 0)
    assert answer["results"] == [
        {"index": number, "status": 202, "image_id": f"img-{number}"} for number in range(1000)
    ]
    assert stored(bench) == [f"img-{number}" for number in range(1000)]


def test_a_bad_report_is_named_and_hinders_no_other(client: FlaskClient, bench: Bench) -> None:
    batch = [report(0), report(1, reason="no_such"), "text", report(3, image_id="a\u0000"), report(4)]
    nameless = report(5)
    del nameless["reporter_id"]
    answer = client.post("/v1/reports/batch", json=[*batch, nameless, None], headers=KEY).get_json()
    assert [result["status"] for result in answer["results"]] == [202, 422, 422, 422, 202, 422, 422]
    fields = [[error["field"] for error in result.get("errors", [])] for result in answer["results"]]
    assert fields == [[], ["reason"], ["body"], ["image_id"], [], ["reporter_id"], ["body"]]
    assert (answer["accepted"], answer["refused"]) == (2, 5)
    assert stored(bench) == ["img-0", "img-4"]


def test_a_report_on_each_line_will_do_too(client: FlaskClient, bench: Bench) -> None:
    body = "\n".join([json.dumps(report(0)), "", "{", json.dumps(report(1)), ""])
    response = client.post("/v1/reports/batch", data=body, headers=KEY, content_type="application/x-ndjson")
    answer = response.get_json()
    assert [result["status"] for result in answer["results"]] == [202, 422, 202]
    assert answer["results"][1]["errors"][0]["field"] == "body"
    assert stored(bench) == ["img-0", "img-1"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("[]", "application/json", 422),
        ("{}", "application/json", 422),
        ("[", "application/json", 400),
        ("", "application/x-ndjson", 422),
        (json.dumps([1] * 1001), "application/json", 422),
        ("1\n" * 1001, "application/x-ndjson", 422),
        ("[]", "text/plain", 415),
        (" " * 1_048_577, "application/json", 413),
    ],
)
def test_what_is_no_batch_is_refused_whole(
    client: FlaskClient, bench: Bench, body: str, content_type: str, status: int
) -> None:
    response = client.post("/v1/reports/batch", data=body, headers=KEY, content_type=content_type)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert stored(bench) == []


@pytest.mark.parametrize("headers", [{}, {"Authorization": f"Bearer {mint_token(TOKEN_SECRET, 'quorum', 'r', 86400)}"}])
def test_only_a_backend_may_send_batches(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/v1/reports/batch", json=[report(0)], headers=headers).status_code == 401


def test_without_redis_nothing_is_accepted() -> None:
    with claimed_app(make_settings("redis://127.0.0.1:1/0"), lambda _: None).test_client() as client:
        response = client.post("/v1/reports/batch", json=[report(0)], headers=KEY)
        assert response.status_code == 503
        assert response.headers["Retry-After"]


def test_a_partition_that_fails_fails_its_own_reports_only(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_settings(redis_url, partitions=2)
    app = claimed_app(settings, lambda _: None)
    inbox = app.extensions["quorum"].inbox
    working = inbox.append

    def append(partition: int, *reports: Sending) -> Receipt:
        if partition == 1:
            raise StoreUnavailable("down")
        receipt: Receipt = working(partition, *reports)
        return receipt

    monkeypatch.setattr(inbox, "append", append)
    answer = app.test_client().post("/v1/reports/batch", json=[report(n) for n in range(40)], headers=KEY).get_json()
    statuses = {result["status"] for result in answer["results"]}
    assert statuses == {202, 503}
    with connect(redis_url, 5.0) as redis:
        assert redis.llen(f"{settings.namespace}:{{0}}:inbox") == answer["accepted"]
