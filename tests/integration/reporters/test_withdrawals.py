"""A report is one per person and image, and theirs: it can be changed, and taken back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import SITE_KEY, TOKEN_SECRET, claimed_app, make_settings
from flask.testing import FlaskClient
from store import Bench, open_bench

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.judgement.records import State
from quorum.reporters.tokens import mint_token
from quorum.settings import Settings

SITE = {"Authorization": f"Bearer {SITE_KEY}"}
IMAGE = "img-1"


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    with claimed_app(settings, lambda _: None).test_client() as opened:
        yield opened


def send(client: FlaskClient, bench: Bench, *readers: int, reason: str = "violence") -> None:
    for number in readers:
        body = {"image_id": IMAGE, "reason": reason, "reporter_id": f"reader-{number}"}
        assert client.post("/v1/reports", json=body, headers=SITE).status_code == 202
    drain(bench)


def withdraw(client: FlaskClient, bench: Bench, *readers: int) -> None:
    for number in readers:
        answer = client.delete(f"/v1/reports/{IMAGE}", json={"reporter_id": f"reader-{number}"}, headers=SITE)
        assert (answer.status_code, answer.get_json()) == (202, {"status": "accepted", "image_id": IMAGE})
    drain(bench)


def drain(bench: Bench) -> None:
    while bench.drain().taken:
        pass


def events(bench: Bench) -> list[tuple[str, str | None]]:
    found = map(json.loads, bench.events())
    return [(event["type"].split(".")[2], event["data"].get("cause")) for event in found]


def test_who_withdraws_is_not_counted_and_may_report_again(client: FlaskClient, bench: Bench) -> None:
    send(client, bench, 0, 1, 2)
    withdraw(client, bench, 1, 7)
    assert (bench.status(IMAGE).reporters, bench.status(IMAGE).score) == (2, 2.0)
    send(client, bench, 1)
    assert bench.status(IMAGE).reporters == 3
    withdraw(client, bench, 0, 1, 2, 2)
    assert bench.status(IMAGE).reporters == 0


def test_a_report_that_is_sent_again_with_another_reason_is_changed(client: FlaskClient, bench: Bench) -> None:
    send(client, bench, 0, reason="spam")
    send(client, bench, 0, reason="self_harm")
    assert bench.status(IMAGE).reasons == {"self_harm": 1}


def test_a_young_block_that_the_others_do_not_reach_is_undone_with_its_event(client: FlaskClient, bench: Bench) -> None:
    send(client, bench, 0, 1, 2, 3, 4, 5)
    withdraw(client, bench, 5)
    assert bench.status(IMAGE).state is State.BLOCKED
    withdraw(client, bench, 0)
    assert bench.status(IMAGE).state is State.OPEN
    assert events(bench) == [("blocked", None), ("unblocked", "withdrawn")]
    assert bench.client.zcard(bench.keys.blocked) == 0
    send(client, bench, 6)  # the bar is the usual one: nobody has cleared it
    assert events(bench)[2:] == [("blocked", None)]
    assert len({json.loads(event)["id"] for event in bench.events()}) == 3


def test_an_undone_block_is_given_back_to_those_who_carried_it(client: FlaskClient, bench: Bench) -> None:
    send(client, bench, 0, 1, 2, 3)
    for _ in range(15):  # more often than anybody may carry a block in a day
        send(client, bench, 4)
        withdraw(client, bench, 4)
    send(client, bench, 5)
    assert bench.status(IMAGE).state is State.BLOCKED


def test_once_a_block_stands_its_reports_stay_for_the_moderator(client: FlaskClient, bench: Bench) -> None:
    long_ago = int(bench.client.time()[0]) * 1000 - 16 * 60_000
    for number in range(5):
        bench.report(IMAGE, f"reader-{number}", at=long_ago)
    drain(bench)
    withdraw(client, bench, 0, 1, 2, 3, 4)
    assert (bench.status(IMAGE).state, bench.status(IMAGE).reporters) == (State.BLOCKED, 5)
    assert events(bench) == [("blocked", None)]


def test_with_no_time_to_undo_a_block_stays(redis_url: str, tmp_path: Any) -> None:
    from quorum.policy.load import _default_text  # noqa: PLC0415

    rules = tmp_path / "policy.toml"
    rules.write_text(_default_text().replace("undo_minutes = 15", "undo_minutes = 0"))
    settings = make_settings(redis_url, policy_path=rules)
    app = claimed_app(settings, lambda _: None)
    with app.test_client() as client, open_bench(settings) as bench:
        bench.policy = app.extensions["quorum"].policy
        send(client, bench, 0, 1, 2, 3, 4)
        withdraw(client, bench, 0)
        assert bench.status(IMAGE).state is State.BLOCKED


def test_a_reader_withdraws_with_the_token_that_reported_and_nobody_elses(client: FlaskClient, bench: Bench) -> None:
    tokens = [{"Authorization": f"Bearer {mint_token(TOKEN_SECRET, 'quorum', name, 3600)}"} for name in ("a", "b")]
    for headers in tokens:
        body = {"image_id": IMAGE, "reason": "spam"}
        assert client.post("/v1/reports", json=body, headers=headers).status_code == 202
    drain(bench)
    assert client.delete(f"/v1/reports/{IMAGE}", headers=tokens[0]).status_code == 202
    drain(bench)
    assert bench.status(IMAGE).reporters == 1
    named = client.delete(f"/v1/reports/{IMAGE}", json={"reporter_id": "b"}, headers=tokens[0])
    assert (named.status_code, named.get_json()["errors"][0]["field"]) == (422, "reporter_id")
    drain(bench)
    assert bench.status(IMAGE).reporters == 1


@pytest.mark.parametrize(("headers", "status"), [({"Authorization": "Bearer nonsense"}, 401), (SITE, 422)])
def test_who_withdraws_must_be_known(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    assert client.delete(f"/v1/reports/{IMAGE}", headers=headers).status_code == status


def test_a_key_without_the_scope_withdraws_nothing(client: FlaskClient, bench: Bench, settings: Settings) -> None:
    _, whole = ApiKeys(bench.client, settings.namespace).create("reader", frozenset({Scope.READ}))
    headers = {"Authorization": f"Bearer {whole}"}
    answer = client.delete(f"/v1/reports/{IMAGE}", json={"reporter_id": "a"}, headers=headers)
    assert answer.status_code == 403
