"""Whatever a receiver does, it is an outcome: in the log once, in the state, tried again when planned; others go on."""

import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from conftest import make_settings
from hostile import FAMILY, Hostile, receivers, say
from prometheus_client import CollectorRegistry
from redis_server import RedisServer, wait_until
from store import Bench, open_bench

from quorum.events.event import BLOCKED
from quorum.events.watch import Watch
from quorum.policy import load_policy
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.subscription import RETRY_SECONDS, Subscription, new_subscription
from tally_worker.delivering.attempts import Attempts
from tally_worker.delivering.delivery import Deliverer
from tally_worker.delivering.outbound import Caller
from tally_worker.observe import DeliveryMetrics, PartMetrics

SECONDS = 2.0
WELL = Hostile("well", say(b"HTTP/1.1 204 No Content\r\n\r\n"), 204)


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url)


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    with open_bench(settings) as opened:
        opened.policy = load_policy(settings.policy_path)
        yield opened


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def store(settings: Settings, bench: Bench) -> Webhooks:
    return Webhooks(connect(settings.redis_url, 5.0), settings.namespace, 1)


@pytest.fixture
def deliverer(settings: Settings, store: Webhooks, registry: CollectorRegistry) -> Iterator[Deliverer]:
    watch = Watch(connect(settings.redis_url, 5.0), settings.namespace, 1)
    caller = Caller((ip_network("127.0.0.0/8"),), seconds=SECONDS)
    made = Deliverer(store, watch, Attempts(store, caller, DeliveryMetrics(registry)), PartMetrics(registry))
    yield made
    made.stop()


def subscribe(store: Webhooks, url: str) -> Subscription:
    made = new_subscription(url, (BLOCKED,), "", store.now_ms())
    store.add(made)
    return made


def test_every_misbehaviour_is_one_failure_that_is_tried_again_in_time_and_holds_up_nobody(
    bench: Bench, store: Webhooks, deliverer: Deliverer, registry: CollectorRegistry
) -> None:
    with receivers([*FAMILY, WELL]) as ports:
        hooks = {name: subscribe(store, f"http://127.0.0.1:{port}/") for name, port in ports.items()}
        well = hooks.pop(WELL.name)
        bench.block("img-1")
        deliverer.start()
        wait_until(lambda: store.deliveries(well.id, 1), SECONDS, "the one that behaves, while others hang")
        wait_until(lambda: all(store.failing_since(one.id) for one in hooks.values()), 4 * SECONDS, "all failures")
        deliverer.stop()
    for one in FAMILY:
        webhook = hooks[one.name].id
        [attempt, *more] = store.deliveries(webhook, 10)
        assert (attempt.outcome, attempt.attempt, more) == ("retry", 1, []), one.name
        assert one.may_be(attempt.status), one.name
        assert attempt.duration_ms < (SECONDS + 2) * 1000, one.name
        [(_, due)] = bench.client.zrange(f"{bench.keys.webhooks}{webhook}:due", 0, -1, withscores=True)
        assert 0.9 * RETRY_SECONDS[0] <= (due - attempt.at_ms) / 1000 <= 1.1 * RETRY_SECONDS[0], one.name
    counted = registry.get_sample_value("quorum_webhook_attempts_total", {"outcome": "retry"})
    assert counted == len(FAMILY)


class Broken(Caller):
    """A caller with a bug."""

    async def post(self, *_: object) -> None:  # type: ignore[override]
        raise MemoryError("no room")


def test_an_error_of_our_own_is_an_outcome_like_any_other(
    bench: Bench, settings: Settings, store: Webhooks, registry: CollectorRegistry
) -> None:
    watch = Watch(connect(settings.redis_url, 5.0), settings.namespace, 1)
    attempts = Attempts(store, Broken(), DeliveryMetrics(registry))
    deliverer = Deliverer(store, watch, attempts, PartMetrics(registry))
    hook = subscribe(store, "https://example.org/")
    bench.block("img-1")
    deliverer.start()
    wait_until(lambda: store.failing_since(hook.id), 5, "the failure")
    deliverer.stop()
    [attempt] = store.deliveries(hook.id, 10)
    assert (attempt.outcome, attempt.status, attempt.detail) == ("retry", 0, "MemoryError: no room")


@pytest.mark.parametrize("kind", ["row", "row of another", "queues", "due", "log", "entry", "cursor", "no cursor"])
def test_one_webhook_whose_data_is_garbage_stops_no_other(
    kind: str, bench: Bench, store: Webhooks, deliverer: Deliverer
) -> None:
    with receivers([WELL, bad := Hostile("bad", WELL.act, 204)]) as ports:
        broken = subscribe(store, f"http://127.0.0.1:{ports[bad.name]}/")
        time.sleep(0.002)
        well = subscribe(store, f"http://127.0.0.1:{ports[WELL.name]}/")
        spoil(kind, bench, store, broken)
        deliverer.start()
        bench.block("img-1")
        wait_until(lambda: store.deliveries(well.id, 1), 5, "the webhook whose data is well")
        if kind in {"cursor", "no cursor"}:
            wait_until(lambda: store.deliveries(broken.id, 1), 5, "the webhook that had lost its place")
        if kind == "entry":
            wait_until(lambda: len(store.deliveries(broken.id, 9)) == 2, 5, "the event behind the bad entry")
            assert {one.outcome for one in store.deliveries(broken.id, 9)} == {"dead", "delivered"}
        if kind.startswith("row"):
            assert store.unreadable() == [broken.id]
            assert store.totals().disabled == 1
        store.remove(broken.id)
        assert store.unreadable() == []


def spoil(kind: str, bench: Bench, store: Webhooks, webhook: Subscription) -> None:
    prefix = bench.keys.webhooks
    if kind == "row":
        bench.client.hset(f"{prefix}subscriptions", webhook.id, b'{"id": "\xff')
    elif kind == "row of another":
        bench.client.hset(f"{prefix}subscriptions", webhook.id, subscribe_text(webhook))
    elif kind == "cursor":
        bench.client.hset(f"{prefix}cursors", webhook.id, b"\xffnone")
    elif kind == "no cursor":
        bench.client.hdel(f"{prefix}cursors", webhook.id)
    elif kind == "entry":
        bench.client.hset(f"{prefix}{webhook.id}:queues", "img-1", "7:none:x")
        bench.client.zadd(f"{prefix}{webhook.id}:due", {"img-1": 0})
    else:
        bench.client.delete(f"{prefix}{webhook.id}:{kind}")
        bench.client.set(f"{prefix}{webhook.id}:{kind}", "somebody wrote this")
    assert store.all()


def subscribe_text(webhook: Subscription) -> str:
    return webhook.to_json().replace(webhook.id, "0" * 16)
