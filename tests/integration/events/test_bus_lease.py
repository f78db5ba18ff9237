"""One worker publishes at a time: the lease against a model of it, and a worker that sleeps through its own."""

import uuid
from typing import Any

import hypothesis.strategies as st
import pytest
from conftest import make_settings
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from prometheus_client import CollectorRegistry
from store import Bench, open_bench

from quorum.errors import StoreUnavailable
from quorum.events.bus import LEASE_MS, PUBLISH_SECONDS, BusPlace
from quorum.events.event import Event
from quorum.events.feed import Feed
from quorum.network.brokers import Address
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from tally_worker.app import process_name
from tally_worker.delivering import bus as bus_module
from tally_worker.delivering.bus import Bus
from tally_worker.observe import DeliveryMetrics, PartMetrics

WORKERS = ("one", "two", "three")


class LeaseMachine(RuleBasedStateMachine):
    """Workers that take, renew, lose and give back the lease; time is a key that Redis lets go."""

    redis_url = ""

    @initialize()
    def begin(self) -> None:
        self.client: Any = connect(self.redis_url, 5.0)
        namespace = f"test-{uuid.uuid4().hex[:12]}"
        self.place = BusPlace(self.client, namespace, 1)
        self.prefix, self.paused = keys_of(namespace, 0).bus, keys_of(namespace, 0).paused
        self.owner: str | None = None
        self.cursor: str | None = None
        self.waits = False
        self.steps = 0

    @rule(worker=st.sampled_from(WORKERS))
    def lease(self, worker: str) -> None:
        may = not self.waits and self.owner in {None, worker}
        assert self.place.lease(worker) == may
        if may:
            self.owner = worker
            assert LEASE_MS - 2000 < self.client.pttl(f"{self.prefix}lease") <= LEASE_MS

    @rule(worker=st.sampled_from(WORKERS))
    def release(self, worker: str) -> None:
        self.place.release(worker)
        if self.owner == worker:
            self.owner = None

    @rule(worker=st.sampled_from(WORKERS))
    def advance(self, worker: str) -> None:
        self.steps += 1
        assert self.place.advance(worker, f"{self.steps}-0") == (self.owner == worker)
        if self.owner == worker:
            self.cursor = f"{self.steps}-0"

    @rule()
    def expire(self) -> None:
        self.client.pexpire(f"{self.prefix}lease", 0)
        self.owner = None

    @rule()
    def pause(self) -> None:
        self.waits = not self.waits
        if self.waits:
            self.client.set(self.paused, "tests")
        else:
            self.client.delete(self.paused)

    @invariant()
    def the_owner_and_the_cursor_are_those_of_the_model(self) -> None:
        if hasattr(self, "owner"):
            assert self.client.get(f"{self.prefix}lease") == (self.owner.encode() if self.owner else None)
            assert self.place.cursor() == self.cursor

    def teardown(self) -> None:
        if hasattr(self, "client"):
            self.client.delete(f"{self.prefix}lease", f"{self.prefix}cursor", self.paused)
            self.client.close()


