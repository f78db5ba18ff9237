"""`GET /v1/history/{id}` and `GET /v1/audit`: what happened to an image, and every decision."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, open_desk
from redis.exceptions import ResponseError

from quorum.access.keys import Scope
from quorum.errors import InvalidRecord
from quorum.images.image import parse_image
from quorum.moderation.stories import MOST_TOLD, places
from quorum.policy.model import Policy
from quorum.store.connection import connect
from quorum.tally.drain import STANDING_DAYS

HASH = "sha256:" + "ab" * 32
YEAR_MS = STANDING_DAYS * 86_400_000


@pytest.fixture
def desk(redis_url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(redis_url, tmp_path) as opened:
        yield opened


def history(desk: Desk, image: str = "agency%2F1") -> list[dict[str, Any]]:
    answer = desk.get(f"/v1/history/{image}")
    assert answer.status_code == 200
    told: list[dict[str, Any]] = answer.get_json()["history"]
    return told


def policy_of(desk: Desk) -> Policy:
    app: Any = desk.client.application
    policy: Policy = app.extensions["quorum"].policy
    return policy


def test_a_history_tells_every_event_and_decision_with_who_when_and_why(desk: Desk) -> None:
    version = policy_of(desk).version
    desk.report("agency/1")
    desk.decide("agency/1", "clear", note="a museum")
    desk.decide("agency/1", "reopen")
    desk.decide("agency/1", "uphold", note="no, a fake")
    told = history(desk)
    assert [(one["what"], one["decision"], one["by"], one["name"], one["why"]) for one in told] == [
        ("held", None, "policy", None, "protected"),
        ("decision", "clear", "moderator", "Ms Moderator", "a museum"),
        ("released", None, "moderator", None, None),
        ("decision", "reopen", "moderator", "Ms Moderator", None),
        ("held", None, "moderator", None, None),
        ("decision", "uphold", "moderator", "Ms Moderator", "no, a fake"),
        ("blocked", None, "moderator", None, None),
    ]
    assert [one["at"] for one in told] == sorted(one["at"] for one in told)
    assert [one["policy"] for one in told] == [version, version, None, version, None, version, None]
    assert (told[0]["score"], told[0]["reporters"], told[0]["reasons"]) == (3, 3, {"hate": 3})
    assert [(one["state"], one["unfounded"]) for one in told if one["what"] == "decision"] == [
        ("cleared", True),
        ("held", True),
        ("blocked", True),
    ]
    assert history(desk, "never-seen") == []


def test_what_was_deleted_tells_so(desk: Desk) -> None:
    desk.report("img-1")
    headers = desk.key("site", Scope.CONTENT)
    assert desk.client.delete("/v1/images/img-1", headers=headers).status_code == 202
    while desk.bench.drain().taken:
        pass
    assert [(one["what"], one["by"], one["why"]) for one in history(desk, "img-1")] == [
        ("blocked", "policy", None),
        ("deleted", "site", "gone"),
    ]


def test_a_decision_about_a_picture_is_in_the_history_of_all_that_show_it(desk: Desk) -> None:
    for image in ("one", "two"):
        desk.report(image, ["ann", "bob", "cat"], content_hash=HASH)
    desk.decide("one", "clear", note="fine")
    for image in ("one", "two"):
        assert [one["what"] for one in history(desk, image)] == ["blocked", "decision", "unblocked"]
        assert history(desk, image)[1]["why"] == "fine"
    desk.decide("two", "block")
    assert [one["decision"] for one in history(desk, "one")][-2:] == ["block", None]


def test_a_history_is_the_last_fifty(desk: Desk) -> None:
    for number in range(30):
        desk.decide("img-1", "block" if number % 2 else "clear", note=str(number))
    told = history(desk, "img-1")
    assert len(told) == MOST_TOLD
    assert [one["why"] for one in told if one["what"] == "decision"][-2:] == ["28", "29"]
    assert desk.queue("state=blocked")["images"] == []
    desk.report("agency/1")
    assert desk.queue()["images"][0]["history"] == 1


def test_what_is_not_kept_any_more_is_told_by_kind_and_time(desk: Desk) -> None:
    desk.report("agency/1")
    desk.decide("agency/1", "block", note="bad")
    before = history(desk)
    desk.bench.client.delete(desk.bench.keys.events, desk.bench.keys.audit)
    after = history(desk)
    assert [one["what"] for one in after] == [one["what"] for one in before] == ["held", "decision", "blocked"]
    assert {value for one in after for name, value in one.items() if name not in {"at", "what"}} == {None}
    assert [one["at"][:10] for one in after] == [one["at"][:10] for one in before]


def test_a_name_that_is_taken_out_of_the_trail_is_nowhere_else(desk: Desk) -> None:
    desk.decide("img-1", "block", note="said by me")
    [(entry, _)] = desk.bench.client.xrange(desk.bench.keys.audit)
    desk.bench.client.xdel(desk.bench.keys.audit, entry)
    assert "Moderator" not in desk.get("/v1/history/img-1").get_data(as_text=True)
    keys = desk.bench.client.keys(f"{desk.settings.namespace}:*") if "+" not in str(desk.settings.redis_url) else []
    for key in keys:
        if desk.bench.client.type(key) == b"hash" and b"api_keys" not in key:
            assert b"Moderator" not in b"".join(desk.bench.client.hvals(key)), key


def test_bytes_that_are_no_story_are_a_clear_error() -> None:
    for raw in (b"x", b"\0" * 10, b"\x09" + b"\0" * 9):
        with pytest.raises(InvalidRecord):
            places(raw)


def test_stories_end_a_year_after_the_last_of_what_is_open(desk: Desk) -> None:
    client, keys = desk.bench.client, desk.bench.keys
    shown = {"open": b"\x05", "blocked": b"\x01", "fresh": b"\x05"}
    desk.report("blocked")
    now = int(client.time()[0]) * 1000
    for name, mark in shown.items():
        image = parse_image(name)
        at = now - 1000 if name == "fresh" else now - YEAR_MS - 1000
        client.hset(f"{keys.stories}{image.bucket}", image.digest, mark + at.to_bytes(6, "big") + bytes(3))
        desk.bench.tally.compact(policy_of(desk), image.bucket)
    kept = {name for name in shown if client.hexists(f"{keys.stories}{(one := parse_image(name)).bucket}", one.digest)}
    assert kept == {"blocked", "fresh"}
    image = parse_image("garbage")
    client.hset(f"{keys.stories}{image.bucket}", image.digest, b"x")
    desk.bench.tally.compact(policy_of(desk), image.bucket)
    assert not client.hexists(f"{keys.stories}{image.bucket}", image.digest)


def test_a_story_of_a_wrong_type_keeps_no_block_and_no_decision_waiting(desk: Desk) -> None:
    image, client, keys = parse_image("img-1"), desk.bench.client, desk.bench.keys
    client.set(f"{keys.stories}{image.bucket}", "somebody was here")
    desk.report("img-1")
    assert (client.zcard(keys.blocked), client.xlen(keys.dead), len(desk.bench.events())) == (1, 0, 1)
    desk.decide("img-1", "clear")
    assert (client.zcard(keys.blocked), len(desk.bench.events())) == (0, 2)
    assert client.get(f"{keys.stories}{image.bucket}") == b"somebody was here"


def test_causes_of_a_wrong_type_stop_a_drain_before_it_has_taken_anything(desk: Desk) -> None:
    client, keys = desk.bench.client, desk.bench.keys
    client.set(keys.causes, "somebody was here")
    desk.bench.report("img-1", "reader-1", "hate")
    with pytest.raises(ResponseError):
        desk.bench.drain()
    assert client.llen(keys.inbox) == 1
    client.delete(keys.causes)
    assert desk.bench.drain().taken == 1


def test_the_trail_is_read_page_by_page_and_at_its_end_waits(desk: Desk) -> None:
    for number in range(5):
        desk.decide(f"img-{number}", "block", note=f"note {number}")
    seen: list[dict[str, Any]] = []
    last = cursor = None
    for size in (2, 2, 1, 0):
        query = f"limit=2{f'&after={cursor}' if cursor else ''}"
        answer = desk.get(f"/v1/audit?{query}")
        body = answer.get_json()
        assert len(body["decisions"]) == size
        assert answer.headers["Quorum-Cursor"] == body["cursor"]
        seen += body["decisions"]
        last, cursor = cursor, body["cursor"]
    assert last == cursor
    assert [(one["image_id"], one["note"]) for one in seen] == [(f"img-{n}", f"note {n}") for n in range(5)]
    first = seen[0]
    assert (first["moderator"], first["decision"], first["state"], first["after"]) == (
        "Ms Moderator", "block", "open", "blocked",
    )  # fmt: skip
    assert (first["images"], first["credited"], first["blamed"], first["unfounded"]) == (1, 0, 0, True)
    assert first["policy"] == policy_of(desk).version
    assert desk.get("/v1/audit?after=0").get_json()["decisions"] == seen


def test_the_trail_is_lines_for_who_asks_for_them(desk: Desk) -> None:
    for number in range(3):
        desk.decide(f"img-{number}", "block", note="deux\nlignes, é")
    answer = desk.get("/v1/audit?limit=2", Accept="application/x-ndjson")
    assert (answer.mimetype, answer.headers["Vary"]) == ("application/x-ndjson", "Accept")
    lines = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert lines == desk.get("/v1/audit?limit=2").get_json()["decisions"]
    rest = desk.get(f"/v1/audit?after={answer.headers['Quorum-Cursor']}", Accept="application/x-ndjson")
    assert [json.loads(line)["image_id"] for line in rest.get_data(as_text=True).splitlines()] == ["img-2"]


def test_a_cursor_that_the_trail_did_not_give_is_refused(desk: Desk) -> None:
    for cursor in ("x", "1-1.2-2", "-1-0", "1", "9" * 30 + "-0"):
        assert desk.get(f"/v1/audit?after={cursor}").status_code == 400
    for query in ("limit=0", "limit=1001", "before=1-1"):
        assert desk.get(f"/v1/audit?{query}").status_code == 400


def test_what_an_older_release_or_somebody_else_wrote_is_told_as_far_as_it_goes(desk: Desk) -> None:
    old = {"image_id": "img-1", "decision": "clear", "moderator": "ann", "note": "", "at_ms": 1_760_000_000_000}
    for value in (json.dumps(old), "{}", "[]", "not JSON", json.dumps({**old, "at_ms": "soon"}), "\\"):
        desk.bench.client.xadd(desk.bench.keys.audit, {"decision": value})
    desk.bench.client.xadd(desk.bench.keys.audit, {"another": "field"})
    [told] = desk.get("/v1/audit").get_json()["decisions"]
    assert (told["moderator"], told["policy"], told["credited"], told["unfounded"]) == ("ann", None, None, True)


def test_a_backup_has_causes_and_stories_and_no_claims(desk: Desk, tmp_path: Path) -> None:
    if "+cluster" in str(desk.settings.redis_url):
        return
    from quorum.backup.restoring import read_backup  # noqa: PLC0415
    from quorum.backup.writing import write_backup  # noqa: PLC0415

    desk.report("agency/1")
    assert desk.post("/v1/claims/agency%2F1", {}).status_code == 200
    queue, told = desk.queue(), history(desk)
    client: Any = connect(desk.settings.store, 5.0)
    write_backup(client, desk.settings.namespace, tmp_path / "backup")
    client.delete(*client.keys(f"{desk.settings.namespace}:*"))
    read_backup(client, desk.settings.namespace, tmp_path / "backup", resume=True)
    again = desk.queue()
    assert queue["images"][0].pop("claim")["name"] == "Ms Moderator"
    assert again["images"][0].pop("claim") is None
    assert (again, history(desk)) == (queue, told)
