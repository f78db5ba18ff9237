"""A Redis Cluster loses servers, moves slots: only what lies there has to wait, and no report is lost."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import pytest
from click.testing import CliRunner
from conftest import make_settings
from pipeline import CROWD, Crowd, Visitor, assert_all_tallied, assert_balanced, inbox_depth, read_books, whole_pipeline
from redis_cluster import RedisCluster, redis_cluster
from redis_server import RedisServer, wait_until
from servers import newest_redis

import quorum
from quorum.cli.main import cli
from quorum.events.event import Event
from quorum.images.image import parse_image
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(300)]

PARTITIONS = 6
CONTRACT_SECONDS = 1.0  # a 503 comes inside one second, whatever is wrong with a server
NEWEST = newest_redis()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisCluster]:
    with redis_cluster(NEWEST, tmp_path / "cluster") as started:
        yield started


@pytest.fixture
def replicated(tmp_path: Path) -> Iterator[RedisCluster]:
    with redis_cluster(NEWEST, tmp_path / "cluster", replicas=True) as started:
        yield started


def settings_of(cluster: RedisCluster, broker: RedisServer) -> Settings:
    return make_settings(cluster.url, broker_url=broker.url, partitions=PARTITIONS)


def inbox(settings: Settings, partition: int) -> str:
    return keys_of(settings.namespace, partition).inbox


def image_in(partition: int) -> str:
    """Return an image whose tally is in a partition."""
    names = (f"of-{partition}-{number}" for number in range(1000))
    return next(name for name in names if parse_image(name).partition(PARTITIONS) == partition)


def consumed(settings: Settings) -> Iterator[Event]:
    return quorum.consume(
        settings.redis_url, "tests", namespace=settings.namespace, partitions=PARTITIONS, stop_when_idle=True
    )


def fed(port: int) -> Iterator[str]:
    """Yield the ids of all events that the API's feed has."""
    after = "0"
    with Visitor(port) as visitor:
        while page := visitor.get(f"/v1/events?after={after}").json:
            yield from (event["id"] for event in page)
            after = page[-1]["cursor"]


def hang(server: RedisServer) -> Callable[[], object]:
    server.signal(SIGSTOP)
    return lambda: server.signal(SIGCONT)


def kill(server: RedisServer) -> Callable[[], object]:
    server.signal(SIGKILL)
    return server.start


