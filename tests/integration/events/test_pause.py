"""A restored copy calls nobody until somebody says so, says that it does not, and loses nothing meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import claimed_app, environment, make_settings
from findings import found_now
from redis_server import RedisServer
from store import Bench, open_bench

from quorum.cli.main import cli
from quorum.events.bus import BusPlace
from quorum.events.event import BLOCKED
from quorum.settings import Settings
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.subscription import Subscription, new_subscription

LEASE_MS = 1000


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url)


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    with open_bench(settings) as opened:
        yield opened


def quorum(settings: Settings, *command: str) -> str:
    done = CliRunner(env=environment(settings)).invoke(cli, command)
    assert done.exit_code in {0, 1}, done.output
    return done.output


def subscribed(bench: Bench, settings: Settings) -> tuple[Webhooks, Subscription]:
    store = Webhooks(bench.client, settings.namespace, 1)
    subscription = new_subscription("https://example.org/hook", (BLOCKED,), "original", store.now_ms())
    store.add(subscription)
    return store, subscription


def restored(bench: Bench, settings: Settings, path: Path, *options: str) -> str:
    quorum(settings, "backup", str(path))
    bench.client.flushall()
    return quorum(settings, "restore", str(path), *options)


def test_nothing_goes_out_of_a_restored_copy_until_it_is_told_to(
    bench: Bench, settings: Settings, tmp_path: Path
) -> None:
    store, subscription = subscribed(bench, settings)
    bench.block("img-before")
    store.enqueue(subscription, store.now_ms())
    bus = BusPlace(bench.client, settings.namespace, 1)
    said = restored(bench, settings, tmp_path / "backup")
    assert "WEBHOOKS AND BUS ARE PAUSED" in said
    bench.block("img-after")
    store.enqueue(subscription, store.now_ms())
    assert store.claim(subscription, store.now_ms(), LEASE_MS, 10) == []
    assert not bus.lease("worker-1")
    assert store.backlog(subscription.id) == (2, 0)
    assert quorum(settings, "webhooks", "resume") == "deliveries go on\n"
    claimed = store.claim(subscription, store.now_ms(), LEASE_MS, 10)
    assert sorted(claim.subject for claim in claimed) == ["img-after", "img-before"]
    assert bus.lease("worker-1")
    assert quorum(settings, "webhooks", "resume") == "deliveries were not paused\n"


def test_everybody_who_looks_is_told(bench: Bench, settings: Settings, tmp_path: Path) -> None:
    restored(bench, settings, tmp_path / "backup")
    client = claimed_app(settings, lambda _: None).test_client()
    assert "WRONG webhooks and bus are paused: the data was read back from a backup of 20" in quorum(settings, "doctor")
    assert "quorum_deliveries_paused 1.0" in client.get("/metrics").text
    assert "paused" in found_now(settings)
    quorum(settings, "webhooks", "resume")
    assert "paused" not in quorum(settings, "doctor")
    assert "quorum_deliveries_paused 0.0" in client.get("/metrics").text
    assert "paused" not in found_now(settings)


def test_a_restore_that_is_told_to_resume_does_not_pause(bench: Bench, settings: Settings, tmp_path: Path) -> None:
    assert "PAUSED" not in restored(bench, settings, tmp_path / "backup", "--resume")
    assert BusPlace(bench.client, settings.namespace, 1).lease("worker-1")


def test_a_cluster_that_has_lost_another_server_goes_on_delivering(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url, partitions=2)
    with open_bench(settings) as bench:
        quorum(settings, "backup", str(tmp_path / "backup"))
        bench.client.delete(*bench.client.scan_iter(f"{settings.namespace}:{{1}}:*"))
        assert "PAUSED" not in quorum(settings, "restore", str(tmp_path / "backup"))
        assert BusPlace(bench.client, settings.namespace, 2).lease("worker-1")
