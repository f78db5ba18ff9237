"""Compaction, layout, health, and what is known of an image."""

from functools import partial
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from redis import Redis
from redis_server import RedisServer
from servers import candidates, name_of
from store import Bench

from quorum.errors import SchemaMismatch, StoreUnavailable
from quorum.events.bus import BusPlace
from quorum.images.image import parse_image
from quorum.judgement.records import State
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout
from quorum.store.server_checks import server_findings
from quorum.telemetry import metrics
from quorum.telemetry.health import Health
from quorum.telemetry.redis_metrics import RedisCollector
from quorum.webhooks.deliveries import Webhooks

DAY_MS = 86_400_000


def namespace(bench: Bench) -> str:
    return bench.keys.inbox.partition(":")[0]


def now_ms(client: Redis) -> int:
    return int(client.time()[0]) * 1000


def test_an_image_that_nobody_reported_is_open(bench: Bench) -> None:
    status = bench.status("img-0")
    assert (status.state, status.score, status.reporters, status.blocked_ms) == (State.OPEN, 0, 0, None)


def test_the_status_tells_score_people_reasons_and_times(bench: Bench) -> None:
    now = now_ms(bench.client)
    bench.report("img-1", "reader-1", "spam", at=now - 5000)
    bench.report("img-1", "reader-2", "hate", at=now)
    bench.drain()
    status = bench.status("img-1")
    assert (status.state, status.score, status.reporters) == (State.OPEN, 2.0, 2)
    assert status.reasons == {"spam": 1, "hate": 1}
    assert (status.first_reported_ms, status.last_reported_ms) == (now - 5000, now)


def test_the_status_leaves_out_what_left_the_window(bench: Bench) -> None:
    now = now_ms(bench.client)
    bench.report("img-1", "reader-1", at=now - 31 * DAY_MS)
    bench.drain()
    assert bench.status("img-1").reporters == 0


def test_a_blocked_image_says_since_when(bench: Bench) -> None:
    now = now_ms(bench.client)
    bench.block("img-1", at=now - 10)
    status = bench.status("img-1")
    assert (status.state, status.blocked_ms) == (State.BLOCKED, now - 6)


def test_compaction_forgets_open_images_and_the_reporters_of_blocked_ones(bench: Bench) -> None:
    now = now_ms(bench.client)
    old = now - 40 * DAY_MS
    bench.block("blocked", at=old)
    bench.report("stale", "reader-1", at=old)
    bench.report("mixed", "reader-1", at=old)
    bench.drain()
    bench.client.rpush(bench.keys.inbox, b"")  # an unreadable entry changes nothing here
    bench.report("fresh", "reader-1", at=now)
    bench.drain()
    buckets = {name: parse_image(name).bucket for name in ("blocked", "stale", "mixed", "fresh")}
    forgotten = sum(bench.tally.compact(bench.policy, bucket) for bucket in set(buckets.values()))
    assert forgotten == 2
    raw = bench.client.hget(f"{bench.keys.images}{buckets['blocked']}", parse_image("blocked").digest)
    assert raw == b"\x00\x01\x01\x00\x00\x00\x00"  # epoch 1, blocked, no score, nobody
    assert bench.status("fresh").reporters == 1


def test_data_laid_out_for_other_partitions_is_refused_in_words(bench: Bench) -> None:
    bench.client.delete(bench.keys.meta)
    check_layout(bench.client, namespace(bench), 2)
    check_layout(bench.client, namespace(bench), 2)
    with pytest.raises(SchemaMismatch, match="QUORUM_PARTITIONS is 3, but the data in Redis was laid out for 2"):
        check_layout(bench.client, namespace(bench), 3)


def test_a_partition_that_has_lost_its_data_is_named(bench: Bench) -> None:
    bench.client.delete(bench.keys.meta)
    check_layout(bench.client, namespace(bench), 3)
    bench.client.delete(keys_of(namespace(bench), 2).meta)
    with pytest.raises(SchemaMismatch, match="has lost the data of partitions 2"):
        check_layout(bench.client, namespace(bench), 3)
    Health(bench.client, namespace(bench), 3).ready()  # what lies elsewhere goes on
    assert Health(bench.client, namespace(bench), 3).missing_partitions() == [2]