def test_the_lease_does_what_its_model_does(redis_url: str) -> None:
    machine = type("Machine", (LeaseMachine,), {"redis_url": redis_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


class Watch:
    """Knows of nothing new."""

    def generation(self) -> int:
        return 0

    def wait(self, _generation: int, _seconds: float) -> None:
        pass


class Published(list[tuple[str, str]]):
    """What is on the bus: by whom, and which event."""


@pytest.fixture
def settings_(redis_url: str) -> Settings:
    return make_settings(redis_url)


def make_bus(bench: Bench, settings: Settings, name: str, published: Published, monkeypatch: pytest.MonkeyPatch) -> Bus:
    registry = CollectorRegistry()
    made = Bus(
        Address("memory://"),
        "quorum",
        feed=Feed(bench.client, settings.namespace, 1),
        watch=Watch(),  # type: ignore[arg-type]
        place=BusPlace(bench.client, settings.namespace, 1),
        worker=name,
        metrics=DeliveryMetrics(registry),
        parts=PartMetrics(registry),
    )
    monkeypatch.setattr(made, "_publish", lambda _producer, event: published.append((name, event.subject)))
    return made


class Clock:
    """The worker's clock, which a test puts forward."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(bus_module, "time", made)
    return made


def test_a_worker_that_slept_through_its_lease_stops_and_does_not_set_the_cursor_back(
    settings_: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = Published()
    with open_bench(settings_) as bench:
        for number in range(5):
            bench.block(f"img-{number}")
        place = BusPlace(bench.client, settings_.namespace, 1)
        sleeper = make_bus(bench, settings_, "sleeper", published, monkeypatch)
        other = make_bus(bench, settings_, "other", published, monkeypatch)

        def sleep(_producer: Any, event: Event) -> None:
            published.append(("sleeper", event.subject))
            if event.subject == "img-1":  # frozen in the middle of it, and the lease ends
                bench.client.delete(f"{bench.keys.bus}lease")
                assert other._leads()
                assert other._publish_page(None) == 5  # type: ignore[arg-type] # it is not used
                clock.now += 60

        monkeypatch.setattr(sleeper, "_publish", sleep)
        assert sleeper._leads()
        assert not other._leads()
        sleeper._publish_page(None)  # type: ignore[arg-type]
        assert [subject for who, subject in published if who == "other"] == [f"img-{number}" for number in range(5)]
        assert [subject for who, subject in published if who == "sleeper"] == ["img-0", "img-1"]
        assert not sleeper._leads()
        assert Feed(bench.client, settings_.namespace, 1).after(place.cursor(), 10)[0] == []


def test_the_right_to_publish_outlives_the_event_under_way(
    settings_: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_bench(settings_) as bench:
        made = make_bus(bench, settings_, "one", Published(), monkeypatch)
        asked = []
        lease = made._place.lease

        def counted(worker: str) -> bool:
            asked.append(clock.now)
            return lease(worker)

        monkeypatch.setattr(made._place, "lease", counted)
        for _ in range(200):
            assert made._leads()
            assert clock.now + PUBLISH_SECONDS <= asked[-1] + LEASE_MS / 1000
            clock.now += 0.1
        assert len(asked) < 6


def test_what_was_confirmed_before_an_error_is_not_published_again(
    settings_: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = Published()
    with open_bench(settings_) as bench:
        for number in range(3):
            bench.block(f"img-{number}")
        made = make_bus(bench, settings_, "one", published, monkeypatch)
        publish = made._publish

        def fail_once(producer: Any, event: Event) -> None:
            if event.subject == "img-1" and len(published) == 1:
                published.append(("one", "cut off"))
                raise StoreUnavailable("the broker hung up")
            publish(producer, event)

        monkeypatch.setattr(made, "_publish", fail_once)
        with pytest.raises(StoreUnavailable):
            assert made._leads() and made._publish_page(None)  # type: ignore[arg-type] # noqa: PT018
        assert made._publish_page(None) == 2  # type: ignore[arg-type]
        assert [subject for _, subject in published] == ["img-0", "cut off", "img-1", "img-2"]


def test_a_cursor_that_is_none_begins_with_the_oldest_event(
    settings_: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = Published()
    with open_bench(settings_) as bench:
        bench.block("img-1")
        bench.client.set(f"{bench.keys.bus}cursor", b"\xffnone")
        made = make_bus(bench, settings_, "one", published, monkeypatch)
        assert BusPlace(bench.client, settings_.namespace, 1).lag_seconds()
        assert made._leads()
        made._publish_page(None)  # type: ignore[arg-type]
        assert made._publish_page(None) == 1  # type: ignore[arg-type]
        assert published == [("one", "img-1")]


def test_no_two_starts_of_a_worker_have_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getpid", lambda: 1)
    monkeypatch.setattr("socket.gethostname", lambda: "worker")
    assert len({process_name() for _ in range(100)}) == 100