@pytest.mark.parametrize("fault", [hang, kill])
def test_only_the_partitions_of_a_server_that_is_gone_wait_for_it(
    fault: Callable[[RedisServer], Callable[[], object]], cluster: RedisCluster, own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = settings_of(cluster, own_redis)
    with whole_pipeline(settings, tmp_path) as pipeline:
        owners = {number: cluster.owner(inbox(settings, number)) for number in range(PARTITIONS)}
        unwell = owners[1]
        gone = {number for number, owner in owners.items() if owner is unwell}
        assert 0 < len(gone) < PARTITIONS
        with Crowd(pipeline.port, visitors=8, name="before") as before:
            before.wait_for(200)
        mend = fault(unwell)
        with Visitor(pipeline.port, CONTRACT_SECONDS) as visitor:
            with Crowd(pipeline.port, visitors=8, name="meanwhile", timeout=CONTRACT_SECONDS) as meanwhile:
                deadline = time.monotonic() + 4
                while time.monotonic() < deadline:
                    told = {number: visitor.report(image_in(number), "reader-1").status for number in range(PARTITIONS)}
                    assert told == {number: 503 if number in gone else 202 for number in range(PARTITIONS)}
            states = {number: visitor.get(f"/v1/images/{image_in(number)}").status for number in range(PARTITIONS)}
            assert states == {number: 503 if number in gone else 200 for number in range(PARTITIONS)}
            many = json.dumps({"image_ids": [f"img-{number}" for number in range(1000)]})
            assert visitor.ask("POST", "/v1/images/status", many).status == 503
            assert visitor.get("/v1/events").status == 503
            assert visitor.get("/livez").status == 200
            if 0 not in gone:
                assert visitor.get("/readyz").status == 200  # the API serves the others, and may be started anew
                with connect(settings.store, 1.0) as client:
                    check_layout(client, settings.namespace, PARTITIONS)
            examined = CliRunner().invoke(cli, ["doctor"], env=pipeline.env)
            assert examined.exit_code == 1
            assert f":{unwell.port}: this server of the cluster does not answer" in examined.output
        assert set(meanwhile.statuses) == {202, 503}
        mend()
        wait_until(cluster.is_whole, 20, "a whole cluster")
        with Crowd(pipeline.port, visitors=8, name="after") as after:
            after.wait_for(CROWD * 30)
        extra = Crowd(0)
        extra.acknowledged = {(image_in(number), "reader-1") for number in set(range(PARTITIONS)) - gone}
        assert_all_tallied(settings, before, meanwhile, after, extra)
        print(dict(meanwhile.statuses), dict(after.statuses))


def test_nothing_is_lost_when_replicas_take_over_in_an_orderly_way(
    replicated: RedisCluster, own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = settings_of(replicated, own_redis)
    with whole_pipeline(settings, tmp_path, workers=2) as pipeline, Crowd(pipeline.port) as crowd:
        for partition in range(3):
            crowd.wait_for(100)
            wait_until(replicated.is_whole, 20, "a whole cluster")
            primary = replicated.owner(inbox(settings, partition))
            heir = replicated.promote_replica_of(primary)
            wait_until(replicated.is_whole, 20, "a whole cluster")
            assert replicated.owner(inbox(settings, partition)) is heir
        crowd.wait_for(100)
        crowd.stop()
        assert_all_tallied(settings, crowd)
        print(dict(crowd.statuses))
    assert set(crowd.statuses) <= {202, 503}


def test_a_replica_takes_the_place_of_a_primary_that_was_killed(
    replicated: RedisCluster, own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = settings_of(replicated, own_redis)
    with whole_pipeline(settings, tmp_path) as pipeline:
        with Crowd(pipeline.port) as before:
            before.wait_for(200)
        wait_until(lambda: inbox_depth(settings) == 0, 20, "an empty inbox")
        time.sleep(0.5)  # what was written by now is with the replicas
        partition = 1
        killed = replicated.owner(inbox(settings, partition))
        killed.signal(SIGKILL)
        start = time.monotonic()
        with Visitor(pipeline.port) as visitor:
            wait_until(lambda: visitor.report(image_in(partition), "reader-1").status == 202, 20, "a new primary")
            print(f"taken over after {time.monotonic() - start:.1f} s")
        with Crowd(pipeline.port, name="after") as after:
            after.wait_for(200)
        assert_all_tallied(settings, before, after)
        killed.start()  # comes back as a replica
        wait_until(replicated.is_whole, 20, "a whole cluster")
        with Crowd(pipeline.port, name="whole") as whole:
            whole.wait_for(100)
        assert_all_tallied(settings, before, after, whole)
        assert set(whole.statuses) == {202}


def test_nothing_is_lost_or_half_done_while_slots_move(
    cluster: RedisCluster, own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = settings_of(cluster, own_redis)
    with whole_pipeline(settings, tmp_path, workers=2) as pipeline, Crowd(pipeline.port, visitors=8) as crowd:
        for partition in range(PARTITIONS):
            crowd.wait_for(100)
            key = inbox(settings, partition)
            source = cluster.owner(key)
            target = next(server for server in cluster.primaries if server is not source)
            moved = cluster.move_slot(key, target, pause_seconds=0.02)
            assert moved > 5
            assert cluster.owner(key) is target
        crowd.wait_for(100)
        crowd.stop()
        books = assert_all_tallied(settings, crowd)
        assert len(books.events) > 50
        told = sorted(event["id"] for event in books.events)
        assert sorted(event.id for event in consumed(settings)) == told
        assert sorted(fed(pipeline.port)) == told
        examined = CliRunner().invoke(cli, ["doctor"], env=pipeline.env)
        assert examined.exit_code == 0, examined.output
        assert len(re.findall(r": (?:Redis|Valkey) \d", examined.output)) == len(cluster.primaries)
        print(dict(crowd.statuses), len(books.events))
    assert set(crowd.statuses) == {202, 503}


def test_a_killed_primary_that_comes_back_has_all_that_was_acknowledged(
    cluster: RedisCluster, own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = settings_of(cluster, own_redis)
    with whole_pipeline(settings, tmp_path, workers=2) as pipeline, Crowd(pipeline.port) as crowd:
        for partition in range(PARTITIONS):
            crowd.wait_for(50)
            server = cluster.owner(inbox(settings, partition))
            server.signal(SIGKILL)
            time.sleep(0.3)
            server.start()
            wait_until(cluster.is_whole, 20, "a whole cluster")
        crowd.wait_for(100)
        crowd.stop()
        assert_all_tallied(settings, crowd)
        assert_balanced(read_books(settings))
        print(dict(crowd.statuses))
    assert set(crowd.statuses) <= {202, 503}
