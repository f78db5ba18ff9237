"""Whatever is reported, decided, removed and appealed in whatever order: each appeal is decided once, and told once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from conftest import make_settings
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from redis_server import RedisServer
from servers import newest_redis
from store import NOW_MS, Bench, open_bench

from quorum.errors import AppealExists, AppealNeedsAnother, DecisionRefused, NotBlocked, UnknownImage
from quorum.events.event import APPEAL_DECIDED
from quorum.images.image import parse_image
from quorum.judgement.records import Kind, Report, State
from quorum.moderation.appeals.stored_appeals import Appeals
from quorum.moderation.appeals.upkeep import AppealsUpkeep
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.policy.classes import VERIFIED
from quorum.reporters.fingerprints import Reporter
from quorum.settings import Settings
from quorum.tally.codec import encode_report, encode_stamp

IMAGES = ("img-1", "img-2")
MODERATORS = ("ana", "bob")
ACTIONS = (Action.UPHOLD, Action.BLOCK, Action.UPHOLD, Action.CLEAR, Action.REOPEN, Action.SEPARATE)


@dataclass
class Case:
    """What the model knows of one appeal."""

    image: str
    epoch: int
    against: str
    outcome: str | None = None


@dataclass
class Model:
    """All appeals, who decided about each image last, and which appeal each decision that stands has answered."""

    cases: list[Case] = field(default_factory=list)
    last: dict[str, str] = field(default_factory=dict)
    made: dict[str, list[Case | None]] = field(default_factory=lambda: {image: [] for image in IMAGES})

    def waits(self, image: str) -> Case | None:
        return next((one for one in self.cases if one.image == image and one.outcome is None), None)

    def is_heard(self, image: str, epoch: int) -> bool:
        return any((one.image, one.epoch) == (image, epoch) and one.outcome != "lapsed" for one in self.cases)

    def lapse(self, image: str, state: State, epoch: int) -> None:
        case = self.waits(image)
        if case and not (state.is_blocked and case.epoch == epoch):
            case.outcome = "lapsed"


class Machine(RuleBasedStateMachine):
    """The store and the model side by side."""

    bench: Bench
    names: Settings

    def __init__(self) -> None:
        super().__init__()
        self.bench.client.flushdb()
        self.opened = open_bench(self.names)
        self.bench = self.opened.__enter__()
        store = self.bench.client, self.names.namespace, 1
        self.appeals, self.decisions, self.upkeep = Appeals(*store), Decisions(*store), AppealsUpkeep(*store)
        self.model, self.at = Model(), NOW_MS

    def teardown(self) -> None:
        self.upkeep.settle(self.bench.policy)
        for image in IMAGES:
            self.model.lapse(image, *self.now(image))
        self.told_as_the_model_says()
        self.opened.__exit__(None, None, None)

    def now(self, image: str) -> tuple[State, int]:
        status = self.bench.status(image)
        return status.state, status.epoch

    @initialize()
    def begins_with_blocks(self) -> None:
        for image in IMAGES:
            self.reported_by_many(image)

    @rule(image=st.sampled_from(IMAGES))
    def reported_by_many(self, image: str) -> None:
        for number in range(5):
            self.at += 1
            self.bench.report(image, f"reader-{number}", at=self.at)
        self.bench.drain()

    @rule(image=st.sampled_from(IMAGES))
    def removed(self, image: str) -> None:
        gone = parse_image(image)
        self.at += 1
        report = Report(gone, Reporter(VERIFIED, gone.digest[:12]), "", kind=Kind.GONE)
        self.bench.client.rpush(self.bench.keys.inbox, encode_stamp(self.at) + encode_report(report))
        self.bench.drain()

    @rule(image=st.sampled_from(IMAGES))
    def appealed(self, image: str) -> None:
        state, epoch = self.now(image)
        if not state.is_blocked:
            with pytest.raises((NotBlocked, UnknownImage)):
                self.appeals.lodge(parse_image(image), "why?")
            return
        if self.model.is_heard(image, epoch):
            with pytest.raises(AppealExists):
                self.appeals.lodge(parse_image(image), "why?")
            return
        self.appeals.lodge(parse_image(image), "why?")
        self.model.lapse(image, state, epoch)
        against = self.model.last.get(image, "") if state is State.UPHELD else ""
        self.model.cases.append(Case(image, epoch, against))

    @rule(image=st.sampled_from(IMAGES), action=st.sampled_from(ACTIONS), moderator=st.sampled_from(MODERATORS))
    def decided(self, image: str, action: Action, moderator: str) -> None:
        state, epoch = self.now(image)
        case = self.model.waits(image)
        stands = case is not None and state.is_blocked and case.epoch == epoch
        try:
            decided = self.decisions.decide(parse_image(image), action, moderator, self.bench.policy)
        except AppealNeedsAnother:
            assert stands
            assert case is not None
            assert case.against == moderator
            return
        except DecisionRefused:
            assert action in {Action.UPHOLD, Action.REOPEN, Action.SEPARATE}
            return
        waits_on = action is Action.REOPEN and decided.state.is_blocked and self.now(image)[1] == epoch
        assert waits_on or not (stands and case and case.against == moderator)
        if decided.changed:
            self.model.last[image] = moderator
        answered = None
        if stands and case and not waits_on:
            answered = case
            case.outcome = "upheld" if decided.state.is_blocked else "cleared"
            assert decided.appeal == case.outcome
        elif case and not waits_on:
            case.outcome = "lapsed"
        if action is Action.REOPEN:
            undone = self.model.made[image].pop()
            if undone and decided.state.is_blocked:
                self.model.cases.append(Case(image, self.now(image)[1], undone.against))
        elif answered or decided.before is not decided.state:
            self.model.made[image].append(answered)

    @rule()
    def tidied(self) -> None:
        self.upkeep.settle(self.bench.policy)
        for image in IMAGES:
            self.model.lapse(image, *self.now(image))

    @invariant()
    def told_as_the_model_says(self) -> None:
        events = [json.loads(event) for event in self.bench.events()]
        told = [event for event in events if event["type"] == APPEAL_DECIDED]
        assert len({event["id"] for event in told}) == len(told)
        expected = [(one.image, one.epoch, one.outcome) for one in self.model.cases if one.outcome]
        assert sorted((event["subject"], event["data"]["epoch"], event["data"]["outcome"]) for event in told) == sorted(
            expected
        )
        assert self.appeals.open_count() == len(self.model.cases) - len(expected)
        waiting = {image.id for image, _ in self.appeals.waiting().appeals}
        assert waiting == {one.image for one in self.model.cases if one.outcome is None}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    started = RedisServer(newest_redis(), tmp_path_factory.mktemp("redis")).start()
    yield started
    started.stop()


def test_each_appeal_is_decided_and_told_once(server: RedisServer) -> None:
    names = make_settings(server.url)
    with open_bench(names) as bench:
        machine = type("Appealed", (Machine,), {"bench": bench, "names": names})
        most = hypothesis_settings(max_examples=100, stateful_step_count=40, deadline=None)
        run_state_machine_as_test(machine, settings=most)