def test_data_of_another_release_is_refused_in_words(bench: Bench) -> None:
    check_layout(bench.client, namespace(bench), 1)
    bench.client.hset(bench.keys.meta, "layout", 99)
    with pytest.raises(SchemaMismatch, match="has layout 99"):
        check_layout(bench.client, namespace(bench), 1)


def test_health_tells_depth_age_and_counts(bench: Bench) -> None:
    health = Health(bench.client, namespace(bench), 1)
    assert health.last_sweep_seconds() is None
    bench.block("img-1")
    bench.report("img-2", "reader-1", at=now_ms(bench.client) - 7000)
    state = health.partition(0)
    assert state.inbox_depth == 1
    assert 7 <= state.inbox_age_seconds < 60
    assert (state.blocked_images, state.events_kept, state.dead_letters) == (1, 1, 0)
    counters = {name: count for name, count in state.counters.items() if count}
    assert counters == {"batches": 1, "taken": 5, "counted": 5, "blocked": 1}
    health.worker_swept("worker-1")
    age = health.last_sweep_seconds()
    assert age is not None
    assert age < 60


@pytest.mark.parametrize("binary", candidates(), ids=name_of)
def test_a_worker_that_sweeps_looks_alive_at_maxmemory(binary: Path, tmp_path: Path) -> None:
    server = RedisServer(binary, tmp_path).start()
    health = Health(server.client, "test", 1)
    server.client.config_set("maxmemory", 1)
    for name in ("worker-1", "worker-2", "worker-1"):
        assert abs(health.worker_swept(name)) < 5
    age = health.last_sweep_seconds()
    server.stop()
    assert age is not None
    assert age < 60


def collector(client: Redis, name: str) -> RedisCollector:
    return RedisCollector(Health(client, name, 1), Webhooks(client, name, 1), BusPlace(client, name, 1), 1)


def test_the_time_to_an_event_is_counted_exactly(bench: Bench) -> None:
    for number in range(3):
        bench.block(f"img-{number}", at=now_ms(bench.client) - 7000)
    bench.block("img-late")  # received long ago
    registry = CollectorRegistry()
    registry.register(collector(bench.client, namespace(bench)))
    within = partial(registry.get_sample_value, "quorum_time_to_event_seconds_bucket")
    assert within({"partition": "0", "le": "5.0"}) == 0
    assert within({"partition": "0", "le": "10.0"}) == 3
    assert within({"partition": "0", "le": "+Inf"}) == 4
    assert registry.get_sample_value("quorum_time_to_event_seconds_count", {"partition": "0"}) == 4


def test_every_metric_of_the_pipeline_is_exported_under_its_name(bench: Bench) -> None:
    bench.block("img-1")
    health = Health(bench.client, namespace(bench), 1)
    health.worker_swept("worker-1")
    registry = CollectorRegistry()
    registry.register(collector(bench.client, namespace(bench)))
    text = generate_latest(registry).decode()
    for metric in (*metrics.BY_COUNTER.values(), metrics.INBOX_DEPTH, metrics.INBOX_AGE, metrics.DEAD_LETTERS):
        suffix = "_total" if metric.kind == "counter" else ""
        assert f'\n{metric.name}{suffix}{{partition="0"}} ' in text
    assert "\nquorum_redis_up 1.0" in text
    assert "\nquorum_redis_aof_ok 1.0" in text
    assert '\nquorum_webhooks{state="disabled"} 0.0' in text
    assert "\nquorum_last_sweep_age_seconds " in text
    assert 'quorum_images_blocked_total{partition="0"} 1.0' in text


def test_a_scrape_tells_that_redis_is_down() -> None:
    registry = CollectorRegistry()
    registry.register(collector(connect("redis://127.0.0.1:1/0", 0.2), "test"))
    assert "\nquorum_redis_up 0.0" in generate_latest(registry).decode()


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable):
        Health(connect("redis://127.0.0.1:1/0", 0.2), "test", 1).ping()


def test_the_servers_settings_are_judged(bench: Bench) -> None:
    assert "fail" not in {level for level, _ in server_findings(bench.client)}
