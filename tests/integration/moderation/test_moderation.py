"""Decisions of moderators over HTTP, what follows from them for images and reporters, and erasure."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PEPPER, SITE_KEY, claimed_app, make_settings
from flask.testing import FlaskClient
from store import NOW_MS, Bench, open_bench

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.images.image import bucket_of
from quorum.moderation import docket, stored_decisions
from quorum.moderation.stored_decisions import Decisions
from quorum.moderation.stored_reporters import Reporters
from quorum.people import Person
from quorum.policy.accuracy import Standing
from quorum.reporters.fingerprints import NAMED, fingerprint
from quorum.reporters.identities import Identities
from quorum.retention.erasure import Erased, Erasure
from quorum.settings import Settings
from quorum.tally.codec import decode_standing
from quorum.tally.journal import Journal

SITE = {"Authorization": f"Bearer {SITE_KEY}"}
IMAGE = "img-1"
HASH = "sha256:" + "ab" * 32
DAY_MS = 86_400_000


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    with claimed_app(settings, lambda _: None).test_client() as opened:
        yield opened


@pytest.fixture
def moderator(bench: Bench, settings: Settings) -> dict[str, str]:
    _, whole = ApiKeys(bench.client, settings.namespace).create("Ms Moderator", frozenset({Scope.MODERATE}))
    return {"Authorization": f"Bearer {whole}"}


def send(client: FlaskClient, image: str = IMAGE, people: int = 5, **more: Any) -> None:
    for number in range(people):
        body = {"image_id": image, "reason": "violence", "reporter_id": f"reader-{number}", **more}
        assert client.post("/v1/reports", json=body, headers=SITE).status_code == 202


def drain(bench: Bench) -> None:
    while bench.drain().taken:
        pass


def decide(client: FlaskClient, moderator: dict[str, str], decision: str, image: str = IMAGE, **more: Any) -> Any:
    answer = client.post(f"/v1/images/{image}/decisions", json={"decision": decision, **more}, headers=moderator)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()["state"]


def events(bench: Bench) -> list[tuple[str, str, int]]:
    found = map(json.loads, bench.events())
    return [(event["subject"], event["type"].split(".")[2], event["data"]["epoch"]) for event in found]


def standing(bench: Bench, reporter: str) -> Standing:
    mark = fingerprint(PEPPER.encode(), NAMED, reporter)
    raw = bench.client.hget(f"{bench.keys.reporters}{bucket_of(mark)}", mark)
    return decode_standing(raw) if raw else Standing()


def test_a_clear_unblocks_says_so_and_makes_immune(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client)
    drain(bench)
    assert decide(client, moderator, "clear", note="a war museum") == "cleared"
    assert events(bench) == [(IMAGE, "blocked", 1), (IMAGE, "unblocked", 1)]
    unblocked = json.loads(bench.events()[1])
    assert unblocked["data"]["decided_by"] == {"kind": "moderator"}
    assert bench.client.zcard(bench.keys.blocked) == 0
    send(client, people=20)
    drain(bench)
    status = client.get(f"/v1/images/{IMAGE}", headers=SITE).get_json()
    assert (status["state"], status["epoch"], status["reporters"]) == ("cleared", 2, 20)
    assert status["score"] == 0
    assert len(events(bench)) == 2


def test_after_immunity_it_takes_twice_as_much(client: FlaskClient, bench: Bench, moderator: dict[str, str]) -> None:
    send(client)
    drain(bench)
    decide(client, moderator, "clear", unfounded=False)
    seconds, _ = bench.client.time()
    later = int(seconds) * 1000 + 91 * DAY_MS
    for number in range(9):
        bench.report(IMAGE, f"late-{number}", at=later)
    drain(bench)
    assert bench.client.zcard(bench.keys.blocked) == 0
    bench.report(IMAGE, "late-9", at=later)
    drain(bench)
    assert events(bench)[-1] == (IMAGE, "blocked", 2)


def test_a_decision_is_once_and_the_same_again_changes_nothing(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client)
    drain(bench)
    for _ in range(3):
        assert decide(client, moderator, "uphold") == "blocked"
    assert standing(bench, "reader-0").upheld == 1
    assert len(events(bench)) == 1
    for _ in range(3):
        assert decide(client, moderator, "clear") == "cleared"
    found = standing(bench, "reader-0")
    assert (found.upheld, found.unfounded) == (0, 1)
    assert decide(client, moderator, "block") == "blocked"
    assert events(bench) == [(IMAGE, "blocked", 1), (IMAGE, "unblocked", 1), (IMAGE, "blocked", 2)]


def test_an_image_that_nobody_reported_can_be_blocked_and_not_upheld(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    answer = client.post("/v1/images/new/decisions", json={"decision": "uphold"}, headers=moderator)
    assert answer.status_code == 409
    assert "only what is held or blocked can be upheld, and the image is open" in answer.get_json()["detail"]
    assert decide(client, moderator, "block", image="new") == "blocked"
    [event] = map(json.loads, bench.events())
    assert (event["data"]["reporters"], event["data"]["first_reported_at"]) == (0, None)


def test_what_is_held_waits_in_the_queue_until_it_is_decided(redis_url: str, tmp_path: Path) -> None:
    rules = tmp_path / "policy.toml"
    rules.write_text(
        "threshold=2\nmin_reporters=2\nwindow_days=30\n[reporters]\nverified=1\nanonymous=1\n[reasons]\nviolence=1\n"
        '[[images]]\nmatch="agency/*"\nprotected=true\n'
    )
    settings = make_settings(redis_url, policy_path=rules)
    app = claimed_app(settings, lambda _: None)
    with app.test_client() as client, open_bench(settings) as bench:
        bench.policy = app.extensions["quorum"].policy
        _, whole = ApiKeys(bench.client, settings.namespace).create("Ms Moderator", frozenset({Scope.MODERATE}))
        moderator = {"Authorization": f"Bearer {whole}"}
        for image in ("agency/1", "agency/2", "reader/1"):
            send(client, image, people=2)
        drain(bench)
        queue = client.get("/v1/queue", headers=moderator).get_json()
        assert (queue["held"], [image["image_id"] for image in queue["images"]]) == (2, ["agency/1", "agency/2"])
        assert all(image["protected"] for image in queue["images"])
        assert len(client.get("/v1/queue?limit=1", headers=moderator).get_json()["images"]) == 1
        assert decide(client, moderator, "uphold", image="agency/1") == "blocked"
        assert decide(client, moderator, "clear", image="agency/2") == "cleared"
        emptied = client.get("/v1/queue", headers=moderator).get_json()
        assert (emptied["images"], emptied["held"], emptied["next"], set(emptied["counts"].values())) == (
            [],
            0,
            None,
            {0},
        )
        assert events(bench) == [
            ("agency/1", "held", 1),
            ("agency/2", "held", 1),
            ("reader/1", "blocked", 1),
            ("agency/1", "blocked", 1),
            ("agency/2", "released", 1),
        ]


@pytest.mark.parametrize("path", ["/v1/queue", "/v1/images/img-1/decisions"])
def test_only_moderators_decide(client: FlaskClient, path: str) -> None:
    ask = client.get if path == "/v1/queue" else client.post
    assert ask(path, headers=SITE).status_code == 403
    assert ask(path).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "decision"), ({"decision": "ban"}, "decision"), ({"decision": "clear", "note": "x" * 1001}, "note"),
     ({"decision": "clear", "unfounded": "no"}, "unfounded"), ({"decision": "clear", "why": ""}, "why")],
)  # fmt: skip
def test_a_bad_decision_is_named(client: FlaskClient, moderator: dict[str, str], body: Any, field: str) -> None:
    answer = client.post("/v1/images/img-1/decisions", json=body, headers=moderator)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.get_json()["errors"]]


def test_accuracy_moves_the_weight_of_the_next_report(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client)
    drain(bench)
    decide(client, moderator, "clear")
    send(client, "img-2", people=1)
    drain(bench)
    assert client.get("/v1/images/img-2", headers=SITE).get_json()["score"] == 0.909


def test_frequent_unfounded_reports_warn_then_mute_and_the_site_can_tell(
    client: FlaskClient, bench: Bench, settings: Settings, moderator: dict[str, str]
) -> None:
    for number in range(10):
        send(client, f"img-{number}", people=1)
        drain(bench)
        decide(client, moderator, "clear", image=f"img-{number}")
    ask = {"reporter_ids": ["reader-0", "somebody"]}
    first, other = client.post("/v1/reporters/status", json=ask, headers=SITE).get_json()["reporters"]
    assert (first["standing"], first["unfounded"], other["standing"]) == ("warned", 10, "good")
    assert first["warned_at"]
    assert first["muted_until"] is None
    mark = fingerprint(PEPPER.encode(), NAMED, "reader-0")
    bucket = f"{bench.keys.reporters}{bucket_of(mark)}"
    warned = standing(bench, "reader-0")
    eight_days_ago = warned.warned - 8 * 1440
    raw = bench.client.hget(bucket, mark)
    bench.client.hset(bucket, mark, raw[:5] + eight_days_ago.to_bytes(4, "big") + raw[9:])
    send(client, "img-10", people=1)
    drain(bench)
    decide(client, moderator, "clear", image="img-10")
    [first] = client.post("/v1/reporters/status", json={"reporter_ids": ["reader-0"]}, headers=SITE).get_json()[
        "reporters"
    ]
    assert first["standing"] == "muted"
    assert first["muted_until"]
    send(client, "img-11", people=1)
    drain(bench)
    assert bench.status("img-11").score == 0
    counters = {name.decode(): int(count) for name, count in bench.client.hgetall(bench.keys.stats).items()}
    assert (counters["reporters_warned"], counters["reporters_muted"], counters["muted"]) == (1, 1, 1)
    Reporters(bench.client, settings.namespace, 1).mute(mark, 0)
    send(client, "img-12", people=1)
    drain(bench)
    assert bench.status("img-12").reporters == 1


def test_a_clear_of_well_meant_reports_counts_against_nobody(
    client: FlaskClient, bench: Bench, moderator: dict[str, str]
) -> None:
    send(client)
    drain(bench)
    decide(client, moderator, "clear", unfounded=False)
    assert standing(bench, "reader-0") == Standing()


def test_decisions_are_kept_in_the_audit_trail(client: FlaskClient, bench: Bench, moderator: dict[str, str]) -> None:
    send(client)
    drain(bench)
    decide(client, moderator, "clear", note="a war museum")
    [(_, fields)] = bench.client.xrange(bench.keys.audit)
    trail = json.loads(fields[b"decision"])
    assert (trail["image_id"], trail["decision"], trail["moderator"], trail["note"], trail["state"]) == (
        IMAGE, "clear", "Ms Moderator", "a war museum", "blocked",
    )  # fmt: skip


@pytest.mark.parametrize("bad", ["abc", "md5:" + "0" * 32, "sha256:" + "0" * 63, 7, HASH + "\n"])
def test_a_bad_content_hash_is_named(client: FlaskClient, bad: Any) -> None:
    body = {"image_id": "a", "reason": "violence", "reporter_id": "r", "content_hash": bad}
    answer = client.post("/v1/reports", json=body, headers=SITE)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == "content_hash"


def test_over_several_partitions_copies_cannot_share_and_intake_says_so(redis_url: str) -> None:
    with claimed_app(make_settings(redis_url, partitions=2), lambda _: None).test_client() as client:
        body = {"image_id": "a", "reason": "violence", "reporter_id": "r", "content_hash": HASH}
        answer = client.post("/v1/reports", json=body, headers=SITE)
        assert answer.status_code == 422
        assert "QUORUM_PARTITIONS=1" in answer.get_json()["detail"]
        batch = client.post("/v1/reports/batch", json=[body, {**body, "content_hash": None}], headers=SITE).get_json()
        assert [result["status"] for result in batch["results"]] == [422, 422]


def test_a_pepper_can_be_replaced_and_everybody_still_counts_once(redis_url: str) -> None:
    old = make_settings(redis_url, pepper="the pepper of last year")
    new = make_settings(
        redis_url, namespace=old.namespace, pepper="the pepper of this year", pepper_previous=old.pepper
    )
    after = make_settings(redis_url, namespace=old.namespace, pepper=new.pepper)
    with open_bench(old) as bench:
        for settings in (old, new, new, after):
            with claimed_app(settings, lambda _: None).test_client() as client:
                send(client, people=4)
            drain(bench)
            assert bench.status(IMAGE).reporters == 4
        raw = bench.client.hgetall(f"{bench.keys.images}{bench_bucket(IMAGE)}")
        [record] = raw.values()
        assert fingerprint(new.pepper.encode(), NAMED, "reader-0") in record
        assert fingerprint(old.pepper.encode(), NAMED, "reader-0") not in record


def bench_bucket(image: str) -> int:
    from quorum.images.image import parse_image  # noqa: PLC0415

    return parse_image(image).bucket


def test_a_person_can_be_erased_from_everything_that_is_kept(
    client: FlaskClient, bench: Bench, settings: Settings, moderator: dict[str, str]
) -> None:
    send(client, "decided")
    send(client, "open", people=2)
    drain(bench)
    decide(client, moderator, "uphold", image="decided")
    bench.client.rpush(bench.keys.inbox, b"nonsense")
    drain(bench)
    send(client, "waiting", people=2)
    marks = Identities(PEPPER).fingerprints_of(Person("reader-1"))
    erasure = Erasure(bench.client, settings.namespace, 1)
    assert erasure.erase(marks) == Erased(tallied=4, waiting=1, recorded=2)
    assert erasure.erase(marks) == Erased(0, 0, 0)
    for key in bench.client.scan_iter(f"{settings.namespace}:*"):
        if b"limits:" not in key and key != bench.keys.erased.encode():
            assert marks[0] not in bench.client.dump(key)
    assert bench.status("decided").state.is_blocked
    assert bench.status("decided").reporters == 4
    assert bench.status("open").score == 1.0
    assert len(list(Journal(bench.client, settings.namespace, 1).reports())) == 5
    drain(bench)
    assert bench.status("waiting").reporters == 1


def test_a_decision_over_a_changing_tally_is_never_half_written(
    bench: Bench, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drain between reading and writing makes the decision read again."""
    from quorum.images.image import parse_image  # noqa: PLC0415
    from quorum.moderation.decisions import Action  # noqa: PLC0415

    bench.block(IMAGE)
    decisions = Decisions(bench.client, settings.namespace, 1)
    read, calls = docket.read_docket, []

    def read_and_be_overtaken(*args: Any) -> Any:
        target = read(*args)
        calls.append(1)
        if len(calls) <= 3:
            bench.report(IMAGE, f"late-{len(calls)}", at=NOW_MS + 9)
            drain(bench)
        return target

    monkeypatch.setattr(stored_decisions, "read_docket", read_and_be_overtaken)
    decisions.decide(parse_image(IMAGE), Action.UPHOLD, "m", bench.policy)
    assert len(calls) == 4
    assert len(bench.client.xrange(bench.keys.audit)) == 1
