"""No part of a worker ends in silence: whatever is raised, it is counted, said, and the work begins again."""

import asyncio
import logging
import time
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from redis_server import wait_until

from quorum.errors import StoreUnavailable
from quorum.events.event import BLOCKED
from quorum.webhooks.subscription import STORE_SECONDS, Subscription, new_subscription
from tally_worker.delivering import delivery
from tally_worker.delivering.delivery import CALLS, PER_ENDPOINT, Deliverer
from tally_worker.delivering.outbound import Answer
from tally_worker.lasting import Lasting
from tally_worker.observe import PartMetrics

RAISED = [ValueError, MemoryError, RecursionError, SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def failures(registry: CollectorRegistry, part: str) -> float:
    return registry.get_sample_value("quorum_worker_part_failures_total", {"part": part}) or 0.0


@pytest.mark.parametrize("raised", RAISED)
def test_whatever_is_raised_the_work_goes_on(
    raised: type[BaseException], registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    rounds: list[int] = []

    def work() -> None:
        rounds.append(len(rounds))
        if len(rounds) < 4:
            raise raised
        made.stopping.wait()

    made = Lasting("part", work, PartMetrics(registry), pause=0.001)
    made.start()
    wait_until(lambda: len(rounds) == 4, what="the fourth beginning")
    assert made.stop(5)
    assert failures(registry, "part") == 3
    assert [line.levelno for line in caplog.records] == [logging.CRITICAL] * 3


def test_work_that_returns_too_early_begins_again_and_one_that_cannot_be_told_of_does_so_too() -> None:
    rounds: list[int] = []

    class Broken(PartMetrics):
        def failed(self, part: str) -> None:
            raise MemoryError(part)

    def work() -> None:
        rounds.append(1)
        if len(rounds) % 2:
            raise MemoryError

    made = Lasting("part", work, Broken(CollectorRegistry()), pause=0.001)
    made.start()
    wait_until(lambda: len(rounds) > 5, what="more beginnings")
    assert made.stop(5)


def test_a_part_that_hangs_is_seen_and_one_that_never_began_can_be_stopped(registry: CollectorRegistry) -> None:
    never = Lasting("never", lambda: None, PartMetrics(CollectorRegistry()))
    assert never.stop(1)
    hangs = Lasting("part", lambda: time.sleep(0.2), PartMetrics(registry), pause=0.001)
    hangs.start()
    wait_until(
        lambda: (registry.get_sample_value("quorum_worker_turn_age_seconds", {"part": "part"}) or 0) > 0.1,
        what="its age",
    )
    assert hangs.stop(5)


class Store:
    """A store with some subscriptions, each with so many events due; it may fail."""

    def __init__(self, due: dict[str, int], failing: frozenset[str] = frozenset()) -> None:
        self.hooks = {name: new_subscription(f"https://{name}.example/", (BLOCKED,), name, 1) for name in due}
        self.due = due
        self.failing = failing
        self.raises: dict[str, BaseException] = {}
        self.claimed: list[str] = []
        self.settled: list[str] = []

    def all(self) -> list[Subscription]:
        self._raise("all")
        return list(self.hooks.values())

    def get(self, webhook: str) -> Subscription:
        return next(one for one in self.hooks.values() if one.id == webhook)

    def now_ms(self) -> int:
        return 1

    def enqueue(self, one: Subscription, _now: int) -> int:
        self._raise(one.name)
        return 0

    def failing_since(self, webhook: str) -> int | None:
        return 1 if self.get(webhook).name in self.failing else None

    def claim(self, one: Subscription, _now: int, _lease: int, limit: int) -> list[str]:
        taken = min(limit, self.due[one.name])
        self.due[one.name] -= taken
        self.claimed += [one.name] * taken
        return [one.name] * taken

    def _raise(self, where: str) -> None:
        if where in self.raises:
            raise self.raises.pop(where)


class Attempts:
    """Endpoints: those whose name begins with `hangs` do not answer."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.released = asyncio.Event()

    async def make(self, subscription: Subscription, _claim: Any) -> Answer:
        if subscription.name.startswith("hangs"):
            await self.released.wait()
        return Answer(200, "", None, 1)

    def settle(self, subscription: Subscription, _claim: Any, answer: Answer) -> bool:
        self.store.settled.append(subscription.name)
        return answer.well


class Watch:
    """Knows of nothing new."""

    def generation(self) -> int:
        return 0

    def wait(self, _generation: int, _seconds: float) -> None:
        time.sleep(0.001)


def deliverer(store: Store, registry: CollectorRegistry) -> Deliverer:
    return Deliverer(store, Watch(), Attempts(store), PartMetrics(registry))  # type: ignore[arg-type]


@pytest.mark.parametrize("raised", [*RAISED, StoreUnavailable])
def test_deliveries_go_on_after_whatever_a_look_raised(
    raised: type[BaseException], registry: CollectorRegistry
) -> None:
    store = Store({"well": 2})
    store.raises["all"] = raised()
    made = deliverer(store, registry)
    made._thread._pause = 0.001
    made.start()
    wait_until(lambda: store.settled == ["well", "well"], what="the deliveries")
    made.stop()
    assert not made._thread._thread.is_alive()


def test_a_webhook_with_an_error_of_its_own_rests_while_others_go_on(registry: CollectorRegistry) -> None:
    store = Store({"bad": 1, "well": 1})
    store.raises["bad"] = ValueError("a row that is none")
    made = deliverer(store, registry)
    made.start()
    wait_until(lambda: store.settled == ["well"], what="the delivery")
    time.sleep(0.05)
    assert store.due == {"bad": 1, "well": 0}
    made.stop()


async def look_often(made: Deliverer) -> None:
    for _ in range(3):
        await made.look()
        await asyncio.sleep(0.02)


def test_endpoints_that_hang_take_no_more_than_their_share(registry: CollectorRegistry) -> None:
    many = {f"hangs-{number}": 100 for number in range(400)}

    async def run() -> Store:
        store = Store({**many, "well": 30}, failing=frozenset(many))
        made = deliverer(store, registry)
        await look_often(made)
        made._attempts.released.set()  # type: ignore[attr-defined]
        return store

    store = asyncio.run(run())
    assert store.claimed.count("well") == 30
    assert store.settled[:30] == ["well"] * 30
    assert sum(name != "well" for name in store.claimed[: 30 + CALLS // 2]) == CALLS // 2


def test_one_endpoint_has_a_few_deliveries_under_way_and_one_that_fails_a_single_one(
    registry: CollectorRegistry,
) -> None:
    async def run() -> Store:
        store = Store({"hangs": 100, "hangs-too": 100}, failing=frozenset({"hangs-too"}))
        made = deliverer(store, registry)
        await look_often(made)
        return store

    store = asyncio.run(run())
    assert store.claimed.count("hangs") == PER_ENDPOINT
    assert store.claimed.count("hangs-too") == 1


def test_a_claim_that_came_too_late_for_its_lease_is_left_to_others(
    registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            self.now += STORE_SECONDS  # Redis took that long
            return self.now

    async def run() -> Store:
        store = Store({"well": 1})
        made = deliverer(store, registry)
        monkeypatch.setattr(delivery, "time", Clock())
        await look_often(made)
        return store

    store = asyncio.run(run())
    assert store.claimed == ["well"]
    assert store.settled == []


def test_a_stop_waits_a_moment_for_what_is_under_way_and_no_longer(
    registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "GRACE_SECONDS", 0.1)
    store = Store({"hangs": 1})
    made = deliverer(store, registry)
    made.start()
    wait_until(lambda: store.claimed == ["hangs"], what="the claim")
    made.stop()
    assert not made._thread._thread.is_alive()
    assert store.settled == []
