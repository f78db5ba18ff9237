"""What the queue and its neighbours refuse: queries that mean nothing, and pages that nobody gave."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, open_desk

MARK = "contested,held oldest"


@pytest.fixture
def desk(redis_url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(redis_url, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"), ("limit=201", "limit"), ("limit=1e2", "limit"), ("limit=9999999999999999999", "limit"),
        ("state=cleared", "state"), ("state=open&state=held", "state"), ("state=blocked&state=open", "state"),
        ("cause=spite", "cause"), ("state=open&cause=budget", "cause"), ("reason=ugly", "reason"),
        ("since=yesterday", "since"), ("since=2026-01-31T12:00:00", "since"), ("min_score=-1", "min_score"),
        ("min_score=nan", "min_score"), ("min_score=inf", "min_score"), ("sort=random", "sort"), ("page=!", "page"),
        ("page=", "page"), ("offset=3", "offset"), ("limit=1&limit=2", "limit"), ("sort=oldest&sort=newest", "sort"),
    ],
)  # fmt: skip
def test_a_query_that_means_nothing_is_refused_by_name(desk: Desk, query: str, field: str) -> None:
    answer = desk.get(f"/v1/queue?{query}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


def test_no_number_of_any_length_breaks_a_query(desk: Desk) -> None:
    for name in ("limit", "min_score", "since"):
        assert desk.get(f"/v1/queue?{name}={'9' * 5000}").status_code == 400
    for early in ("0001-01-01T00:00:00%2B14:00", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"):
        assert desk.names(f"since={early}") == []


def forged(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


FORGED = (
    forged(),
    forged(MARK, None, None),
    forged(MARK, None, None, None, None),
    forged(MARK, 1, None, None),
    forged(MARK, ["a", "b"], None, None),
    forged(MARK, [True, "b"], None, None),
    forged(MARK, [1, 2], None, None),
    forged(MARK, [1, "\ud800"], None, None),
    forged(MARK, [1, "x" * 3000], None, None),
    forged(MARK, [float("nan"), "x"], None, None),
    forged(MARK, [float("inf"), "x"], None, None),
    forged(MARK, [2**70, "x"], None, None),
    forged(MARK, None, None, [1, "a", "b"]),
    forged("held oldest", *3 * [None]),
    "bm8=",
    "////",
    "\u00e9",
    base64.urlsafe_b64encode(b"[" * 6000).decode(),
    "A" * 50_000,
)


def test_a_page_that_the_queue_did_not_give_is_refused(desk: Desk) -> None:
    for token in FORGED:
        for state in ({}, {"state": "open"}):
            answer = desk.client.get("/v1/queue", query_string={**state, "page": token}, headers=desk.moderator)
            assert (answer.status_code, answer.get_json()["type"]) == (400, "urn:quorum:problem:invalid-cursor"), token


def test_a_page_of_another_list_or_order_is_refused(desk: Desk) -> None:
    for number in range(3):
        desk.report(f"agency/{number}")
    page = desk.queue("limit=1")["next"]
    assert desk.get(f"/v1/queue?limit=1&page={page}").status_code == 200
    for query in ("sort=newest", "sort=priority", "state=held", "state=open", "state=blocked"):
        assert desk.get(f"/v1/queue?{query}&page={page}").status_code == 400


def test_a_page_of_a_partition_that_there_is_not_is_refused(desk: Desk) -> None:
    for partition in ("1", "-1", "x", "\u00b2", "9" * 2000):
        page = forged("open oldest", [0, partition], None, None)
        assert desk.get(f"/v1/queue?state=open&page={page}").status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/history/img-1"), ("GET", "/v1/audit"), ("POST", "/v1/decisions"), ("POST", "/v1/claims/img-1"),
        ("DELETE", "/v1/claims/img-1"), ("POST", "/v1/images/img-1/decisions"),
    ],
)  # fmt: skip
def test_a_parameter_that_there_is_not_is_refused_everywhere(desk: Desk, method: str, path: str) -> None:
    answer = desk.client.open(f"{path}?dry_run=1", method=method, json={"decision": "block"}, headers=desk.moderator)
    assert (answer.status_code, answer.get_json()["type"]) == (400, "urn:quorum:problem:unknown-parameter")
    assert [error["field"] for error in answer.get_json()["errors"]] == ["dry_run"]


def test_the_query_of_an_image_that_is_a_url_is_its_own(desk: Desk) -> None:
    desk.report("https://news.example/a.jpg?id=7")
    for path in ("https://news.example/a.jpg?id=7", "https%3A%2F%2Fnews.example%2Fa.jpg%3Fid%3D7"):
        answer = desk.get(f"/v1/history/{path}").get_json()
        assert (answer["image_id"], len(answer["history"])) == ("https://news.example/a.jpg?id=7", 1)
    assert desk.get("/v1/history/https%3A%2F%2Fnews.example%2Fa.jpg%3Fid%3D7?limit=3").status_code == 400


def test_without_its_data_nothing_seems_to_be_empty(desk: Desk) -> None:
    desk.report("agency/1")
    assert desk.get("/v1/queue").status_code == 200  # the key is known to the process
    desk.bench.client.delete(desk.bench.keys.meta)
    for path in ("queue", "queue?state=open", "queue?state=blocked", "history/agency%2F1", "audit"):
        answer = desk.get(f"/v1/{path}")
        assert (answer.status_code, answer.get_json()["type"]) == (503, "urn:quorum:problem:data-missing")
    body = {"decisions": [{"image_id": "agency/1", "decision": "block"}]}
    for path, sent in (("claims/agency%2F1", {}), ("decisions", body)):
        assert desk.post(f"/v1/{path}", sent).status_code == 503
