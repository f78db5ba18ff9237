"""The drain's turn and the sweeper's patience, without any server."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from redis_server import wait_until

from quorum.errors import StoreUnavailable
from quorum.policy.file import PolicyFile
from quorum.retention.expiry import Ended
from quorum.tally.drain import Drained
from tally_worker.observe import DeliveryMetrics, PartMetrics, SweepMetrics, counting_requests
from tally_worker.tallying.drain import LINGER_SECONDS, drain_until_silent
from tally_worker.tallying.sweeper import Sweeper

POLICIES = PolicyFile(None)


class Scripted:
    """A tally whose drains give what is written."""

    def __init__(self, *takes: tuple[int, int]) -> None:
        self.takes = list(takes)
        self.now = 0.0
        self.slept: list[float] = []

    def drain(self, _policy: Any) -> Drained:
        self.now += 1
        taken, left = self.takes.pop(0) if self.takes else (0, 0)
        return Drained(taken, left, taken, 0, 0, 0)

    def compact(self, _policy: Any, _bucket: int) -> int:
        return 0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def run(self, turn: float = 100) -> bool:
        return drain_until_silent(self, POLICIES, turn_seconds=turn, clock=lambda: self.now, sleep=self.sleep)  # type: ignore[arg-type]


def test_it_drains_until_the_inbox_was_found_empty() -> None:
    tally = Scripted((500, 500), (500, 0), (3, 0))
    assert tally.run()
    assert tally.takes == []
    assert tally.slept == [LINGER_SECONDS, LINGER_SECONDS]


def test_it_lets_others_work_when_its_turn_is_over() -> None:
    tally = Scripted(*[(500, 9999)] * 50)
    assert not tally.run(turn=10)
    assert len(tally.takes) == 40


class Health:
    """Remembers who swept."""

    def __init__(self) -> None:
        self.swept: list[str] = []

    def worker_swept(self, worker: str) -> float:
        self.swept.append(worker)
        return 0.0


class Retention:
    """Ends nothing, or cannot."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken

    def end(self, _window_seconds: int) -> Ended:
        if self.broken:
            raise StoreUnavailable("out of memory")
        return Ended(0, 0, 0)


class History:
    """Notes nothing."""

    def note(self) -> bool:
        return False


class Shields:
    """Never up."""

    def settle(self) -> bool:
        return False


class Appeals:
    """None is open."""

    def settle(self, _policy: Any) -> int:
        return 0


class Broken(Scripted):
    """A tally that cannot be drained."""

    def drain(self, _policy: Any) -> Drained:
        raise StoreUnavailable("down")


def sweeper(tally: Any, retention: Retention, health: Health, registry: CollectorRegistry) -> Sweeper:
    return Sweeper(
        [tally],
        retention,  # type: ignore[arg-type]
        health,  # type: ignore[arg-type]
        Shields(),  # type: ignore[arg-type]
        History(),  # type: ignore[arg-type]
        appeals=Appeals(),  # type: ignore[arg-type]
        policies=POLICIES,
        worker="worker-1",
        interval_seconds=0.01,
        metrics=SweepMetrics(registry),
        parts=PartMetrics(registry),
    )


def sweeps(registry: CollectorRegistry, outcome: str) -> float:
    return registry.get_sample_value("quorum_worker_sweeps_total", {"outcome": outcome}) or 0.0


def test_a_sweep_that_cannot_tidy_has_swept_all_the_same() -> None:
    registry = CollectorRegistry()
    running = sweeper(Scripted((5, 0)), Retention(broken=True), Health(), registry)
    running.start()
    wait_until(lambda: sweeps(registry, "ok") >= 3, what="three sweeps")
    running.stop()
    assert sweeps(registry, "failed") == 0


def test_a_sweep_that_cannot_drain_is_tried_again_and_counted() -> None:
    registry = CollectorRegistry()
    running = sweeper(Broken(), Retention(), Health(), registry)
    running.start()
    wait_until(lambda: sweeps(registry, "failed") >= 3, what="three failed sweeps")
    running.stop()
    assert sweeps(registry, "ok") == 0


class Ending(Scripted):
    """A tally whose first drain would end its thread."""

    def drain(self, policy: Any) -> Drained:
        if self.takes == [(0, 0)]:
            self.takes = []
            raise SystemExit("a library gives up")
        return super().drain(policy)


def test_a_sweeper_goes_on_after_what_would_end_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = CollectorRegistry()
    running = sweeper(Ending((0, 0)), Retention(), Health(), registry)
    monkeypatch.setattr(running._thread, "_pause", 0.001)
    running.start()
    wait_until(lambda: sweeps(registry, "ok") >= 2, what="the sweeps after it")
    running.stop()
    assert registry.get_sample_value("quorum_worker_part_failures_total", {"part": "sweeper"}) == 1


def test_a_partition_that_cannot_be_drained_does_not_stop_the_others() -> None:
    other = Scripted((5, 0), (2, 0))
    running = sweeper(Broken(), Retention(), Health(), CollectorRegistry())
    running._tallies.append(other)  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable):
        running.sweep()
    assert other.takes == []


def test_counters_begin_at_zero_so_that_the_first_failure_shows_in_a_rate() -> None:
    registry = CollectorRegistry()
    SweepMetrics(registry)
    DeliveryMetrics(registry)
    counting_requests(registry)
    for name, outcome in (
        ("quorum_worker_sweeps_total", "failed"),
        ("quorum_webhook_attempts_total", "dead"),
        ("quorum_drain_tasks_total", "timeout"),
    ):
        assert registry.get_sample_value(name, {"outcome": outcome}) == 0
