"""Appeals against blocks: who may appeal when, what decides them, when they end."""

import json
from dataclasses import replace
from typing import Any

import pytest
from store import NOW_MS, Bench

from quorum.errors import AppealExists, AppealNeedsAnother, NoOpenAppeal, NotBlocked, UnknownImage
from quorum.events.event import APPEAL_DECIDED
from quorum.images.image import parse_image
from quorum.judgement.records import Kind, Report
from quorum.moderation.appeals.appeals import Outcome
from quorum.moderation.appeals.stored_appeals import Appeals
from quorum.moderation.appeals.upkeep import AppealsUpkeep
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decided, Decisions
from quorum.moderation.stories import Stories
from quorum.moderation.waiting.stored_queue import Queue
from quorum.moderation.waiting.wanted import Listed, Wanted
from quorum.policy.classes import VERIFIED
from quorum.policy.sections import Appeals as Rules
from quorum.reporters.fingerprints import Reporter
from quorum.retention.erasure import Erasure
from quorum.settings import Settings
from quorum.tally.codec import encode_report, encode_stamp
from quorum.telemetry.health import Health

IMAGE = parse_image("img-1")
UPLOADER = b"u" * 12


@pytest.fixture
def appeals(bench: Bench, settings: Settings) -> Appeals:
    return Appeals(bench.client, settings.namespace, 1)


@pytest.fixture
def decisions(bench: Bench, settings: Settings) -> Decisions:
    return Decisions(bench.client, settings.namespace, 1)


def decide(bench: Bench, decisions: Decisions, action: Action, moderator: str = "ana", **more: Any) -> Decided:
    return decisions.decide(IMAGE, action, moderator, bench.policy, **more)


def told(bench: Bench) -> list[dict[str, Any]]:
    events = [json.loads(event) for event in bench.events()]
    return [event for event in events if event["type"] == APPEAL_DECIDED]


def settle(bench: Bench, settings: Settings) -> int:
    return AppealsUpkeep(bench.client, settings.namespace, 1).settle(bench.policy)


def test_only_what_is_blocked_can_be_appealed_and_once(bench: Bench, appeals: Appeals) -> None:
    with pytest.raises(UnknownImage):
        appeals.lodge(IMAGE, "why?")
    bench.report(IMAGE.id, "reader-1")
    bench.drain()
    with pytest.raises(NotBlocked, match="is open"):
        appeals.lodge(IMAGE, "why?")
    bench.block("img-2")
    other = parse_image("img-2")
    lodged = appeals.lodge(other, "It is a museum.", UPLOADER)
    assert (lodged.text, lodged.uploader, lodged.against) == ("It is a museum.", UPLOADER.hex(), "")
    assert appeals.of(other) == [lodged]
    with pytest.raises(AppealExists):
        appeals.lodge(other, "again")
    assert appeals.of(other) == [lodged]


@pytest.mark.parametrize(
    ("action", "outcome"),
    [(Action.UPHOLD, Outcome.UPHELD), (Action.BLOCK, Outcome.UPHELD), (Action.CLEAR, Outcome.CLEARED)],
)
def test_a_decision_about_the_image_decides_its_appeal(
    bench: Bench, appeals: Appeals, decisions: Decisions, action: Action, outcome: Outcome
) -> None:
    bench.block(IMAGE.id)
    lodged = appeals.lodge(IMAGE, "secret words", UPLOADER)
    decided = decide(bench, decisions, action, note="I looked")
    assert decided.appeal is outcome
    assert decided.state.is_blocked is (outcome is Outcome.UPHELD)
    assert APPEAL_DECIDED in decided.events
    [kept] = appeals.of(IMAGE)
    assert kept.answer is not None
    assert (kept.answer.outcome, kept.answer.moderator, kept.answer.note) == (outcome, "ana", "I looked")
    [event] = told(bench)
    assert event["id"] == f"{IMAGE.digest.hex()}-1-appeal-{lodged.at_ms}"
    assert event["data"]["outcome"] == outcome
    assert event["data"]["decided_by"] == {"kind": "moderator"}
    assert "secret" not in json.dumps(told(bench))
    assert appeals.open_count() == 0
    again = decide(bench, decisions, action, "bob")
    assert (again.changed, again.appeal) == (False, None)
    assert len(told(bench)) == 1


