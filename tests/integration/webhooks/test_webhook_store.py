"""Subscriptions and claims in Redis, on every kind of server: what may happen at one moment, and when it is full."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any

import hypothesis.strategies as st
import pytest
from conftest import make_settings
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from redis_server import RedisServer
from store import Bench, open_bench

from quorum.errors import SubscriptionExists, UnknownSubscription
from quorum.events.event import BLOCKED, HELD, UNBLOCKED, cloud_event
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.layout import check_layout
from quorum.webhooks.deliveries import Attempt, Claim, Webhooks
from quorum.webhooks.subscription import LEASE_MS, Subscription, new_subscription

URL = "https://cms.example.org/hook"


@pytest.fixture
def store(bench: Bench, settings: Settings) -> Webhooks:
    return Webhooks(bench.client, settings.namespace, 1)


def made(url: str = URL, *types: str) -> Subscription:
    return new_subscription(url, types or (BLOCKED,), "", 1)


@pytest.mark.parametrize(
    "again",
    [
        "https://cms.example.org/hook",
        "HTTPS://CMS.Example.ORG/hook",
        "https://cms.example.org:443/hook",
        "https://cms.example.org./hook",
        "https://cms.example.org/%68ook",
        "https://cms.example.org/x/../hook",
    ],
)
def test_a_second_subscription_of_the_same_endpoint_names_the_first(store: Webhooks, again: str) -> None:
    first = made()
    store.add(first)
    with pytest.raises(SubscriptionExists) as refused:
        store.add(made(again, HELD, BLOCKED))
    assert refused.value.first == first.id
    assert first.id in str(refused.value)
    assert [one.id for one in store.all()] == [first.id]


def test_other_types_and_other_endpoints_are_no_second_subscription(store: Webhooks) -> None:
    for url, kind in (
        (URL, BLOCKED),
        (URL, UNBLOCKED),
        (f"{URL}?x", BLOCKED),
        (f"{URL}/", BLOCKED),
        ("https://cms.example.org:8443/hook", BLOCKED),
        ("http://cms.example.org/hook", BLOCKED),
    ):
        store.add(made(url, kind))
    assert len(store.all()) == 6


def test_of_many_requests_at_one_moment_one_subscribes(settings: Settings, bench: Bench) -> None:
    at_once, together = 8, Barrier(8)

    def add(_: int) -> str:
        together.wait(10)
        with connect(settings.redis_url, 5.0) as client:
            try:
                Webhooks(client, settings.namespace, 1).add(one := made())
            except SubscriptionExists as refused:
                return refused.first
            return one.id

    for _ in range(5):
        with ThreadPoolExecutor(at_once) as pool:
            ids = set(pool.map(add, range(at_once)))
        store = Webhooks(bench.client, settings.namespace, 1)
        assert ids == {one.id for one in store.all()}
        assert len(ids) == 1
        store.remove(*ids)


def test_changes_at_one_moment_do_not_undo_each_other(store: Webhooks) -> None:
    store.add(first := made())
    seen: list[Subscription] = []

    def rotate(one: Subscription) -> Subscription:
        if not seen:
            store.disable(one.id, "it was gone", 5)  # between the look and the write
        seen.append(one)
        return one.rotated(7)

    store.change(first.id, rotate)
    assert len(seen) == 2
    now = store.get(first.id)
    assert now.disabled_because == "it was gone"
    assert len(now.secrets) == 2


def test_a_change_does_not_bring_back_what_was_removed(store: Webhooks) -> None:
    store.add(first := made())

    def remove(one: Subscription) -> Subscription:
        store.remove(one.id)
        return one

    with pytest.raises(UnknownSubscription):
        store.change(first.id, remove)
    assert store.all() == []


def test_what_is_queued_after_a_removal_leaves_nothing_behind(store: Webhooks, bench: Bench) -> None:
    store.add(first := made())
    bench.block("img-1")
    store.remove(first.id)
    store.ping(first, 5)
    assert store.enqueue(first, 5) == 0
    left = set(bench.client.scan_iter(f"*{first.id}*")) - {f"{bench.keys.webhooks}{first.id}:pings".encode()}
    assert left == set()


def attempt(outcome: str, number: int = 1) -> Attempt:
    return Attempt(1, "event", "img", number, 200, outcome, "", 5)


def test_an_endpoint_that_works_again_gets_nothing_twice_that_is_under_way(store: Webhooks, bench: Bench) -> None:
    store.add(first := made())
    for image in ("img-1", "img-2", "img-3"):
        bench.block(image)
    now = store.now_ms()
    store.enqueue(first, now)
    one, two, three = store.claim(first, now, LEASE_MS, 3)
    assert store.settle(first, one, now, now + 300_000, well=False)
    assert store.settle(first, two, now, well=True)
    assert [claim.subject for claim in store.claim(first, now, LEASE_MS, 9)] == [one.subject]  # waited, not `three`
    assert store.claim(first, now + LEASE_MS + 1, LEASE_MS, 9)
    assert store.settle(first, three, now, well=True)


def test_a_full_redis_still_lets_deliveries_be_claimed_and_settled(own_redis: RedisServer) -> None:
    settings_ = make_settings(own_redis.url)
    with open_bench(settings_) as bench:
        store = Webhooks(bench.client, settings_.namespace, 1)
        store.add(first := made())
        for image in ("img-1", "img-2"):
            bench.block(image)
        now = store.now_ms()
        store.enqueue(first, now)
        bench.client.config_set("maxmemory", "1mb")
        one, two = store.claim(first, now, LEASE_MS, 2)
        assert store.settle(first, one, now, well=True, attempt=attempt("delivered"))
        assert store.settle(first, two, now, now + 5000, well=False, attempt=attempt("retry"))
        bench.client.config_set("maxmemory", "0")
        assert store.backlog(first.id) == (1, 0)
        assert [line.outcome for line in store.deliveries(first.id, 9)] == ["retry", "delivered"]


def test_an_event_that_is_not_kept_any_more_is_told_in_the_log(store: Webhooks, bench: Bench) -> None:
    store.add(first := made())
    bench.block("img-1")
    store.enqueue(first, 5)
    bench.client.xtrim(bench.keys.events, maxlen=0, approximate=False)
    assert store.claim(first, 5, LEASE_MS, 9) == []
    [line] = store.deliveries(first.id, 9)
    assert (line.outcome, line.subject, line.detail) == ("dead", "img-1", "the event is not kept any more")


def test_a_webhook_that_was_away_for_longer_than_events_are_kept_goes_on(store: Webhooks, bench: Bench) -> None:
    store.add(first := made())
    for image in ("img-1", "img-2"):
        bench.block(image)
    newest = bench.client.xrevrange(bench.keys.events, count=1)[0][0].decode()
    bench.client.xtrim(bench.keys.events, minid=newest, approximate=False)
    milliseconds, _, number = newest.partition("-")
    bench.client.set(
        bench.keys.trimmed, f"{int(milliseconds)}-{int(number) - 1}" if int(number) else f"{int(milliseconds) - 1}-0"
    )
    while store.enqueue(first, 5):
        pass
    assert [claim.subject for claim in store.claim(first, 5, LEASE_MS, 9)] == ["img-2"]


@dataclass
class Waiting:
    """The model of a subject: its entries, oldest first, when the next is due, and its newest claim."""

    entries: list[list[int]] = field(default_factory=list)  # number of the event, failed attempts
    due: int = 0


class ClaimMachine(RuleBasedStateMachine):
    """Workers that claim, settle in time or too late, or die; against a model."""

    redis_url = ""

    @initialize()
    def begin(self) -> None:
        namespace = f"test-{uuid.uuid4().hex[:12]}"
        self.client: Any = connect(self.redis_url, 5.0)
        check_layout(self.client, namespace, 1)
        self.store = Webhooks(self.client, namespace, 1)
        self.hook = made()
        self.store.add(self.hook)
        self.now, self.sent, self.lines, self.failing = 1_000_000, 0, 0, False
        self.subjects: dict[str, Waiting] = {}
        self.claims: list[Claim] = []
        self.numbers: dict[str, int] = {}

    @rule(subject=st.sampled_from("abc"))
    def queue(self, subject: str) -> None:
        self.sent += 1
        event = an_event(subject, self.sent)
        self.client.hset(self.store._key(self.hook.id, "pings"), str(self.sent), event)
        self.store._put(self.hook, [(subject, f"ping:{self.sent}")], self.now)
        waiting = self.subjects.setdefault(subject, Waiting())
        if not waiting.entries:
            waiting.due = self.now
        waiting.entries.append([self.sent, 0])

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        due = sorted((one.due, name) for name, one in self.subjects.items() if one.entries and one.due <= self.now)
        wanted = {
            name: (self.subjects[name].entries[0][0], self.subjects[name].entries[0][1]) for _, name in due[:limit]
        }
        claims = self.store.claim(self.hook, self.now, LEASE_MS, limit)
        assert {one.subject: (int(one.event_id), one.attempts) for one in claims} == wanted
        for one in claims:
            self.subjects[one.subject].due = self.now + LEASE_MS
        self.claims += claims

    @rule(data=st.data(), outcome=st.sampled_from(["delivered", "retry", "dead"]), wait=st.integers(1, 200_000))
    def settle(self, data: Any, outcome: str, wait: int) -> None:
        if not self.claims:
            return
        one = self.claims.pop(data.draw(st.integers(0, len(self.claims) - 1)))
        waiting = self.subjects[one.subject]
        in_time = bool(waiting.entries) and waiting.entries[0] == [int(one.event_id), one.attempts]
        again = self.now + wait if outcome == "retry" else None
        well = outcome == "delivered"
        assert self.store.settle(self.hook, one, self.now, again, well=well, attempt=attempt(outcome)) == in_time
        if in_time:
            self._settled(waiting, again, well=well)

    def _settled(self, waiting: Waiting, again: int | None, *, well: bool) -> None:
        self.lines += 1
        if again is None:
            waiting.entries.pop(0)
            waiting.due = self.now
        else:
            waiting.entries[0][1] += 1
            waiting.due = again
        if well and self.failing:
            for other in self.subjects.values():
                if other.entries and other.due > self.now + LEASE_MS:
                    other.due = self.now
        self.failing = not well

    @rule(ms=st.integers(1, 2 * LEASE_MS))
    def pass_time(self, ms: int) -> None:
        self.now += ms

    @rule()
    def die(self) -> None:
        self.claims.clear()

    @invariant()
    def redis_holds_what_the_model_does(self) -> None:
        if not hasattr(self, "store"):
            return
        key = self.store._key
        due = dict(self.client.zrange(key(self.hook.id, "due"), 0, -1, withscores=True))
        assert due == {name.encode(): one.due for name, one in self.subjects.items() if one.entries}
        assert self.client.xlen(key(self.hook.id, "log")) == self.lines
        assert (self.store.failing_since(self.hook.id) is not None) == self.failing

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.remove(self.hook.id)
            self.client.close()


def an_event(subject: str, number: int) -> str:
    return json.dumps(cloud_event(str(number), BLOCKED, subject, 1, {}))


def test_claims_do_what_their_model_does(redis_url: str) -> None:
    machine = type("Machine", (ClaimMachine,), {"redis_url": redis_url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
