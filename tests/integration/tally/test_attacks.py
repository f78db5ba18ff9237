"""Synthetic attacks against the default policy, from request to event: docs/policy.md states their outcomes."""

import dataclasses
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import SITE_KEY, TOKEN_SECRET, claimed_app, make_settings
from flask import Flask
from flask.testing import FlaskClient
from store import Bench, open_bench

from quorum.images.image import parse_image
from quorum.moderation.decisions import Action
from quorum.moderation.shields import Shields
from quorum.moderation.stored_decisions import Decisions
from quorum.moderation.stored_reporters import Reporters
from quorum.policy import parse_policy
from quorum.policy.model import Bar, ImageRule
from quorum.reporters.tokens import mint_token
from quorum.settings import Settings
from quorum.store.connection import connect

KEY = {"Authorization": f"Bearer {SITE_KEY}"}
IMAGE = "news/front-page.jpg"


@pytest.fixture
def settings(redis_url: str) -> Settings:
    return make_settings(redis_url, policy_path=None)


@pytest.fixture
def app(settings: Settings) -> Flask:
    return claimed_app(settings, lambda _: None)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as opened:
        yield opened


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    with open_bench(settings) as opened:
        yield opened


def report(
    client: FlaskClient, *, address: str = "192.0.2.1", headers: dict[str, str] | None = None, **more: Any
) -> int:
    body = {"image_id": IMAGE, "reason": "violence", **more}
    return client.post(
        "/v1/reports", json=body, headers=headers or {}, environ_base={"REMOTE_ADDR": address}
    ).status_code


def outcome(bench: Bench) -> tuple[str, int]:
    """Tally what came; return the image's state and how many reporters count."""
    while bench.drain().taken:
        pass
    status = bench.status(IMAGE)
    return status.state.public_name, status.reporters


def early_in_a_minute(bench: Bench) -> None:
    """Wait for the next minute when this one is nearly over: limits are counted by the minute."""
    left = 60 - int(bench.client.time()[0]) % 60
    if left < 15:
        time.sleep(left)


def kinds(bench: Bench) -> list[str]:
    return [json.loads(event)["type"] for event in bench.events()]


def test_two_hundred_anonymous_reporters_of_one_network_do_not_block(client: FlaskClient, bench: Bench) -> None:
    statuses = {report(client, address=f"203.0.113.{host}") for host in range(1, 201)}
    assert statuses == {202}
    assert outcome(bench) == ("open", 200)
    assert bench.events() == []


def test_an_attack_from_a_whole_provider_runs_into_the_limit_of_its_network(client: FlaskClient, bench: Bench) -> None:
    early_in_a_minute(bench)
    statuses = [report(client, address=f"2001:db8:7:{host:x}::1") for host in range(400)]
    assert statuses.count(202) == 300
    assert statuses.count(429) == 100
    assert outcome(bench)[0] == "open"


@pytest.mark.parametrize("address", ["198.51.{}.1", "2001:db8:{}:1::1"])
def test_anonymous_readers_of_ten_networks_of_one_provider_stay_below_the_bar(
    client: FlaskClient, bench: Bench, address: str
) -> None:
    for network in range(10):
        report(client, address=address.format(network))
    assert outcome(bench) == ("open", 10)


def test_anonymous_strangers_all_over_the_world_block(client: FlaskClient, bench: Bench) -> None:
    for network in range(10):
        report(client, address=f"{100 + network}.51.100.1")
    assert outcome(bench)[0] == "blocked"


def test_five_tokens_from_one_address_are_hardly_more_than_one(client: FlaskClient, bench: Bench) -> None:
    for number in range(5):
        token = mint_token(TOKEN_SECRET, "quorum", f"sock-{number}", 600)
        assert report(client, headers={"Authorization": f"Bearer {token}"}) == 202
    assert outcome(bench) == ("open", 5)
    assert bench.status(IMAGE).score < 1.3