def test_an_upheld_image_has_its_appeal_decided_by_another_moderator(
    bench: Bench, appeals: Appeals, decisions: Decisions
) -> None:
    bench.block(IMAGE.id)
    decide(bench, decisions, Action.UPHOLD, "ana")
    assert appeals.lodge(IMAGE, "no").against == "ana"
    for action in (Action.UPHOLD, Action.CLEAR, Action.BLOCK):
        with pytest.raises(AppealNeedsAnother, match="another moderator"):
            decide(bench, decisions, action, "ana")
    assert told(bench) == []
    assert decide(bench, decisions, Action.UPHOLD, "bob", of_appeal=True).appeal is Outcome.UPHELD
    assert [event["data"]["outcome"] for event in told(bench)] == ["upheld"]
    with pytest.raises(AppealExists):
        appeals.lodge(IMAGE, "once more")


def test_where_there_is_one_moderator_the_policy_lets_them(
    bench: Bench, appeals: Appeals, decisions: Decisions
) -> None:
    bench.block(IMAGE.id)
    decide(bench, decisions, Action.UPHOLD, "ana")
    appeals.lodge(IMAGE, "no")
    bench.policy = replace(bench.policy, appeals=Rules(another_moderator=False))
    assert decide(bench, decisions, Action.CLEAR, "ana").appeal is Outcome.CLEARED


def test_a_decision_about_an_appeal_asks_for_one(bench: Bench, appeals: Appeals, decisions: Decisions) -> None:
    bench.block(IMAGE.id)
    with pytest.raises(NoOpenAppeal):
        decide(bench, decisions, Action.CLEAR, of_appeal=True)
    appeals.lodge(IMAGE, "no")
    assert decide(bench, decisions, Action.CLEAR, of_appeal=True, dry_run=True).appeal is Outcome.CLEARED
    assert appeals.open_count() == 1
    assert told(bench) == []


@pytest.mark.parametrize("upheld_before", [False, True])
@pytest.mark.parametrize("answer", [Action.UPHOLD, Action.CLEAR])
def test_an_appeal_waits_again_when_what_answered_it_is_taken_back(
    bench: Bench, appeals: Appeals, decisions: Decisions, answer: Action, *, upheld_before: bool
) -> None:
    bench.block(IMAGE.id)
    if upheld_before:
        decide(bench, decisions, Action.UPHOLD, "ana")
    before = bench.status(IMAGE.id).state
    appeals.lodge(IMAGE, "It is a museum.", UPLOADER)
    decide(bench, decisions, answer, "bob", note="wrong picture")
    decide(bench, decisions, Action.REOPEN, "bob")
    status = bench.status(IMAGE.id)
    assert status.state is before
    first, again = appeals.of(IMAGE)
    assert (again.text, again.uploader, again.against) == (first.text, first.uploader, first.against)
    assert again.is_open
    assert again.is_about(status.state, status.epoch)
    with pytest.raises(AppealExists):
        appeals.lodge(IMAGE, "the same")
    assert decide(bench, decisions, Action.UPHOLD, "bob").appeal is Outcome.UPHELD
    outcomes = [(event["id"], event["data"]["outcome"]) for event in told(bench)]
    assert [outcome for _, outcome in outcomes] == ["upheld" if answer is Action.UPHOLD else "cleared", "upheld"]
    assert len(dict(outcomes)) == 2


def test_the_next_block_can_be_appealed_again(bench: Bench, appeals: Appeals, decisions: Decisions) -> None:
    bench.block(IMAGE.id)
    appeals.lodge(IMAGE, "first")
    decide(bench, decisions, Action.CLEAR)
    decide(bench, decisions, Action.BLOCK)
    assert appeals.lodge(IMAGE, "second").against == "ana"
    assert [one.text for one in appeals.of(IMAGE)] == ["first", "second"]
    assert appeals.present(IMAGE, bench.status(IMAGE.id).state, bench.status(IMAGE.id).epoch) == appeals.of(IMAGE)[1]


def test_an_appeal_lapses_with_its_block(bench: Bench, appeals: Appeals, settings: Settings) -> None:
    bench.block(IMAGE.id)
    appeals.lodge(IMAGE, "no")
    assert settle(bench, settings) == 0
    bench.client.hdel(f"{bench.keys.images}{IMAGE.bucket}", IMAGE.digest)  # as if the site had removed it
    assert settle(bench, settings) == 1
    assert settle(bench, settings) == 0
    [event] = told(bench)
    assert event["data"]["outcome"] == "lapsed"
    assert event["data"]["decided_by"] == {"kind": "policy", "version": bench.policy.version}
    assert appeals.open_count() == 0
    assert [one.what for one in Stories(bench.client, settings.namespace, 1).of(IMAGE)] == ["blocked", "appeal"]
    bench.block(IMAGE.id, at=NOW_MS + 100)
    appeals.lodge(IMAGE, "what lapsed was not heard")


