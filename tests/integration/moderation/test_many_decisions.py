"""`POST /v1/decisions`: up to a thousand decisions, a result for each; and what would come of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from blocks import Block
from conftest import namespace_keys
from desk import Desk, open_desk

from quorum.access.keys import Scope
from quorum.errors import StoreUnavailable
from quorum.moderation.stored_decisions import Decisions
from report_api.resources.moderation import decisions as view


@pytest.fixture
def desk(redis_url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(redis_url, tmp_path) as opened:
        yield opened


def decide(desk: Desk, *items: Any, dry_run: bool = False) -> dict[str, Any]:
    answer = desk.post("/v1/decisions", {"decisions": list(items), **({"dry_run": True} if dry_run else {})})
    assert answer.status_code == 200, answer.get_json()
    body: dict[str, Any] = answer.get_json()
    assert [one["index"] for one in body["results"]] == list(range(len(items)))
    assert body["decided"] + body["refused"] == len(items)
    assert body["dry_run"] is dry_run
    return body


def item(image: str, decision: str, **more: Any) -> dict[str, Any]:
    return {"image_id": image, "decision": decision, **more}


@pytest.mark.runs("docs/api.md", '{"decisions":')
def test_the_decisions_that_the_page_shows_are_made(desk: Desk, shown: list[Block]) -> None:
    [block] = shown
    desk.report("agency/1")  # is held here
    desk.report("img-2")
    answer = desk.post("/v1/decisions", json.loads(block.text.replace("img-1", "agency/1")))
    results = [(one["status"], one["before"], one["state"]) for one in answer.get_json()["results"]]
    assert results == [(200, "held", "blocked"), (200, "blocked", "cleared")]


def test_each_has_its_result_and_a_bad_one_hinders_no_other(desk: Desk) -> None:
    desk.report("agency/1")
    desk.report("img-1")
    body = decide(
        desk,
        item("agency/1", "uphold", note="yes"),
        item("img-2", "uphold"),
        item("", "block"),
        item("img-3", "ban"),
        "a text",
        item("img-1", "clear", expected="7-open"),
        item("img-1", "clear", expected="1-blocked", unfounded=False),
        item("img-4", "block", note="x" * 1001),
        item("img-5", "block", note="\ud800"),
        item("img-6", "block", why="no such field"),
        item("img-7", "block"),
    )
    statuses = [one["status"] for one in body["results"]]
    assert statuses == [200, 409, 422, 422, 422, 412, 200, 422, 422, 422, 200]
    assert (body["decided"], body["refused"]) == (3, 8)
    first, refused, *_ = body["results"]
    assert first == {
        "index": 0, "status": 200, "image_id": "agency/1", "before": "held", "state": "blocked", "tag": "1-upheld",
        "changed": True, "events": ["quorum.image.blocked.v1"], "images": 1, "credited": 3, "blamed": 0,
    }  # fmt: skip
    assert "only what is held or blocked can be upheld" in refused["detail"]
    passed = body["results"][5]
    assert (passed["state"], passed["tag"], passed["image_id"]) == ("blocked", "1-blocked", "img-1")
    fields = [[error["field"] for error in one.get("errors", [])] for one in body["results"]]
    assert fields == [[], [], ["image_id"], ["decision"], ["body"], [], [], ["note"], ["note"], ["why"], []]
    assert body["results"][3]["image_id"] == "img-3"
    states = desk.post("/v1/images/status", {"image_ids": ["agency/1", "img-1", "img-7", "img-3"]}).get_json()
    assert [one["state"] for one in states["images"]] == ["blocked", "cleared", "blocked", "open"]
    audit = desk.get("/v1/audit").get_json()["decisions"]
    assert [(one["image_id"], one["note"], one["unfounded"]) for one in audit] == [
        ("agency/1", "yes", True),
        ("img-1", "", False),
        ("img-7", "", True),
    ]


def test_a_dry_run_says_what_would_come_and_writes_nothing(desk: Desk) -> None:
    for name in ("agency/1", "img-1"):
        desk.report(name)
    before = {key: desk.bench.client.dump(key) for key in namespace_keys(desk.bench.client, desk.settings.namespace)}
    asked = [item("agency/1", "clear"), item("img-1", "uphold"), item("img-2", "reopen"), item("img-3", "block")]
    tried = decide(desk, *asked, dry_run=True)["results"]
    after = {key: desk.bench.client.dump(key) for key in namespace_keys(desk.bench.client, desk.settings.namespace)}
    assert before == after
    assert [one["status"] for one in tried] == [200, 200, 409, 200]
    assert (tried[0]["before"], tried[0]["state"], tried[0]["blamed"]) == ("held", "cleared", 3)
    assert tried[0]["events"] == ["quorum.image.released.v1"]
    assert decide(desk, *asked)["results"] == tried


def test_the_tag_of_the_queue_is_what_a_decision_expects(desk: Desk) -> None:
    desk.report("agency/1")
    [image] = desk.queue()["images"]
    [done] = decide(desk, item("agency/1", "clear", expected=image["tag"]))["results"]
    assert done["status"] == 200
    [passed] = decide(desk, item("agency/1", "block", expected=image["tag"]))["results"]
    assert (passed["status"], passed["tag"]) == (412, done["tag"])
    etag = desk.get("/v1/images/agency%2F1").headers["ETag"].strip('"')
    assert decide(desk, item("agency/1", "block", expected=etag))["decided"] == 1


def test_deciding_what_is_so_already_changes_nothing(desk: Desk) -> None:
    results = decide(desk, item("img-1", "block"), item("img-1", "block"))["results"]
    assert [(one["changed"], one["events"]) for one in results] == [(True, ["quorum.image.blocked.v1"]), (False, [])]


def test_a_thousand_are_taken_and_one_more_is_not(desk: Desk) -> None:
    many = [item(f"img-{number}", "block") for number in range(1001)]
    assert desk.post("/v1/decisions", {"decisions": many}).status_code == 422
    assert decide(desk, *many[:1000])["decided"] == 1000
    assert desk.bench.client.zcard(desk.bench.keys.blocked) == 1000


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "decisions"), ({"decisions": []}, "decisions"), ({"decisions": {}}, "decisions"),
        ({"decisions": "all"}, "decisions"), ({"decisions": None}, "decisions"),
        ({"decisions": [item("a", "block")], "dry_run": "yes"}, "dry_run"),
        ({"decisions": [item("a", "block")], "dryrun": True}, "dryrun"),
    ],
)  # fmt: skip
def test_a_body_that_means_nothing_decides_nothing(desk: Desk, body: Any, field: str) -> None:
    answer = desk.post("/v1/decisions", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]
    assert desk.bench.client.xlen(desk.bench.keys.audit) == 0


def test_what_cannot_be_reached_is_told_and_the_rest_not_tried(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    decide_one = Decisions.decide

    def failing(self: Decisions, image: Any, *args: Any, **more: Any) -> Any:
        tried.append(image.id)
        if len(tried) > 1:
            raise StoreUnavailable("it went away")
        return decide_one(self, image, *args, **more)

    monkeypatch.setattr(Decisions, "decide", failing)
    body = decide(desk, *(item(f"img-{number}", "block") for number in range(4)))
    assert [one["status"] for one in body["results"]] == [200, 503, 503, 503]
    assert tried == ["img-0", "img-1"]
    answer = desk.post("/v1/decisions", {"decisions": [item("img-5", "block")]})
    assert answer.status_code == 503


def test_what_takes_too_long_is_told_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MOST_SECONDS", -1.0)
    body = decide(desk, item("img-1", "block"))
    assert [one["status"] for one in body["results"]] == [503]
    assert desk.bench.client.xlen(desk.bench.keys.audit) == 0


def test_only_moderators_decide_about_many_and_may_read_what_that_takes(desk: Desk) -> None:
    body = {"decisions": [item("img-1", "block")]}
    for headers, status in (({}, 401), (desk.key("reader", Scope.READ), 403), (desk.key("site", Scope.REPORT), 403)):
        assert desk.client.post("/v1/decisions", json=body, headers=headers).status_code == status
    for path in ("images/img-1", "copies/img-1", "history/img-1"):
        assert desk.get(f"/v1/{path}").status_code == 200
    assert desk.post("/v1/images/status", {"image_ids": ["img-1"]}).status_code == 200
    for path in ("gate/img-1", "blocklist", "events"):
        assert desk.get(f"/v1/{path}").status_code == 403