def test_a_backend_may_tell_where_its_readers_are(client: FlaskClient, bench: Bench) -> None:
    for number in range(5):
        body = {"reporter_id": f"sock-{number}", "reporter_address": "203.0.113.7"}
        assert report(client, headers=KEY, **body) == 202
    assert outcome(bench) == ("open", 5)
    assert report(client, headers=KEY, reporter_id="reader", reporter_address="here") == 422
    assert report(client, reporter_address="203.0.113.7") == 401


def test_addresses_inside_tell_nobody_apart_and_nobody_alike(client: FlaskClient, bench: Bench) -> None:
    for number in range(5):
        token = mint_token(TOKEN_SECRET, "quorum", f"reader-{number}", 600)
        assert report(client, address="127.0.0.1", headers={"Authorization": f"Bearer {token}"}) == 202
    assert outcome(bench)[0] == "blocked"


def since(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))


def test_twenty_verified_but_new_reporters_weigh_next_to_nothing(client: FlaskClient, bench: Bench) -> None:
    for number in range(10):
        assert report(client, headers=KEY, reporter_id=f"sock-{number}", reporter_since=since(600)) == 202
    for number in range(10, 20):
        token = mint_token(TOKEN_SECRET, "quorum", f"sock-{number}", 600, since=time.time() - 600)
        assert report(client, headers={"Authorization": f"Bearer {token}"}) == 202
    assert outcome(bench) == ("open", 20)
    assert bench.status(IMAGE).score < 0.1


def test_twenty_accounts_of_a_day_and_a_minute_are_no_cliff_to_wait_behind(client: FlaskClient, bench: Bench) -> None:
    for number in range(20):
        report(client, headers=KEY, reporter_id=f"sock-{number}", reporter_since=since(86_460))
    assert outcome(bench) == ("open", 20)
    assert 2.8 < bench.status(IMAGE).score < 2.9


def test_twenty_new_reporters_block_where_the_site_does_not_tell(client: FlaskClient, bench: Bench) -> None:
    for number in range(20):
        report(client, headers=KEY, reporter_id=f"sock-{number}")
    assert outcome(bench)[0] == "blocked"


def test_new_reporters_first_do_not_hinder_a_block(client: FlaskClient, bench: Bench) -> None:
    """The owner of a bad picture lets throw-aways report it, to have it held: honest readers block it all the same."""
    for number in range(5):
        report(client, headers=KEY, reporter_id=f"new-{number}", reporter_since=since(60))
    for number in range(5):
        report(client, headers=KEY, reporter_id=f"known-{number}", reporter_since="2020-01-01T00:00:00Z")
    assert outcome(bench)[0] == "blocked"


