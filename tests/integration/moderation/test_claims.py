"""`/v1/claims/{id}`: two moderators do not work on one image."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, open_desk
from redis_server import wait_until
from werkzeug.test import TestResponse

from quorum.access.keys import Scope
from quorum.images.image import parse_image
from quorum.moderation.claims import claim_key


@pytest.fixture
def desk(redis_url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(redis_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def other(desk: Desk) -> dict[str, str]:
    return desk.key("Mr Moderator")


def claim(desk: Desk, headers: dict[str, str], body: Any = None) -> TestResponse:
    return desk.client.post("/v1/claims/img-1", json=body, headers=headers)


def release(desk: Desk, headers: dict[str, str]) -> TestResponse:
    return desk.client.delete("/v1/claims/img-1", headers=headers)


def seconds_left(desk: Desk, body: dict[str, Any]) -> float:
    seconds, micros = desk.bench.client.time()
    return datetime.fromisoformat(body["until"]).timestamp() - float(seconds) - float(micros) / 1e6


def test_one_who_comes_second_is_told_who_and_until_when(desk: Desk, other: dict[str, str]) -> None:
    first = claim(desk, desk.moderator)
    assert first.status_code == 200
    assert (first.get_json()["image_id"], first.get_json()["name"]) == ("img-1", "Ms Moderator")
    assert 295 < seconds_left(desk, first.get_json()) <= 300
    second = claim(desk, other)
    assert second.status_code == 409
    body = second.get_json()
    assert (body["type"], body["name"], body["until"]) == (
        "urn:quorum:problem:claimed", "Ms Moderator", first.get_json()["until"],
    )  # fmt: skip
    assert release(desk, other).status_code == 409
    assert release(desk, desk.moderator).status_code == 204
    assert release(desk, desk.moderator).status_code == 204
    assert claim(desk, other).get_json()["name"] == "Mr Moderator"


def test_the_holder_may_claim_again_for_longer(desk: Desk) -> None:
    claim(desk, desk.moderator)
    again = claim(desk, desk.moderator, {"minutes": 60})
    assert 3590 < seconds_left(desk, again.get_json()) <= 3600
    assert 0 < seconds_left(desk, claim(desk, desk.moderator, {"minutes": 1}).get_json()) <= 60


def test_a_claim_ends_by_itself(desk: Desk, other: dict[str, str]) -> None:
    claim(desk, desk.moderator)
    key = claim_key(desk.bench.keys, parse_image("img-1"))
    assert 295_000 < desk.bench.client.pttl(key) <= 300_000
    desk.bench.client.pexpire(key, 1)
    wait_until(lambda: not desk.bench.client.exists(key), 5, "the end of the claim")
    assert claim(desk, other).status_code == 200


def test_the_queue_shows_it_and_a_decision_heeds_it_not(desk: Desk, other: dict[str, str]) -> None:
    desk.report("agency/1")
    until = desk.post("/v1/claims/agency%2F1", {"minutes": 2}).get_json()["until"]
    [image] = desk.queue()["images"]
    assert image["claim"] == {"name": "Ms Moderator", "until": until}
    answer = desk.client.post("/v1/images/agency%2F1/decisions", json={"decision": "block"}, headers=other)
    assert answer.status_code == 200


def test_two_keys_of_the_same_name_are_two_moderators(desk: Desk) -> None:
    claim(desk, desk.moderator)
    assert claim(desk, desk.key("Ms Moderator")).status_code == 409


@pytest.mark.parametrize("minutes", [0, 61, -1, 1.5, "5", True, None, 10**30])
def test_minutes_that_mean_nothing_are_refused(desk: Desk, minutes: Any) -> None:
    answer = claim(desk, desk.moderator, {"minutes": minutes})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == ["minutes"]


def test_a_body_may_be_left_out_and_must_be_json_otherwise(desk: Desk) -> None:
    path = "/v1/claims/img-1"
    assert desk.client.post(path, headers=desk.moderator).status_code == 200
    assert desk.client.post(path, data=b"minutes=5", headers=desk.moderator).status_code == 415
    assert desk.client.post(path, json={"hours": 5}, headers=desk.moderator).status_code == 422


def test_only_moderators_claim(desk: Desk) -> None:
    for headers, status in (({}, 401), (desk.key("reader", Scope.READ), 403)):
        assert claim(desk, headers).status_code == status
        assert release(desk, headers).status_code == status


def test_what_somebody_else_wrote_is_no_claim(desk: Desk) -> None:
    desk.report("agency/1")
    key = claim_key(desk.bench.keys, parse_image("agency/1"))
    for raw in (
        b"not JSON",
        b"[]",
        b"{}",
        b"7",
        b'{"key": "x"}',
        b'{"key": "x", "name": "y", "until": "soon"}',
        b"\xff",
    ):
        desk.bench.client.set(key, raw)
        assert desk.queue()["images"][0]["claim"] is None
        assert desk.post("/v1/claims/agency%2F1", {}).status_code == 200
