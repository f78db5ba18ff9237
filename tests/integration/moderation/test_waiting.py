"""`GET /v1/queue`: what waits, why, in which order, page by page; and what else a moderator might look at."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import claimed_app, make_settings
from desk import RULES, Desk, open_desk
from store import open_bench

from quorum.access.keys import Scope
from quorum.events.event import timestamp
from quorum.images.image import bucket_of, parse_image
from quorum.judgement.waiting import Cause
from quorum.moderation.decisions import Action
from quorum.moderation.shields import Shields
from quorum.moderation.waiting import stored_queue
from quorum.people import Person
from quorum.policy import parse_policy
from quorum.policy.accuracy import Standing
from quorum.reporters.identities import Identities
from quorum.store.keys import keys_of
from quorum.tally.codec import encode_standing
from quorum.tally.drain import PartitionTally


@pytest.fixture
def desk(redis_url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(redis_url, tmp_path) as opened:
        yield opened


def pages(desk: Desk, query: str = "", *, between: Any = lambda: None) -> list[list[str]]:
    """Return the ids of all pages, following `Link` as a client would."""
    found, path = [], f"/v1/queue?{query}"
    while path:
        answer = desk.get(path)
        assert answer.status_code == 200, answer.get_json()
        found.append([image["image_id"] for image in answer.get_json()["images"]])
        assert len(found) < 100
        link = answer.headers.get("Link")
        assert bool(link) == bool(answer.get_json()["next"])
        path = link[1:].partition(">")[0] if link else ""
        between()
    return found


def spend_budgets(desk: Desk) -> list[str]:
    """Let a crew block as many images as a person may in a day; return its names."""
    crew = ["ann", "bob", "cat"]
    for number in range(2):
        desk.report(f"spent-{number}", crew)
    return crew


def test_each_cause_of_a_hold_is_told_counted_and_found(desk: Desk) -> None:
    desk.report("agency/1")
    desk.report("budget", spend_budgets(desk))
    shields = Shields(desk.bench.client, desk.settings.namespace, 1)
    shields.raise_(None, "a test")
    desk.report("shields")
    shields.lower("a test")
    desk.decide("contested", "clear")
    desk.report("contested", 2)
    desk.report("agency/2")
    desk.decide("agency/2", "clear", unfounded=False)
    desk.decide("agency/2", "reopen")
    queue = desk.queue()
    causes = {image["image_id"]: image["cause"] for image in queue["images"]}
    assert causes == {
        "agency/1": "protected",
        "budget": "budget",
        "shields": "shields",
        "contested": "contested",
        "agency/2": "reopened",
    }
    once = ("protected", "shields", "budget", "contested", "reopened")
    assert queue["counts"] == {cause.value: int(cause in once) for cause in Cause}
    assert queue["held"] == 5
    for image, cause in causes.items():
        assert desk.names(f"cause={cause}") == [image]
    assert desk.names("state=contested") == ["contested"]
    assert sorted(desk.names("state=held")) == sorted(set(causes) - {"contested"})
    assert sorted(desk.names("state=held&state=contested")) == sorted(causes)
    assert desk.names("state=held&cause=contested") == []
    for image in causes:
        desk.decide(image, "clear")
    emptied = desk.queue()
    assert (emptied["images"], emptied["held"], set(emptied["counts"].values())) == ([], 0, {0})
    assert desk.bench.client.hlen(desk.bench.keys.causes) == 0


def test_people_who_are_warned_hold(desk: Desk) -> None:
    minute = int(desk.bench.client.time()[0]) // 60
    for number in range(3):
        [mark, *_] = Identities(desk.settings.pepper).fingerprints_of(Person(f"img-1-{number}"))
        key = f"{desk.bench.keys.reporters}{bucket_of(mark)}"
        desk.bench.client.hset(key, mark, encode_standing(Standing(warned=minute)))
    desk.bench.client.hset(desk.bench.keys.stats, "standings", 1)
    desk.report("img-1")
    [image] = desk.queue()["images"]
    assert image["cause"] == "warned"


def test_an_entry_says_all_that_a_moderator_needs(desk: Desk) -> None:
    image = "agency/a b?ü"
    for number, address in enumerate(["203.0.113.1", "203.0.113.2", "203.0.113.3", "198.51.100.9"]):
        desk.report(image, [f"reader-{number}"], "spam" if number else "hate", reporter_address=address)
    desk.report(image, ["of nowhere", "nor she"])
    [entry] = desk.queue()["images"]
    status = desk.get("/v1/images/agency%2Fa%20b%3F%C3%BC")
    assert entry.items() >= status.get_json().items()
    assert status.headers["ETag"] == f'"{entry["tag"]}"'
    assert entry["tag"] == "1-held"
    weights = entry["weights"]
    assert weights["by_class"] == {"verified": {"reporters": 6, "points": 4.5}}
    assert sorted(share["reporters"] for share in weights["groups"]) == [1, 3]
    assert max(weights["groups"], key=lambda share: share["reporters"])["points"] < 2  # together less than each alone
    assert weights["other_groups"] == {"reporters": 0, "points": 0}
    assert weights["no_network"] == {"reporters": 2, "points": 2}
    total = sum(share["points"] for share in [*weights["groups"], weights["no_network"]])
    assert total == pytest.approx(entry["score"])
    assert entry["history"] == 1
    assert entry["claim"] is None
    assert entry["picture_url"] == "https://img.example/agency%2Fa%20b%3F%C3%BC?size=large"
    assert entry["since"] <= timestamp(int(desk.bench.client.time()[0]) * 1000 + 1000)


def test_no_fingerprint_and_no_network_tag_is_told(desk: Desk) -> None:
    desk.report("agency/1", reporter_address="203.0.113.1")
    record = desk.bench.statuses.kept([parse_image("agency/1")])[0][0][0]
    text = desk.get("/v1/queue").get_data(as_text=True) + desk.get("/v1/history/agency%2F1").get_data(as_text=True)
    for row in record.rows:
        assert row.fingerprint.hex() not in text
        assert not {str(tag) for tag in row.networks} & set(text.replace(",", " ").replace("}", " ").split())


def test_pages_go_from_the_oldest_to_the_newest_and_back(desk: Desk) -> None:
    names = [f"agency/{number}" for number in range(7)]
    for name in names:
        desk.report(name)
    assert pages(desk, "limit=3") == [names[:3], names[3:6], names[6:]]
    assert [one for page in pages(desk, "limit=3&sort=newest") for one in page] == names[::-1]
    assert pages(desk, "limit=7") == [names]


def test_images_held_in_the_same_moment_are_all_told_once(desk: Desk) -> None:
    names = [f"agency/{number:02}" for number in range(23)]
    desk.bench.client.zadd(desk.bench.keys.held, dict.fromkeys(names, 1_760_000_000_000))
    for sort in ("oldest", "newest", "priority"):
        found = [one for page in pages(desk, f"limit=5&sort={sort}") for one in page]
        assert sorted(found) == names
    assert set(desk.queue()["counts"].values()) == {0, 23}  # of whom nobody knows why


@pytest.mark.parametrize("sort", ["oldest", "newest", "priority"])
def test_what_is_decided_meanwhile_hides_nothing_else(desk: Desk, sort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_queue, "WINDOW", 4)
    names = [f"agency/{number}" for number in range(11)]
    for place, name in enumerate(names):
        desk.report(name, 3 + place % 5)
    seen: list[str] = []

    def decide() -> None:
        for image in desk.names("limit=2"):
            desk.decide(image, "block")

    for page in pages(desk, f"limit=2&sort={sort}", between=decide):
        seen += page
    assert len(seen) == len(set(seen))
    gone = {name for name in names if name not in seen}
    still = set(desk.names())
    assert not gone & still  # what was not shown was decided before its turn came


def test_priority_is_severity_times_speed_times_reach(desk: Desk) -> None:
    desk.report("agency/spam", 3, "spam")
    desk.report("agency/spam", 6, "spam")
    desk.report("agency/hate", 4, "hate")
    desk.report("agency/violence", 3, "violence")
    desk.report("agency/seen", 4, "hate")
    views = {"views": {"agency/seen": 99}}
    assert desk.client.post("/v1/images/views", json=views, headers=desk.key("site", Scope.REPORT)).status_code == 200
    found = {image["image_id"]: image["priority"] for image in desk.queue("sort=priority")["images"]}
    assert list(found) == ["agency/seen", "agency/violence", "agency/hate", "agency/spam"]
    assert found == {"agency/seen": 12, "agency/violence": 6, "agency/hate": 4, "agency/spam": 3}
    assert pages(desk, "sort=priority&limit=1") == [[name] for name in found]


def test_filters_by_reason_score_and_time(desk: Desk) -> None:
    desk.report("agency/hate", 3, "hate")
    desk.report("agency/spam", 6, "spam")
    desk.report("agency/hate", ["another", "and another"], "spam")
    assert desk.names("reason=hate") == ["agency/hate"]
    assert sorted(desk.names("reason=spam")) == ["agency/hate", "agency/spam"]
    assert desk.names("reason=violence") == []
    assert sorted(desk.names("reason=violence&reason=hate&reason=spam")) == ["agency/hate", "agency/spam"]
    assert desk.names("min_score=3.5") == ["agency/hate"]
    assert sorted(desk.names("min_score=3")) == ["agency/hate", "agency/spam"]
    later = datetime.now(UTC) + timedelta(hours=1)
    [first, second] = desk.queue()["images"]
    assert desk.names(f"since={later.isoformat().replace('+', '%2B')}") == []
    assert desk.names(f"since={second['since']}") == [second["image_id"]]
    assert desk.names(f"since={first['since']}&sort=newest") == [second["image_id"], first["image_id"]]


def test_a_filtered_page_looks_at_so_many_and_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        desk.report(f"agency/{number}", 6, "spam" if number != 8 else "hate")
    monkeypatch.setattr(stored_queue, "WINDOW", 4)
    assert pages(desk, "reason=hate") == [[], [], ["agency/8"]]
    assert pages(desk, "reason=spam&limit=3") == [
        [f"agency/{number}" for number in page] for page in ((0, 1, 2), (3,), (4, 5, 6), (7,), ())
    ]


def test_what_is_open_and_may_cross_is_a_list_of_its_own(desk: Desk) -> None:
    for number in range(5):
        desk.report(f"near-{number}", 2)
    desk.report("far", 1, "spam")
    desk.report("agency/held")
    desk.report("blocked")
    assert sorted(desk.names("state=open")) == [f"near-{number}" for number in range(5)]
    assert desk.names("state=open&sort=oldest&limit=2") == ["near-0", "near-1"]
    found = pages(desk, "state=open&limit=2")
    assert sorted(one for page in found for one in page) == [f"near-{number}" for number in range(5)]
    image = desk.queue("state=open")["images"][0]
    assert (image["cause"], image["since"]) == (None, image["first_reported_at"])


def test_many_open_images_are_all_found_scan_by_scan(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_queue, "WINDOW", 20)
    names = {f"near-{number}" for number in range(60)}
    for name in names:
        for person in ("ann", "bob"):
            desk.bench.report(name, person, "hate", at=int(desk.bench.client.time()[0]) * 1000)
    while desk.bench.drain().taken:
        pass
    desk.bench.client.config_set("zset-max-ziplist-entries", 8)
    try:
        waiting = desk.bench.client.zrange(desk.bench.keys.pending, 0, -1, withscores=True)
        desk.bench.client.delete(desk.bench.keys.pending)
        desk.bench.client.zadd(desk.bench.keys.pending, dict(waiting))
        found = pages(desk, "state=open&limit=7")
    finally:
        desk.bench.client.config_set("zset-max-ziplist-entries", 128)
    assert {one for page in found for one in page} == names


def test_what_reports_blocked_and_nobody_has_reviewed_is_another(desk: Desk) -> None:
    for name in ("one", "two", "three"):
        desk.report(name)
    desk.decide("two", "uphold")
    desk.decide("by hand", "block")
    assert desk.names("state=blocked") == ["one", "three"]
    assert desk.names("state=blocked&sort=newest") == ["three", "one"]
    image = desk.queue("state=blocked")["images"][0]
    assert (image["since"], image["cause"], image["history"]) == (image["blocked_at"], None, 1)


def test_what_waits_since_before_causes_were_kept_is_told(desk: Desk) -> None:
    desk.report("agency/1")
    desk.decide("contested", "clear")
    desk.report("contested", 2)
    desk.bench.client.delete(desk.bench.keys.causes)
    desk.bench.client.hdel(desk.bench.keys.stats, "waiting_protected", "waiting_contested")
    queue = desk.queue()
    assert [image["cause"] for image in queue["images"]] == ["unknown", "contested"]
    assert queue["counts"]["unknown"] == 2
    assert desk.names("cause=unknown") == ["agency/1"]
    assert desk.names("state=contested") == ["contested"]
    desk.decide("agency/1", "block")
    assert desk.queue()["counts"]["unknown"] == 1


def test_a_contest_that_was_withdrawn_ends_with_the_next_clear(desk: Desk) -> None:
    desk.decide("img-1", "clear")
    desk.report("img-1", 2)
    for number in range(2):
        body = {"reporter_id": f"img-1-{number}"}
        headers = desk.key("site", Scope.REPORT)
        assert desk.client.delete("/v1/reports/img-1", json=body, headers=headers).status_code == 202
    while desk.bench.drain().taken:
        pass
    assert desk.names() == ["img-1"]
    desk.decide("img-1", "clear")
    assert desk.names() == []


def test_an_image_that_is_gone_waits_no_more(desk: Desk) -> None:
    desk.report("agency/1")
    headers = desk.key("site", Scope.CONTENT)
    assert desk.client.delete("/v1/images/agency%2F1", headers=headers).status_code == 202
    while desk.bench.drain().taken:
        pass
    assert (desk.names(), set(desk.queue()["counts"].values())) == ([], {0})


def test_several_partitions_are_one_queue(redis_url: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(RULES, encoding="utf-8")
    settings = make_settings(redis_url, policy_path=path, partitions=3)
    policy = parse_policy(RULES, "a test")
    app = claimed_app(settings, lambda _: None)
    with app.test_client() as client, open_bench(settings) as bench:
        desk = Desk(client, bench, settings)
        names = [f"agency/{number}" for number in range(9)]
        for name in names:
            desk.report(name)
            for number in range(3):
                tally = PartitionTally(bench.client, keys_of(settings.namespace, number), 3)
                while tally.drain(policy).taken:
                    pass
        assert {parse_image(name).partition(3) for name in names} == {0, 1, 2}
        assert pages(desk, "limit=4") == [names[:4], names[4:8], names[8:]]
        assert [one for page in pages(desk, "limit=2&sort=newest") for one in page] == names[::-1]
        assert desk.queue()["counts"]["protected"] == 9
        decisions = app.extensions["quorum"].decisions
        decisions.decide(parse_image(names[4]), Action.BLOCK, "m", policy)
        assert sorted(desk.names("sort=priority&limit=100")) == sorted(set(names) - {names[4]})
