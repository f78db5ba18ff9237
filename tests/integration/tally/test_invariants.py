"""What must hold of the judgement for every history, on the model and on the scripts.

Each prints how many histories it was held against.
"""

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import namespace_keys
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from quorum.images.image import Image, bucket_of, parse_image
from quorum.judgement.records import Report, State
from quorum.judgement.weighing import score, voices
from quorum.policy import Policy, parse_policy
from quorum.policy.accuracy import Standing
from quorum.policy.model import POINT
from quorum.reporters.fingerprints import UNKNOWN_AGE, Networks, Reporter
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout
from quorum.tally.codec import decode_record, encode_report, encode_stamp, encode_standing
from quorum.tally.drain import PartitionTally
from quorum.tally.model import TallyModel

RULES = """
threshold = 2.0
min_reporters = 2
window_days = 30
[reporters]
verified = 1.0
anonymous = 0.5
[reasons]
violence = 1.0
spam = 0.5
[people]
blocks_per_day = {budget}
[shields]
blocks_per_hour = {hour}
blocks_per_day = 0
"""
NOW = round(time.time() * 1000)  # compaction goes by the server's time
IMAGES = [parse_image(f"img-{number}") for number in range(4)]
NETWORKS = st.one_of(st.just(Networks()), st.builds(Networks, st.integers(1, 3), st.integers(1, 2), st.integers(1, 2)))
tried: Counter[str] = Counter()


def rules(budget: int = 0, hour: int = 0) -> Policy:
    return parse_policy(RULES.format(budget=budget, hour=hour), "test")


def reports(first: int, last: int) -> st.SearchStrategy[list[Report]]:
    """Reports of some people, without times."""
    person = st.builds(
        lambda number, kind, networks, age: Reporter(kind, bytes([number]) * 12, networks, age),
        st.integers(first, last),
        st.sampled_from(["verified", "verified", "anonymous"]),
        NETWORKS,
        st.one_of(st.just(UNKNOWN_AGE), st.just(UNKNOWN_AGE), st.integers(0, 12_000)),
    )
    reasons = st.sampled_from(["violence", "violence", "spam"])
    one = st.builds(lambda *facts: Report(*facts), st.sampled_from(IMAGES), person, reasons)  # noqa: PLW0108 - and no more
    return st.lists(one, min_size=1, max_size=24)


