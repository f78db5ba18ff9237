"""Images that show the same picture: they share their reports, and each is judged by its own rules."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import SITE_KEY, claimed_app, make_settings
from flask import Flask
from flask.testing import FlaskClient
from store import Bench, open_bench

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.moderation.shields import Shields
from quorum.settings import Settings

SITE = {"Authorization": f"Bearer {SITE_KEY}"}
HASH, OTHER = "sha256:" + "ab" * 32, "sha256:" + "cd" * 32
RULES = """
threshold = 5
min_reporters = 5
window_days = 30
[reporters]
verified = 1
anonymous = 0
[reasons]
violence = 1
spam = 1
[[images]]
match = "agency/*"
protected = true
[[images]]
match = "hard/*"
threshold = 9
min_reporters = 9
[limits]
reporter = 0
[people]
muted = ["muted"]
"""


@pytest.fixture
def settings(redis_url: str, tmp_path: Any) -> Settings:
    (rules := tmp_path / "policy.toml").write_text(RULES)
    return make_settings(redis_url, policy_path=rules)


@pytest.fixture
def app(settings: Settings) -> Flask:
    return claimed_app(settings, lambda _: None)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as opened:
        yield opened


@pytest.fixture
def bench(app: Flask, settings: Settings) -> Iterator[Bench]:
    with open_bench(settings) as opened:
        opened.policy = app.extensions["quorum"].policy
        yield opened


@pytest.fixture
def moderator(bench: Bench, settings: Settings) -> dict[str, str]:
    _, whole = ApiKeys(bench.client, settings.namespace).create("m", frozenset({Scope.MODERATE, Scope.READ}))
    return {"Authorization": f"Bearer {whole}"}


def send(client: FlaskClient, bench: Bench, image: str, *readers: str, content: str | None = HASH, **more: Any) -> None:
    for reader in readers:
        body = {"image_id": image, "reason": "violence", "reporter_id": reader, **more}
        body |= {"content_hash": content} if content else {}
        assert client.post("/v1/reports", json=body, headers=SITE).status_code == 202
    while bench.drain().taken:
        pass


def states(client: FlaskClient, *images: str) -> list[str]:
    return [client.get(f"/v1/images/{image}", headers=SITE).get_json()["state"] for image in images]


def events(bench: Bench) -> list[tuple[str, str]]:
    return [(event["subject"], event["type"].split(".")[2]) for event in map(json.loads, bench.events())]


def decide(client: FlaskClient, moderator: dict[str, str], decision: str, image: str) -> Any:
    return client.post(f"/v1/images/{image}/decisions", json={"decision": decision}, headers=moderator)


def test_copies_share_their_reports_are_blocked_together_and_a_clear_is_about_the_picture(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client, bench, "a", "r1", "r2")
    send(client, bench, "b", "r3")
    send(client, bench, "c", "r4", content=HASH.upper().replace("SHA", "sha"))
    assert states(client, "a", "b", "c") == ["open"] * 3
    send(client, bench, "c", "r5", content=None)
    assert sorted(events(bench)) == [("a", "blocked"), ("b", "blocked"), ("c", "blocked")]
    send(client, bench, "d", "r6")
    assert events(bench)[3:] == [("d", "blocked")]
    assert decide(client, moderator, "clear", "b").get_json()["state"] == "cleared"
    assert sorted(events(bench)[4:]) == [(image, "unblocked") for image in "abcd"]
    assert bench.client.zcard(bench.keys.blocked) == 0


def test_more_copies_than_are_judged_at_once_follow_with_the_next_sweep(client: FlaskClient, bench: Bench) -> None:
    names = [f"copy-{number}" for number in range(24)]
    for name in names:
        send(client, bench, name, "r1")
    bench.policy = bench.policy.__class__(**{**vars_of(bench), "people": free(bench)})
    send(client, bench, names[0], "r2", "r3", "r4", "r5")
    assert len(events(bench)) == 17
    bench.tally.rejudge(bench.policy)
    assert sorted(events(bench)) == sorted((name, "blocked") for name in names)


def vars_of(bench: Bench) -> dict[str, Any]:
    return {name: getattr(bench.policy, name) for name in type(bench.policy).__dataclass_fields__}


def free(bench: Bench) -> Any:
    from dataclasses import replace  # noqa: PLC0415

    return replace(bench.policy.people, blocks_per_day=0)


def test_reports_before_the_hash_was_known_count_for_the_picture(client: FlaskClient, bench: Bench) -> None:
    send(client, bench, "a", "r1", "r2", "r3", "r4", content=None)
    send(client, bench, "b", "r5")
    assert events(bench) == []
    send(client, bench, "a", "r1")
    assert sorted(events(bench)) == [("a", "blocked"), ("b", "blocked")]


def test_a_copy_of_a_blocked_picture_is_judged_by_its_own_rules(client: FlaskClient, bench: Bench) -> None:
    send(client, bench, "a", "r1", "r2", "r3", "r4", "r5")
    send(client, bench, "agency/1", "r6")
    send(client, bench, "hard/1", "r6")
    assert states(client, "a", "agency/1", "hard/1") == ["blocked", "held", "open"]
    send(client, bench, "hard/1", "r7", "r8", "r9")
    assert states(client, "hard/1") == ["blocked"]


def test_one_report_of_a_muted_person_joins_nothing(client: FlaskClient, bench: Bench) -> None:
    send(client, bench, "a", "r1", "r2", "r3", "r4", "r5")
    send(client, bench, "b", "muted")
    assert states(client, "b") == ["open"]


def test_with_the_shields_up_a_copy_of_a_blocked_picture_is_held(
    client: FlaskClient, bench: Bench, settings: Settings
) -> None:
    send(client, bench, "a", "r1", "r2", "r3", "r4", "r5")
    Shields(bench.client, settings.namespace, 1).raise_(None, "m")
    send(client, bench, "b", "r1")
    assert states(client, "b") == ["held"]


def test_copies_spend_the_budgets_of_those_who_carry_them(client: FlaskClient, bench: Bench) -> None:
    send(client, bench, "first", "r1", "r2", "r3", "r4", "r5")
    for number in range(300):
        send(client, bench, f"copy-{number}", "r1")
    found = states(client, *(f"copy-{number}" for number in range(300)))
    assert (found.count("blocked"), found.count("held")) == (9, 291)


def test_nothing_joins_a_picture_about_which_something_was_decided_and_a_moderator_sees_it_beside(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client, bench, "a", "r1", "r2", "r3", "r4")
    send(client, bench, "b", "r1", "r2", "r3", "r4", "r5", content=OTHER)
    assert decide(client, moderator, "clear", "b").status_code == 200
    send(client, bench, "a2", "r6", "r7", "r8", "r9", content=None)
    send(client, bench, "a2", "r6", content=OTHER)
    assert states(client, "a2", "b") == ["open", "cleared"]
    assert bench.status("a2").reporters == 4
    send(client, bench, "a2", "r10", content=OTHER)
    assert states(client, "a2", "b") == ["blocked", "cleared"]
    beside = client.get("/v1/copies/a2", headers=moderator).get_json()
    assert beside == {"image_id": "a2", "shared": False, "copies": [{"image_id": "b", "state": "cleared"}]}
    assert client.get("/v1/copies/a", headers=moderator).get_json() == {"image_id": "a", "shared": True, "copies": []}


def test_separate_parts_an_image_from_its_copies_for_good(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client, bench, "a", "r1", "r2", "r3")
    send(client, bench, "b", "r4", "r5")
    assert states(client, "a", "b") == ["blocked", "blocked"]
    assert decide(client, moderator, "separate", "b").get_json()["state"] == "open"
    assert events(bench)[2:] == [("b", "unblocked")]
    send(client, bench, "b", "r1")
    assert states(client, "a", "b") == ["blocked", "open"]
    assert bench.status("b").reporters == 1
    refused = decide(client, moderator, "separate", "b")
    assert (refused.status_code, refused.get_json()["type"]) == (409, "urn:quorum:problem:decision-refused")


def test_an_image_with_another_content_begins_anew(client: FlaskClient, bench: Bench, site_key: dict[str, str]) -> None:
    send(client, bench, "a", "r1", "r2", "r3", "r4", "r5")
    for content, state, epoch in ((HASH, "blocked", 1), (OTHER, "open", 2), (OTHER, "open", 2)):
        answer = client.put("/v1/images/a", json={"content_hash": content}, headers=site_key)
        assert (answer.status_code, answer.get_json()) == (202, {"status": "accepted", "image_id": "a"})
        bench.drain()
        status = bench.status("a")
        assert (status.state.public_name, status.epoch) == (state, epoch)
    assert events(bench) == [("a", "blocked"), ("a", "unblocked")]
    unblocked = json.loads(bench.events()[1])["data"]
    assert (unblocked["cause"], unblocked["decided_by"]) == ("content", {"kind": "site"})
    send(client, bench, "b", "r1", "r2", "r3", "r4", content=OTHER)
    send(client, bench, "a", "r5", content=None)
    assert states(client, "a", "b") == ["blocked", "blocked"]  # they show the same picture now


def test_an_image_that_is_gone_leaves_blocklist_and_queue(
    client: FlaskClient, bench: Bench, site_key: dict[str, str]
) -> None:
    send(client, bench, "a", "r1", "r2", "r3", "r4", "r5", content=None)
    send(client, bench, "agency/1", "r1", "r2", "r3", "r4", "r5", content=None)
    for image in ("a", "agency/1", "unknown"):
        assert client.delete(f"/v1/images/{image}", headers=site_key).status_code == 202
        bench.drain()
    assert states(client, "a", "agency/1") == ["open", "open"]
    assert (bench.client.zcard(bench.keys.blocked), bench.client.zcard(bench.keys.held)) == (0, 0)
    assert events(bench)[2:] == [("a", "deleted"), ("agency/1", "deleted")]
    send(client, bench, "a", "r1", "r2", "r3", "r4", "r5", content=None)
    assert events(bench)[4:] == [("a", "blocked")]
    assert len({json.loads(event)["id"] for event in bench.events()}) == 5


@pytest.fixture
def site_key(bench: Bench, settings: Settings) -> dict[str, str]:
    _, whole = ApiKeys(bench.client, settings.namespace).create("cms", frozenset({Scope.CONTENT}))
    return {"Authorization": f"Bearer {whole}"}


def test_who_says_what_an_image_shows_needs_the_scope(client: FlaskClient, bench: Bench, settings: Settings) -> None:
    _, whole = ApiKeys(bench.client, settings.namespace).create("plain", frozenset({Scope.REPORT}))
    headers = {"Authorization": f"Bearer {whole}"}
    body = {"image_id": "a", "reason": "violence", "reporter_id": "r1"}
    assert client.post("/v1/reports", json=body, headers=headers).status_code == 202
    refused = client.post("/v1/reports", json={**body, "content_hash": HASH}, headers=headers)
    assert refused.status_code == 403
    assert refused.get_json()["errors"][0]["field"] == "content_hash"
    assert "report:content" in refused.get_json()["detail"]
    batch = client.post("/v1/reports/batch", json=[body, {**body, "content_hash": HASH}], headers=headers).get_json()
    assert [one["status"] for one in batch["results"]] == [202, 422]
    assert batch["results"][1]["errors"][0]["field"] == "content_hash"
    assert client.put("/v1/images/a", json={"content_hash": HASH}, headers=headers).status_code == 403
    assert client.delete("/v1/images/a", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "body", [{}, {"content_hash": None}, {"content_hash": "md5:1"}, {"content_hash": HASH, "x": 1}]
)
def test_a_bad_content_is_named(client: FlaskClient, site_key: dict[str, str], body: dict[str, Any]) -> None:
    answer = client.put("/v1/images/a", json=body, headers=site_key)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] in {"content_hash", "x"}
