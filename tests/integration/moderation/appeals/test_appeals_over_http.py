"""Appeals over HTTP: who may, what they are told, in which language."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from conftest import SITE_KEY, claimed_app
from flask import Flask
from flask.testing import FlaskClient
from store import Bench

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of

SITE = {"Authorization": f"Bearer {SITE_KEY}"}
APPEALS, DECISION = "/v1/images/img-1/appeals", "/v1/images/img-1/appeals/decision"
WORDS = "My words, of me alone"


@pytest.fixture
def app(bench: Bench, settings: Settings) -> Flask:
    bench.block("img-1")
    return claimed_app(settings, lambda _: None)


@pytest.fixture
def api(app: Flask) -> FlaskClient:
    return app.test_client()


def moderator(settings: Settings, name: str) -> dict[str, str]:
    with connect(settings.store, 5.0) as client:
        _, whole = ApiKeys(client, settings.namespace).create(name, frozenset({Scope.MODERATE}))
    return {"Authorization": f"Bearer {whole}"}


def refused(answer: Any, status: int, kind: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.get_json(force=True)
    assert (answer.status_code, body["type"]) == (status, f"urn:quorum:problem:{kind}"), body
    return body


def test_a_site_appeals_for_an_uploader_and_a_moderator_decides(api: FlaskClient, settings: Settings) -> None:
    ana = moderator(settings, "ana")
    taken = api.post(APPEALS, json={"text": WORDS, "uploader": "uploader-1"}, headers=SITE)
    assert taken.status_code == 201
    told = taken.get_json()
    assert (told["image_id"], told["state"]) == ("img-1", "open")
    [image] = [api.get("/v1/images/img-1", headers=SITE).get_json()]
    assert image["appeal"] == {"id": told["id"], "at": told["at"], "state": "open"}
    queue = api.get("/v1/queue?state=appealed", headers=ana).get_json()
    assert [(one["image_id"], one["appeal"]["state"]) for one in queue["images"]] == [("img-1", "open")]
    assert queue["appealed"] == 1
    [appeal] = api.get("/v1/appeals/img-1", headers=ana).get_json()["appeals"]
    assert (appeal["text"], appeal["against"], appeal["outcome"]) == (WORDS, None, None)
    decided = api.post(DECISION, json={"decision": "clear", "note": "right"}, headers=ana)
    assert decided.get_json() == {"image_id": "img-1", "state": "cleared", "outcome": "cleared"}
    [appeal] = api.get("/v1/appeals/img-1", headers=ana).get_json()["appeals"]
    assert (appeal["outcome"], appeal["moderator"], appeal["note"]) == ("cleared", "ana", "right")
    events = api.get("/v1/events?type=quorum.appeal.decided.v1", headers=SITE).get_json()
    assert [(event["id"], event["data"]["outcome"]) for event in events] == [(told["id"], "cleared")]
    assert api.get("/v1/images/img-1", headers=SITE).get_json()["appeal"] is None
    told_of = [one["what"] for one in api.get("/v1/history/img-1", headers=ana).get_json()["history"]]
    assert told_of == ["blocked", "decision", "unblocked", "appeal"]


def test_what_cannot_be_appealed_is_refused_in_the_language_of_the_reader(api: FlaskClient, bench: Bench) -> None:
    body = {"text": WORDS}
    refused(api.post("/v1/images/nobody-knows/appeals", json=body, headers=SITE), 404, "unknown-image")
    bench.report("img-2", "reader-1")
    bench.drain()
    french = {**SITE, "Accept-Language": "fr"}
    told = refused(api.post("/v1/images/img-2/appeals", json=body, headers=french), 409, "not-blocked")
    assert told["title"] == "L'image n'est pas bloquée"
    assert api.post(APPEALS, json=body, headers=SITE).status_code == 201
    told = refused(api.post(APPEALS, json=body, headers={**SITE, "Accept-Language": "es"}), 409, "appeal-exists")
    assert told["title"] == "Ya hubo un recurso"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": " \n"},
        {"text": "x" * 2001},
        {"text": "\ud800"},
        {"text": 1},
        {"text": "x", "by": "y"},
    ],
)
def test_an_appeal_that_is_not_valid_is_none(api: FlaskClient, body: dict[str, Any]) -> None:
    refused(api.post(APPEALS, json=body, headers=SITE), 422, "invalid-report")
    assert api.post(APPEALS, json={"text": "x" * 2000}, headers=SITE).status_code == 201


def test_a_retry_with_its_key_gets_the_same_answer(api: FlaskClient) -> None:
    headers = {**SITE, "Idempotency-Key": "one"}
    first = api.post(APPEALS, json={"text": WORDS}, headers=headers)
    assert (first.status_code, first.get_json()["state"]) == (201, "open")
    again = api.post(APPEALS, json={"text": WORDS}, headers=headers)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    refused(api.post(APPEALS, json={"text": "other"}, headers=headers), 422, "idempotency-key-reused")
    refused(api.post(APPEALS, json={"text": WORDS}, headers=SITE), 409, "appeal-exists")


def test_who_decided_before_does_not_decide_the_appeal(api: FlaskClient, settings: Settings) -> None:
    ana, bob = moderator(settings, "ana"), moderator(settings, "bob")
    decided = api.post("/v1/images/img-1/decisions", json={"decision": "uphold"}, headers=ana)
    assert decided.status_code == 200
    refused(api.post(DECISION, json={"decision": "uphold"}, headers=bob), 409, "no-open-appeal")
    api.post(APPEALS, json={"text": WORDS}, headers=SITE)
    refused(api.post(DECISION, json={"decision": "uphold"}, headers=ana), 409, "appeal-needs-another")
    refused(
        api.post("/v1/images/img-1/decisions", json={"decision": "clear"}, headers=ana), 409, "appeal-needs-another"
    )
    many = {"decisions": [{"image_id": "img-1", "decision": "clear"}]}
    [result] = api.post("/v1/decisions", json=many, headers=ana).get_json()["results"]
    assert result["status"] == 409
    refused(api.post(DECISION, json={"decision": "block"}, headers=bob), 422, "invalid-report")
    answer = api.post(DECISION, json={"decision": "uphold"}, headers=bob)
    assert answer.get_json()["outcome"] == "upheld"
    assert api.get("/v1/images/img-1", headers=SITE).get_json()["appeal"]["state"] == "upheld"


def test_of_many_who_appeal_or_decide_at_once_one_is_heard(app: Flask, settings: Settings) -> None:
    deciders = [moderator(settings, f"moderator-{number}") for number in range(4)]

    def lodge(number: int) -> int:
        answer = app.test_client().post(APPEALS, json={"text": f"try {number}"}, headers=SITE)
        return int(answer.status_code)

    def decide(headers: dict[str, str]) -> int:
        return int(app.test_client().post(DECISION, json={"decision": "uphold"}, headers=headers).status_code)

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(lodge, range(8))) == [201] + [409] * 7
        assert sorted(threads.map(decide, deciders)) == [200] + [409] * 3
    events = app.test_client().get("/v1/events?type=quorum.appeal.decided.v1", headers=SITE).get_json()
    assert len(events) == 1


def test_no_name_is_kept_and_no_text_leaves_the_appeal(api: FlaskClient, bench: Bench, settings: Settings) -> None:
    ana = moderator(settings, "ana")
    api.post(APPEALS, json={"text": WORDS, "uploader": "uploader-1"}, headers=SITE)
    api.post(DECISION, json={"decision": "uphold"}, headers=ana)
    keys = keys_of(settings.namespace, 0)
    for name in bench.client.keys(f"{settings.namespace}:*"):
        dumped = bench.client.dump(name)
        assert b"uploader-1" not in dumped, name
        assert WORDS.encode() not in dumped or name.startswith(keys.appeals.encode()), name
