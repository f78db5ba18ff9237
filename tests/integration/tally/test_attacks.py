"""Synthetic attacks against the default policy, from request to event: docs/policy.md states their outcomes."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import SITE_KEY, TOKEN_SECRET, claimed_app, make_settings
from flask import Flask
from flask.testing import FlaskClient
from store import Bench, open_bench

from quorum.moderation.shields import Shields
from quorum.policy import parse_policy
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
    assert outcome(bench) == ("open", 4)
    assert bench.events() == []


def test_an_attack_from_a_whole_provider_runs_into_the_limit_of_its_network(client: FlaskClient, bench: Bench) -> None:
    early_in_a_minute(bench)
    statuses = [report(client, address=f"2001:db8:7:{host:x}::1") for host in range(400)]
    assert statuses.count(202) == 300
    assert statuses.count(429) == 100
    assert outcome(bench) == ("open", 4)


def test_anonymous_neighbours_of_several_networks_are_held(client: FlaskClient, bench: Bench) -> None:
    for network in range(5):
        for host in range(1, 5):
            report(client, address=f"198.51.{network}.{host}")
    assert outcome(bench) == ("held", 20)
    assert kinds(bench) == ["quorum.image.held.v1"]
    assert json.loads(bench.events()[0])["data"]["cause"] == "burst"


def test_anonymous_strangers_all_over_the_world_block(client: FlaskClient, bench: Bench) -> None:
    for network in range(10):
        report(client, address=f"198.51.{network}.1")
    assert outcome(bench)[0] == "blocked"


def test_twenty_verified_but_new_reporters_are_held_where_the_site_tells_their_age(
    client: FlaskClient, bench: Bench
) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))
    for number in range(10):
        assert report(client, headers=KEY, reporter_id=f"sock-{number}", reporter_since=now) == 202
    for number in range(10, 20):
        token = mint_token(TOKEN_SECRET, "quorum", f"sock-{number}", 600, since=time.time() - 600)
        assert report(client, headers={"Authorization": f"Bearer {token}"}) == 202
    assert outcome(bench) == ("held", 20)
    assert kinds(bench) == ["quorum.image.held.v1"]


def test_twenty_new_reporters_block_where_the_site_does_not_tell(client: FlaskClient, bench: Bench) -> None:
    for number in range(20):
        report(client, headers=KEY, reporter_id=f"sock-{number}")
    assert outcome(bench)[0] == "blocked"


def test_a_few_new_reporters_among_known_ones_do_not_hinder_a_block(client: FlaskClient, bench: Bench) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for number in range(2):
        report(client, headers=KEY, reporter_id=f"new-{number}", reporter_since=now)
    for number in range(3):
        report(client, headers=KEY, reporter_id=f"known-{number}", reporter_since="2020-01-01T00:00:00Z")
    assert outcome(bench)[0] == "blocked"


def test_a_slow_organic_crowd_blocks(bench: Bench) -> None:
    hour = 3_600_000
    for number in range(4):
        bench.report(IMAGE, f"reader-{number}", at=bench_now(bench) - (20 - number) * hour)
        assert outcome(bench)[0] == "open"
    bench.report(IMAGE, "reader-4", at=bench_now(bench))
    assert outcome(bench)[0] == "blocked"


def test_a_brigade_that_blocks_image_after_image_raises_the_shields(bench: Bench, settings: Settings) -> None:
    for image in range(70):
        for number in range(5):
            bench.report(f"img-{image}", f"brigade-{number}", at=bench_now(bench))
    while bench.drain().taken:
        pass
    events = kinds(bench)
    assert (
        events.count("quorum.image.blocked.v1") == 20
    )  # with 70 images reported that day, 2 % are fewer than the free 20
    assert events.count("quorum.shields.raised.v1") == 1
    assert events.count("quorum.image.held.v1") == 50
    shields = Shields(bench.client, settings.namespace, 1)
    assert shields.lower("ops")
    for number in range(5):
        bench.report("img-100", f"reader-{number}", at=bench_now(bench))
    assert bench.drain().blocked == 1
    assert kinds(bench)[-2:] == ["quorum.shields.lowered.v1", "quorum.image.blocked.v1"]


def test_a_busy_day_lets_more_through_up_to_the_cap_of_the_hour(bench: Bench) -> None:
    now = bench_now(bench)
    for image in range(4000):
        bench.report(f"other-{image}", "reader-1", at=now)
    for image in range(70):
        for number in range(5):
            bench.report(f"img-{image}", f"reader-{number}", at=now)
    while bench.drain().taken:
        pass
    events = [json.loads(event) for event in bench.events()]
    assert sum(event["type"] == "quorum.image.blocked.v1" for event in events) == 60
    raised = next(event for event in events if event["type"] == "quorum.shields.raised.v1")
    assert raised["data"]["cause"] == "blocks_per_hour"


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
        assert outcome(bench) == ("open", 0)
        assert report(client, headers=KEY, reporter_id="ngo") == 202
        assert outcome(bench) == ("blocked", 1)
        assert bench.status(IMAGE).score == 5.0


def test_counters_of_one_network_do_not_outlive_their_minutes(
    client: FlaskClient, redis_url: str, settings: Settings
) -> None:
    report(client, address="203.0.113.7")
    with connect(redis_url, 5.0) as redis:
        counters = list(redis.scan_iter(f"{settings.namespace}:*limits:*"))
        assert len(counters) == 2
        assert all(0 < redis.pttl(name) <= 120_000 for name in counters)