class Script:
    """The scripts on a server, with what a test asks of them."""

    def __init__(self, client: Any, policy: Policy) -> None:
        self.client, self.policy = client, policy
        self.namespace = f"test-{uuid.uuid4().hex[:12]}"
        self.keys = keys_of(self.namespace, 0)
        check_layout(client, self.namespace, 1)
        self.tally = PartitionTally(client, self.keys)

    def apply(self, *sent: Report, batch: int = 500) -> None:
        self.client.rpush(self.keys.inbox, *(encode_stamp(one.received_ms) + encode_report(one) for one in sent))
        while self.tally.drain(self.policy, batch).taken:
            pass

    def rejudge(self, at: int) -> None:
        self.tally.rejudge(self.policy, 100, at)

    def mute(self, reporter: bytes, minutes: int) -> None:
        standing = encode_standing(Standing(muted_until=NOW // 60_000 + minutes))
        self.client.hset(f"{self.keys.reporters}{bucket_of(reporter)}", reporter, standing)
        self.client.hset(self.keys.stats, "standings", 1)

    def states(self) -> dict[str, tuple[State, int]]:
        found = {}
        for image in IMAGES:
            raw = self.client.hget(f"{self.keys.images}{image.bucket}", image.digest)
            if raw:
                record = decode_record(raw)
                found[image.id] = (record.state, record.score)
        return found


class Model(TallyModel):
    """The same on the model."""

    def send(self, *sent: Report) -> None:
        for one in sent:
            self.apply(one)

    def mute(self, reporter: bytes, minutes: int) -> None:
        self.standings[reporter] = Standing(muted_until=NOW // 60_000 + minutes)

    def states(self) -> dict[str, tuple[State, int]]:
        found = {image: self.tallies.get(image.digest) for image in IMAGES}
        return {image.id: (tally.state, tally.score) for image, tally in found.items() if tally}


def at_times(sent: list[Report], step: int = 1) -> list[Report]:
    return [one._replace(received_ms=NOW + number * step) for number, one in enumerate(sent)]


@pytest.fixture
def server(redis_url: str) -> Iterator[Any]:
    with connect(redis_url, 5.0) as client:
        yield client


def held_to(examples: int = 150) -> settings:
    return settings(
        deadline=None,
        max_examples=examples,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def both(server: Any, policy: Policy, sent: list[Report]) -> dict[str, tuple[State, int]]:
    """Return the states that reports lead to, which are those of model and script alike."""
    model, script = Model(policy), Script(server, policy)
    model.send(*sent)
    if sent:
        script.apply(*sent)
    states = model.states()
    assert script.states() == states, sent
    server.delete(*namespace_keys(server, script.namespace))
    return states


def once_each(sent: list[Report]) -> list[Report]:
    """Return one report of each person about an image."""
    once: dict[tuple[Image, bytes], Report] = {}
    for one in sent:
        once.setdefault((one.image, one.reporter.fingerprint), one)
    return list(once.values())


def blocked(states: dict[str, tuple[State, int]]) -> set[str]:
    return {image for image, (state, _) in states.items() if state.is_blocked}


@held_to()
@given(honest=reports(1, 8), others=reports(9, 20), order=st.randoms(use_true_random=False))
def test_monotone_what_some_would_block_no_others_can_prevent(
    server: Any, honest: list[Report], others: list[Report], order: Any
) -> None:
    tried["monotone"] += 1
    alone = blocked(both(server, rules(), at_times(honest)))
    mixed = list(honest)
    for one in others:
        mixed.insert(order.randrange(len(mixed) + 1), one)
    assert alone <= blocked(both(server, rules(), at_times(mixed)))


@held_to()
@given(sent=reports(1, 20))
def test_monotone_with_the_shields_up_what_twice_the_bar_would_block_is_blocked(
    server: Any, sent: list[Report]
) -> None:
    """The shields go up with the first block; what comes after it needs twice as much, and no more."""
    tried["monotone, shields"] += 1
    higher = parse_policy(RULES.format(budget=0, hour=0).replace("threshold = 2.0", "threshold = 4.0"), "test")
    would = blocked(both(server, higher, at_times(sent)))
    assert would <= blocked(both(server, rules(hour=1), at_times(sent)))


@held_to(300)
@given(
    weights=st.lists(st.sampled_from(["verified", "anonymous"]), min_size=1, max_size=60),
    level=st.sampled_from(["address", "near", "wide"]),
)
def test_bounded_people_of_one_network_count_for_its_root_at_most(server: Any, weights: list[str], level: str) -> None:
    tried["bounded"] += 1
    sent = []
    for number, kind in enumerate(weights):
        tags = {"address": (1, 1, 1), "near": (number + 1, 1, 1), "wide": (number + 1, number + 1, 1)}[level]
        sent.append(Report(IMAGES[0], Reporter(kind, bytes([number + 1]) * 12, Networks(*tags)), "violence"))
    whole = sum({"verified": 1.0, "anonymous": 0.5}[kind] for kind in weights)
    model = Model(rules())
    model.send(*at_times(sent))
    tally = model.tallies[IMAGES[0].digest]
    counted = score(voices(model, tally, NOW)) / POINT
    assert counted <= (whole**0.5 if whole > 1 else whole) + 0.001
    assert both(server, rules(), at_times(sent))[IMAGES[0].id][0] is tally.state


@held_to()
@given(sent=reports(1, 20))
def test_bounded_people_without_weight_move_nothing(server: Any, sent: list[Report]) -> None:
    tried["weightless"] += 1
    newborn = [one._replace(reporter=one.reporter._replace(age=0)) for one in sent]
    assert all(
        state is State.OPEN and not points for state, points in both(server, rules(), at_times(newborn)).values()
    )


@held_to()
@given(
    sent=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6), st.integers(0, 7_200_000)), min_size=1, max_size=120)
)
def test_budget_nobody_carries_more_blocks_than_their_own(server: Any, sent: list[tuple[int, int, int]]) -> None:
    tried["budget"] += 1
    policy, at, model = rules(budget=2), NOW, Model(rules(budget=2))
    carried: dict[bytes, list[int]] = {}
    history = []
    for image, reporter, passed in sent:
        at += passed
        report = Report(parse_image(f"of-{image}"), Reporter("verified", bytes([reporter]) * 12), "violence", at)
        history.append(report)
        if any(event["type"] == "quorum.image.blocked.v1" for event in model.apply(report)):
            for fingerprint in model.tallies[report.image.digest].rows:
                if model.budgets.get(fingerprint, [])[-1:] == [at // 1000]:
                    carried.setdefault(fingerprint, []).append(at)
    day = 86_400_000
    for times in carried.values():
        assert all(later - earlier >= day - 1000 for earlier, later in zip(times, times[2:], strict=False))
    script = Script(server, policy)
    script.apply(*history, batch=7)
    stored = {one: server.hget(f"{script.keys.budgets}{bucket_of(one)}", one) for one in model.budgets}
    assert {one: len(raw or b"") // 4 for one, raw in stored.items()} == {
        one: len(of) for one, of in model.budgets.items()
    }
    server.delete(*namespace_keys(server, script.namespace))


@held_to()
@given(sent=reports(1, 12), order=st.randoms(use_true_random=False), batch=st.integers(1, 9))
def test_order_the_verdict_is_that_of_the_facts(server: Any, sent: list[Report], order: Any, batch: int) -> None:
    """One report a person and image: whose was later decides a change of mind. Retries change nothing."""
    tried["order"] += 1
    facts = once_each(sent)
    states = both(server, rules(), [one._replace(received_ms=NOW) for one in facts])
    order.shuffle(facts)
    other = Script(server, rules())
    other.apply(*(one._replace(received_ms=NOW) for one in [*facts, *facts]), batch=batch)
    assert {image: state for image, (state, _) in other.states().items()} == {
        image: state for image, (state, _) in states.items()
    }
    server.delete(*namespace_keys(server, other.namespace))


@held_to()
@given(
    sent=reports(1, 8), muted=st.sets(st.integers(1, 8), max_size=4), threshold=st.sampled_from([1.0, 2.0, 3.5, 5.0])
)
def test_hindsight_a_mute_or_a_policy_that_comes_later_ends_as_one_that_came_before(
    server: Any, sent: list[Report], muted: set[int], threshold: float
) -> None:
    """But for what is blocked already, also by people who change their mind: a moderator unblocks it."""
    tried["hindsight"] += 1
    strict = parse_policy(RULES.format(budget=0, hour=0).replace("threshold = 2.0", "threshold = 250.0"), "test")
    final = parse_policy(RULES.format(budget=0, hour=0).replace("threshold = 2.0", f"threshold = {threshold}"), "test")
    sent = at_times(once_each(sent))
    before, after = Model(final), Model(strict)
    scripts = Script(server, final), Script(server, strict)
    for side in (before, scripts[0]):
        for number in muted:
            side.mute(bytes([number]) * 12, 1_000_000)
    before.send(*sent)
    after.send(*sent)
    for script in scripts:
        script.apply(*sent)
    for side in (after, scripts[1]):
        for number in muted:
            side.mute(bytes([number]) * 12, 1_000_000)
    after.policy = scripts[1].policy = final
    after.caps = final.numbers(1)
    after.remember()
    for image in IMAGES:
        scripts[1].tally.compact(final, image.bucket)
    at = sent[-1].received_ms
    after.rejudge(at)
    scripts[1].rejudge(at)
    named = {image.id for image in IMAGES if len(rows_of(after, image)) > 1}  # one report alone is not judged again
    for now, then in ((after.states(), before.states()), (scripts[1].states(), scripts[0].states())):
        assert {image: now[image][0] for image in named} == {image: then[image][0] for image in named}
    server.delete(*(name for script in scripts for name in namespace_keys(server, script.namespace)))


def rows_of(model: TallyModel, image: Image) -> dict[bytes, Any]:
    tally = model.tallies.get(image.digest)
    return tally.rows if tally else {}


@pytest.fixture(scope="module", autouse=True)
def counted() -> Iterator[None]:
    yield
    print("histories:", dict(tried))
