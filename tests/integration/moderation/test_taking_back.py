"""Decisions can be taken back, with exactly what they gave; and they are made about the state that was looked at."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import PEPPER, SITE_KEY, claimed_app, make_settings
from flask.testing import FlaskClient
from store import Bench, open_bench

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.images.image import bucket_of
from quorum.people import Person
from quorum.policy.accuracy import Standing
from quorum.reporters.fingerprints import NAMED, fingerprint
from quorum.reporters.identities import Identities
from quorum.retention.erasure import Erasure
from quorum.settings import Settings
from quorum.tally.codec import decode_standing

SITE = {"Authorization": f"Bearer {SITE_KEY}"}
IMAGE = "img-1"


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    with claimed_app(settings, lambda _: None).test_client() as opened:
        yield opened


@pytest.fixture
def moderator(bench: Bench, settings: Settings) -> dict[str, str]:
    _, whole = ApiKeys(bench.client, settings.namespace).create("Ms Moderator", frozenset({Scope.MODERATE}))
    return {"Authorization": f"Bearer {whole}"}


def send(client: FlaskClient, bench: Bench, first: int, last: int, image: str = IMAGE) -> None:
    for number in range(first, last):
        body = {"image_id": image, "reason": "violence", "reporter_id": f"reader-{number}"}
        assert client.post("/v1/reports", json=body, headers=SITE).status_code == 202
    while bench.drain().taken:
        pass


def decide(client: FlaskClient, moderator: dict[str, str], decision: str, **more: Any) -> Any:
    headers = {**moderator, **more.pop("headers", {})}
    return client.post(f"/v1/images/{IMAGE}/decisions", json={"decision": decision, **more}, headers=headers)


def standing(bench: Bench, number: int) -> tuple[int, int]:
    mark = fingerprint(PEPPER.encode(), NAMED, f"reader-{number}")
    raw = bench.client.hget(f"{bench.keys.reporters}{bucket_of(mark)}", mark)
    known = decode_standing(raw) if raw else Standing()
    return known.upheld, known.unfounded


def events(bench: Bench) -> list[str]:
    return [event["type"].split(".")[2] for event in map(json.loads, bench.events())]


def test_reopening_undoes_a_clear_with_its_rows_and_standings(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client, bench, 0, 5)
    assert decide(client, moderator, "clear").get_json()["state"] == "cleared"
    send(client, bench, 5, 7)
    assert [standing(bench, number) for number in (0, 4, 5)] == [(0, 1), (0, 1), (0, 0)]
    assert decide(client, moderator, "reopen").get_json()["state"] == "blocked"
    assert [standing(bench, number) for number in range(7)] == [(0, 0)] * 7
    assert bench.status(IMAGE).reporters == 7
    assert events(bench) == ["blocked", "unblocked", "blocked"]
    assert len({json.loads(event)["id"] for event in bench.events()}) == 3
    assert bench.client.zcard(bench.keys.blocked) == 1
    assert decide(client, moderator, "reopen").status_code == 409


def test_reopening_an_image_that_was_open_lets_its_reports_judge_it(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client, bench, 0, 4)
    decide(client, moderator, "clear")
    send(client, bench, 4, 5)
    assert decide(client, moderator, "reopen").get_json()["state"] == "open"
    bench.tally.rejudge(bench.policy)
    assert bench.status(IMAGE).state.public_name == "blocked"
    assert bench.status(IMAGE).score == 5.0


@pytest.mark.parametrize(("sent", "before"), [(5, "blocked"), (3, "open")])
def test_reopening_undoes_what_was_upheld_or_blocked(
    client: FlaskClient, bench: Bench, moderator: dict[str, str], sent: int, before: str
) -> None:
    send(client, bench, 0, sent)
    for _ in range(2):
        decide(client, moderator, "block" if before == "open" else "uphold")
        assert [standing(bench, number) for number in range(sent)] == [(1, 0)] * sent
        assert decide(client, moderator, "reopen").get_json()["state"] == before
        assert [standing(bench, number) for number in range(sent)] == [(0, 0)] * sent
    assert events(bench) == (["blocked"] if before == "blocked" else ["blocked", "unblocked"] * 2)
    assert len({json.loads(event)["id"] for event in bench.events()}) == len(bench.events())
    assert decide(client, moderator, "reopen").status_code == 409
    send(client, bench, sent, 6)
    assert bench.status(IMAGE).state.public_name == "blocked"  # reports judge it on


def test_reopening_a_block_of_what_was_cleared_leaves_it_cleared(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client, bench, 0, 5)
    for decision in ("clear", "block", "reopen"):
        decide(client, moderator, decision)
    assert bench.status(IMAGE).state.public_name == "cleared"
    assert [standing(bench, number) for number in range(5)] == [(0, 1)] * 5
    assert decide(client, moderator, "reopen").get_json()["state"] == "blocked"
    assert [standing(bench, number) for number in range(5)] == [(0, 0)] * 5
    assert events(bench) == ["blocked", "unblocked", "blocked", "unblocked", "blocked"]
    assert len({json.loads(event)["id"] for event in bench.events()}) == 5


def test_a_clear_that_was_contested_and_cleared_again_is_reopened_as_a_whole(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client, bench, 0, 5)
    decide(client, moderator, "clear")
    send(client, bench, 5, 15)
    assert client.get("/v1/queue", headers=moderator).get_json()["held"] == 1
    decide(client, moderator, "clear")
    assert standing(bench, 9) == (0, 1)
    assert decide(client, moderator, "reopen").get_json()["state"] == "blocked"
    assert bench.status(IMAGE).reporters == 15
    assert {standing(bench, number) for number in range(15)} == {(0, 0)}


def test_overturning_takes_back_what_was_given_and_nothing_else(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client, bench, 0, 5)
    send(client, bench, 5, 7)  # after the block
    decide(client, moderator, "uphold")
    assert [standing(bench, number) for number in (0, 4, 5, 6)] == [(1, 0), (1, 0), (0, 0), (0, 0)]
    decide(client, moderator, "clear", unfounded=False)
    assert {standing(bench, number) for number in range(7)} == {(0, 0)}
    decide(client, moderator, "block")
    decide(client, moderator, "clear")
    assert {standing(bench, number) for number in range(7)} == {(0, 0)}  # nobody has reported since the first clear


def test_blame_is_taken_back_when_what_was_cleared_is_blocked(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client, bench, 0, 5)
    decide(client, moderator, "clear")
    assert standing(bench, 0) == (0, 1)
    decide(client, moderator, "block")
    assert standing(bench, 0) == (0, 0)


def test_a_decision_about_a_state_that_has_passed_is_refused_and_shows_the_present_one(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client, bench, 0, 1)
    seen = client.get(f"/v1/images/{IMAGE}", headers=SITE).headers["ETag"]
    send(client, bench, 1, 5)
    now = client.get(f"/v1/images/{IMAGE}", headers=SITE).headers["ETag"]
    assert seen != now
    passed = decide(client, moderator, "clear", headers={"If-Match": seen})
    assert (passed.status_code, passed.get_json()["state"], passed.headers["ETag"]) == (412, "blocked", now)
    assert passed.get_json()["type"] == "urn:quorum:problem:state-has-passed"
    assert events(bench) == ["blocked"]
    cleared = decide(client, moderator, "clear", headers={"If-Match": f'"other", {now}'})
    assert (cleared.status_code, cleared.get_json()["state"]) == (200, "cleared")
    assert cleared.headers["ETag"] == client.get(f"/v1/images/{IMAGE}", headers=SITE).headers["ETag"]
    assert decide(client, moderator, "reopen", headers={"If-Match": "*"}).status_code == 200


def test_events_name_moderators_only_where_the_settings_say_so(redis_url: str) -> None:
    for named in (False, True):
        settings = make_settings(redis_url, events_name_moderators=named)
        with claimed_app(settings, lambda _: None).test_client() as client, open_bench(settings) as bench:
            _, whole = ApiKeys(bench.client, settings.namespace).create("Ms Moderator", frozenset({Scope.MODERATE}))
            decide(client, {"Authorization": f"Bearer {whole}"}, "block")
            [event] = map(json.loads, bench.events())
            assert ("Ms Moderator" in json.dumps(event)) is named
            [(_, fields)] = bench.client.xrange(bench.keys.audit)
            assert json.loads(fields[b"decision"])["moderator"] == "Ms Moderator"


def test_the_audit_trail_says_how_many_were_credited_and_blamed(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client, bench, 0, 5)
    send(client, bench, 5, 6)
    for decision in ("uphold", "clear", "reopen"):
        decide(client, moderator, decision)
    trail = [json.loads(fields[b"decision"]) for _, fields in bench.client.xrange(bench.keys.audit)]
    assert [(one["decision"], one["state"], one["after"], one["credited"], one["blamed"]) for one in trail] == [
        ("uphold", "blocked", "blocked", 5, 0),
        ("clear", "blocked", "cleared", 0, 6),
        ("reopen", "cleared", "blocked", 5, 0),
    ]


def test_an_erased_person_is_in_no_decision_and_the_others_can_be_restored(
    client: FlaskClient, bench: Bench, settings: Settings, moderator: dict[str, str]
) -> None:
    send(client, bench, 0, 5)
    decide(client, moderator, "clear")
    marks = Identities(PEPPER).fingerprints_of(Person("reader-2"))
    erased = Erasure(bench.client, settings.namespace, 1).erase(marks)
    assert erased.tallied == 3  # a row and a change that could be taken back, and the standing
    for key in bench.client.scan_iter(f"{bench.keys.decided}*"):
        assert marks[0].hex().encode() not in b"".join(bench.client.hvals(key))
    assert decide(client, moderator, "reopen").status_code == 200
    assert bench.status(IMAGE).reporters == 4
    assert standing(bench, 2) == (0, 0)