def test_a_decided_appeal_ends_after_its_time_and_an_open_one_never(
    bench: Bench, appeals: Appeals, decisions: Decisions, settings: Settings
) -> None:
    bench.block(IMAGE.id)
    bench.policy = replace(bench.policy, appeals=Rules(keep_days=0))
    appeals.lodge(IMAGE, "no")
    assert settle(bench, settings) == 0
    decide(bench, decisions, Action.UPHOLD)
    while not settle(bench, settings):  # a millisecond must have passed
        pass
    assert appeals.of(IMAGE) == []
    assert bench.client.exists(f"{bench.keys.appeals}{IMAGE.bucket}", bench.keys.answered, bench.keys.appealed) == 0


def test_open_appeals_stand_in_the_queue(
    bench: Bench, appeals: Appeals, decisions: Decisions, settings: Settings
) -> None:
    for number in range(3):
        bench.block(f"img-{number}", at=NOW_MS + 100 * number)
        appeals.lodge(parse_image(f"img-{number}"), "no")
    decisions.decide(parse_image("img-0"), Action.UPHOLD, "ana", bench.policy)
    queue = Queue(bench.client, settings.namespace, 1)
    wanted = Wanted(frozenset({Listed.APPEALED}))
    first = queue.page(wanted, None, 1, bench.policy)
    rest = queue.page(wanted, first.next, 5, bench.policy)
    assert [one.facts.image.id for one in (*first.entries, *rest.entries)] == ["img-1", "img-2"]
    assert rest.next is None
    assert all(one.appeal and one.appeal.is_open for one in first.entries)
    assert queue.waiting().appealed == 2
    page = appeals.waiting(count=1)
    assert [image.id for image, _ in (*page.appeals, *appeals.waiting(page.next).appeals)] == ["img-1", "img-2"]


def test_an_uploader_is_forgotten_and_the_appeal_stays(bench: Bench, appeals: Appeals, settings: Settings) -> None:
    bench.block(IMAGE.id)
    appeals.lodge(IMAGE, "I, the uploader", UPLOADER)
    bench.block("img-2", at=NOW_MS + 100)
    appeals.lodge(parse_image("img-2"), "somebody else", b"v" * 12)
    erased = Erasure(bench.client, settings.namespace, 1).erase([UPLOADER])
    assert erased.tallied == 1
    [kept] = appeals.of(IMAGE)
    assert (kept.text, kept.uploader, kept.is_open) == ("", "", True)
    assert appeals.of(parse_image("img-2"))[0].text == "somebody else"
    assert appeals.open_count() == 2


def test_what_somebody_else_wrote_among_appeals_goes_with_the_person_in_it(bench: Bench, settings: Settings) -> None:
    key = f"{bench.keys.appeals}1"
    bench.client.hset(key, mapping={b"one": b"no appeal of " + UPLOADER.hex().encode(), b"two": b"nobody's"})
    assert Erasure(bench.client, settings.namespace, 1).erase([UPLOADER]).tallied == 1
    assert bench.client.hgetall(key) == {b"two": b"nobody's"}


def test_outcomes_and_what_waits_are_counted(
    bench: Bench, appeals: Appeals, decisions: Decisions, settings: Settings
) -> None:
    bench.block(IMAGE.id)
    appeals.lodge(IMAGE, "one")
    health = Health(bench.client, settings.namespace, 1)
    now = health.partition(0)
    assert (now.open_appeals, now.appeal_age_seconds >= 0) == (1, True)
    decide(bench, decisions, Action.UPHOLD)
    decide(bench, decisions, Action.REOPEN)
    decide(bench, decisions, Action.CLEAR, "bob")
    decide(bench, decisions, Action.BLOCK, "bob")
    appeals.lodge(IMAGE, "two")
    gone = Report(IMAGE, Reporter(VERIFIED, IMAGE.digest[:12]), "", kind=Kind.GONE)
    bench.client.rpush(bench.keys.inbox, encode_stamp(NOW_MS + 10_000) + encode_report(gone))
    bench.drain()
    settle(bench, settings)
    settle(bench, settings)
    now = health.partition(0)
    counted = {name: now.counters[f"appeals_{name}"] for name in ("upheld", "cleared", "lapsed")}
    assert counted == {"upheld": 1, "cleared": 1, "lapsed": 1}
    assert (now.open_appeals, now.appeal_age_seconds) == (0, 0.0)