def test_people_who_are_muted_after_they_reported_help_nobody(bench: Bench, settings: Settings) -> None:
    for number in range(4):
        bench.report(IMAGE, f"brigade-{number}", at=bench_now(bench))
    bench.drain()
    reporters = Reporters(bench.client, settings.namespace, 1)
    for number in range(4):
        reporters.mute(f"brigade-{number}".encode().ljust(12, b"\0"), bench_now(bench) // 60_000 + 1000)
    bench.report(IMAGE, "honest", at=bench_now(bench))
    assert outcome(bench)[0] == "open"
    assert bench.status(IMAGE).score == 1.0


def test_a_threshold_that_is_lowered_blocks_without_another_report(bench: Bench) -> None:
    for number in range(4):
        bench.report(IMAGE, f"reader-{number}", at=bench_now(bench))
    assert outcome(bench)[0] == "open"
    bench.policy = dataclasses.replace(bench.policy, threshold=4.0)
    bench.tally.compact(bench.policy, parse_image(IMAGE).bucket)
    assert bench.tally.rejudge(bench.policy).blocked == 1
    assert bench.status(IMAGE).state.public_name == "blocked"


def test_a_hold_ends_when_those_who_brought_it_are_muted(bench: Bench, settings: Settings) -> None:
    bench.policy = dataclasses.replace(bench.policy, images=(ImageRule(IMAGE, Bar(5.0, 3), protected=True),))
    for number in range(5):
        bench.report(IMAGE, f"brigade-{number}", at=bench_now(bench))
    assert outcome(bench)[0] == "held"
    Reporters(bench.client, settings.namespace, 1).mute(
        b"brigade-0".ljust(12, b"\0"), bench_now(bench) // 60_000 + 1000
    )
    assert bench.tally.rejudge(bench.policy).released == 1
    assert outcome(bench)[0] == "open"
    assert kinds(bench) == ["quorum.image.held.v1", "quorum.image.released.v1"]
    assert not bench.client.zcard(bench.keys.held)


def test_a_reader_who_thinks_again_changes_the_reason(bench: Bench) -> None:
    bench.policy = parse_policy(
        "threshold=9\nmin_reporters=1\nwindow_days=30\n[reporters]\nverified=1\nanonymous=0\n"
        "[reasons]\nspam=1\nself_harm={weight=1, threshold=2, min_reporters=2}\n",
        "test",
    )
    for reason in ("spam", "self_harm"):
        bench.report(IMAGE, "reader-1", reason, at=bench_now(bench))
    bench.report(IMAGE, "reader-2", "self_harm", at=bench_now(bench))
    assert outcome(bench) == ("blocked", 2)


def test_what_was_cleared_and_many_report_is_before_a_moderator_again(bench: Bench, settings: Settings) -> None:
    decisions = Decisions(bench.client, settings.namespace, 1)
    image = parse_image(IMAGE)
    decisions.decide(image, Action.CLEAR, "moderator-1", bench.policy)
    for number in range(9):
        bench.report(IMAGE, f"reader-{number}", at=bench_now(bench))
    assert outcome(bench)[0] == "cleared"
    assert not bench.client.zcard(bench.keys.held)
    bench.report(IMAGE, "reader-9", at=bench_now(bench))
    assert outcome(bench)[0] == "cleared"
    assert bench.client.zrange(bench.keys.held, 0, -1) == [IMAGE.encode()]
    assert bench.client.hgetall(bench.keys.causes) == {IMAGE.encode(): b"contested"}
    decisions.decide(image, Action.CLEAR, "moderator-1", bench.policy)
    assert not bench.client.zcard(bench.keys.held)
    assert bench.status(IMAGE).reporters == 0


def test_a_slow_organic_crowd_blocks(bench: Bench) -> None:
    hour = 3_600_000
    for number in range(4):
        bench.report(IMAGE, f"reader-{number}", at=bench_now(bench) - (20 - number) * hour)
        assert outcome(bench)[0] == "open"
    bench.report(IMAGE, "reader-4", at=bench_now(bench))
    assert outcome(bench)[0] == "blocked"


def test_a_brigade_spends_its_own_budget_and_not_the_sites(bench: Bench) -> None:
    for image in range(70):
        for number in range(5):
            bench.report(f"img-{image}", f"brigade-{number}", at=bench_now(bench))
    while bench.drain().taken:
        pass
    assert Counter(kinds(bench)) == {"quorum.image.blocked.v1": 10, "quorum.image.held.v1": 60}
    assert {json.loads(event)["data"].get("cause") for event in bench.events()} == {None, "budget"}
    for number in range(5):
        bench.report("img-0815", f"reader-{number}", at=bench_now(bench))
    assert bench.drain().blocked == 1  # nobody else is held up
    for number in range(5):
        bench.report("img-69", f"reader-{number}", at=bench_now(bench))
    assert bench.drain().blocked == 1  # and what was held is blocked once others say so, too


def test_many_crews_raise_the_shields_and_a_crowd_of_twice_the_size_still_blocks(
    bench: Bench, settings: Settings
) -> None:
    for image in range(70):
        for number in range(5):
            bench.report(f"img-{image}", f"crew-{image}-{number}"[-12:], at=bench_now(bench))
    while bench.drain().taken:
        pass
    assert Counter(kinds(bench)) == {
        "quorum.image.blocked.v1": 60,
        "quorum.shields.raised.v1": 1,
        "quorum.image.held.v1": 10,
    }
    raised = next(event for event in map(json.loads, bench.events()) if event["type"] == "quorum.shields.raised.v1")
    assert raised["data"]["cause"] == "blocks_per_hour"
    for number in range(10):
        bench.report("img-1000", f"reader-{number}", at=bench_now(bench))
    assert bench.drain().blocked == 1
    assert Shields(bench.client, settings.namespace, 1).lower("ops")
    assert bench.tally.rejudge(bench.policy).blocked == 10  # what was held for the shields


def test_the_shields_come_down_by_themselves(bench: Bench, settings: Settings) -> None:
    bench.policy = parse_policy(
        "threshold=1\nmin_reporters=1\nwindow_days=30\n[reporters]\nverified=1\nanonymous=0\n[reasons]\nviolence=1\n"
        "[shields]\nblocks_per_hour=1\nup_minutes=0.01\n",
        "test",
    )
    for image in range(3):
        bench.report(f"img-{image}", "reader-1", at=bench_now(bench))
    assert bench.drain().held == 2
    shields = Shields(bench.client, settings.namespace, 1)
    assert shields.states()[0].up_until > 0
    time.sleep(0.7)
    assert shields.settle()
    assert not shields.settle()
    assert kinds(bench)[-1] == "quorum.shields.lowered.v1"
    assert shields.states()[0].up_until == 0


def test_shields_can_be_raised_by_hand(bench: Bench, settings: Settings) -> None:
    shields = Shields(bench.client, settings.namespace, 1)
    assert shields.raise_(None, "ops")
    assert not shields.raise_(5, "ops")
    for number in range(5):
        bench.report("img-1", f"reader-{number}", at=bench_now(bench))
    assert bench.drain().held == 1
    assert kinds(bench) == ["quorum.shields.raised.v1", "quorum.image.held.v1"]


def bench_now(bench: Bench) -> int:
    seconds, micros = bench.client.time()
    return int(seconds) * 1000 + int(micros) // 1000


def test_muted_networks_and_names_count_for_nothing(redis_url: str, tmp_path: Any) -> None:
    rules = tmp_path / "policy.toml"
    rules.write_text(
        "threshold=1\nmin_reporters=1\nwindow_days=30\n[reporters]\nverified=1\nanonymous=1\n[reasons]\nviolence=1\n"
        '[people]\nmuted=["troll"]\nmuted_networks=["203.0.113.0/24"]\ntrusted=["ngo"]\n'
    )
    settings = make_settings(redis_url, policy_path=rules)
    with claimed_app(settings, lambda _: None).test_client() as client, open_bench(settings) as bench:
        bench.policy = parse_policy(rules.read_text(), "test")
        assert report(client, headers=KEY, reporter_id="troll") == 202  # who is muted is not told so
        assert report(client, address="203.0.113.7") == 202
        assert outcome(bench) == ("open", 2)
        assert bench.status(IMAGE).score == 0
        assert report(client, headers=KEY, reporter_id="ngo") == 202
        assert outcome(bench)[0] == "blocked"
        assert bench.status(IMAGE).score == 5.0


def test_counters_of_one_network_do_not_outlive_their_minutes(
    client: FlaskClient, redis_url: str, settings: Settings
) -> None:
    report(client, address="203.0.113.7")
    with connect(redis_url, 5.0) as redis:
        counters = list(redis.scan_iter(f"{settings.namespace}:*limits:*"))
        assert len(counters) == 2
        assert all(0 < redis.pttl(name) <= 120_000 for name in counters)
