"""The atomic scripts and the pure Python model, side by side, under random histories and several policies."""

import json
import struct
import uuid
from collections import Counter, defaultdict
from hashlib import sha256
from typing import Any

import hypothesis.strategies as st
import pytest
from conftest import namespace_keys
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from quorum.errors import DecisionRefused
from quorum.images.content import Content, parse_content
from quorum.images.image import bucket_of, parse_image
from quorum.judgement.figures.days import week_of
from quorum.judgement.records import Kind, Report, State, Tally
from quorum.judgement.waiting import KEPT_CAUSES
from quorum.moderation.decisions import Action, Decision, decide_in_model
from quorum.moderation.past import decode_past
from quorum.moderation.shields import Shields
from quorum.moderation.stored_decisions import Decisions
from quorum.moderation.stored_reporters import Reporters
from quorum.moderation.stories import DECISION, MOST_TOLD, places
from quorum.policy import Policy, parse_policy
from quorum.policy.accuracy import Standing
from quorum.policy.classes import ANONYMOUS, CLASSES, TRUSTED
from quorum.policy.model import reason_code
from quorum.reporters.fingerprints import UNKNOWN_AGE, Networks, Reporter
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout
from quorum.tally.codec import decode_copies, decode_record, decode_standing, encode_report, encode_stamp
from quorum.tally.drain import PartitionTally
from quorum.tally.journal import Journal
from quorum.tally.model import TallyModel
from quorum.tally.views import Views

BASE = """
threshold = 3.0
min_reporters = 3
window_days = 0.01
[reporters]
verified = 1.0
anonymous = 0.5
trusted = 2.5
[reasons]
violence = 1.0
spam = 0.5
hate = 1.3
"""
PLAIN = BASE + "[people]\nblocks_per_day = 100\n[shields]\nblocks_per_hour = 0\nblocks_per_day = 0\n"
RULES = (
    BASE.replace("hate = 1.3", "hate = { weight = 1.3, threshold = 2.0, min_reporters = 2 }")
    + """
[[images]]
match = "image-1"
threshold = 2.0
min_reporters = 2
[[images]]
match = "image-2*"
protected = true
[people]
trusted_alone = true
full_weight_days = 2
blocks_per_day = 2
[after_clear]
immune_days = 0.002
threshold_factor = 1.5
review_reporters = 3
[accuracy]
prior = 1
least = 0.25
most = 1.75
[abuse]
unfounded = 2
share = 0.5
notice_days = 0.001
mute_days = 0.004
[shields]
blocks_per_hour = 2
blocks_per_day = 3
factor = 1.5
up_minutes = 4
[views]
least_ratio = 0.01
"""
)
IMAGES = [parse_image(f"image-{number}") for number in range(4)]
_PDQ = int.from_bytes(sha256(b"a picture").digest(), "big")
# The same picture, nearly so from both sides of the reach, and beyond it; 0b1...1 << n are bits that differ.
_NEAR = [_PDQ ^ changed for changed in (0, 1, (1 << 31) - 1, ((1 << 31) - 1) << 225, (1 << 32) - 1, (1 << 60) - 1)]
CONTENTS = [parse_content("sha256:" + sha256(digit).hexdigest()) for digit in (b"1", b"2")]
CONTENTS += [parse_content(f"pdq:{pdq:064x}") for pdq in _NEAR]
_CONTENT = st.sampled_from(CONTENTS)
# Shrinking a history takes many minutes; `--hypothesis-seed` and this set to all phases does it when one fails.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
AGES = st.one_of(st.just(UNKNOWN_AGE), st.integers(0, 4000))
NETWORKS = st.one_of(st.just(Networks()), st.builds(Networks, st.integers(1, 3), st.integers(1, 2), st.integers(1, 2)))
REPORTERS = [bytes([number]) * 12 for number in range(1, 8)]
OLD_FINGERPRINTS = {reporter: bytes([reporter[0] + 100]) * 12 for reporter in REPORTERS}
OLDER_FINGERPRINTS = {reporter: bytes([reporter[0] + 50]) * 12 for reporter in REPORTERS}
START_MS = 1_750_000_000_000


def shared(content: Content | None, trace: bytes | None = None) -> tuple[bytes | None, bytes | None, bytes | None]:
    """Return what a report says of a picture's content, around its trace."""
    return (content.digest, trace, content.pdq) if content else (None, trace, None)


class TallyMachine(RuleBasedStateMachine):
    """Reports go into the inbox and into a list; a drain of n reports applies n of the list to the model."""

    client: Any  # a Redis client, given by the test
    policy: Policy

    def __init__(self) -> None:
        super().__init__()
        self.namespace = f"test-{uuid.uuid4().hex[:12]}"
        self.keys = keys_of(self.namespace, 0)
        check_layout(self.client, self.namespace, 1)
        self.tally = PartitionTally(self.client, self.keys)
        self.decisions = Decisions(self.client, self.namespace, 1)
        self.model = TallyModel(self.policy)
        self.waiting: list[Report] = []
        self.history: list[Report] = []
        self.expected: list[dict[str, Any]] = []
        self.now = START_MS

    @initialize(offset=st.integers(0, 999))
    def begin(self, offset: int) -> None:
        self.now += offset

    def _send(self, report: Report) -> None:
        self.client.rpush(self.keys.inbox, encode_stamp(report.received_ms) + encode_report(report))
        self.waiting.append(report)
        self.history.append(report)

    @rule(
        image=st.sampled_from(IMAGES),
        fingerprint=st.sampled_from(REPORTERS),
        reporter_class=st.sampled_from([*CLASSES, "verified", "verified"]),
        reason=st.sampled_from(["violence", "spam", "hate", "no_longer_known"]),
        networks=NETWORKS,
        age=AGES,
        content=st.one_of(st.none(), st.none(), _CONTENT),
        before=st.sampled_from(["nothing", "a pepper", "a name", "both", "both"]),
        trace=st.one_of(st.none(), st.binary(min_size=25, max_size=25)),
    )
    def report(  # noqa: PLR0917 - Hypothesis passes them by name
        self,
        image: Any,
        fingerprint: bytes,
        reporter_class: str,
        reason: str,
        networks: Networks,
        age: int,
        content: Content | None,
        before: str,
        trace: bytes | None,
    ) -> None:
        old, older = OLD_FINGERPRINTS[fingerprint], OLDER_FINGERPRINTS[fingerprint]
        previous = {"nothing": (), "a pepper": (old,), "a name": (older,), "both": (old, older, bytes(12))}[before]
        reporter = Reporter(reporter_class, fingerprint, networks, age, previous)
        self._send(Report(image, reporter, reason, self.now, *shared(content, trace)))

    @rule(
        image=st.sampled_from(IMAGES),
        fingerprint=st.sampled_from(REPORTERS),
        known_as=st.sampled_from([OLD_FINGERPRINTS, OLDER_FINGERPRINTS]),
    )
    def report_under_an_earlier_fingerprint(self, image: Any, fingerprint: bytes, known_as: dict[bytes, bytes]) -> None:
        self._send(Report(image, Reporter(TRUSTED, known_as[fingerprint]), "violence", self.now))

    @rule(
        image=st.sampled_from(IMAGES),
        kind=st.sampled_from(["verified", "verified", "fresh", "neighbours", "strangers"]),
        content=st.one_of(st.none(), _CONTENT),
        drained=st.booleans(),
    )
    def a_crowd_reports(self, image: Any, kind: str, content: Content | None, drained: bool) -> None:  # noqa: FBT001
        for number, fingerprint in enumerate(REPORTERS):
            tags = {"neighbours": (number, number // 2 + 1, 1), "strangers": (1, 1, number + 1)}.get(kind, (0, 0, 0))
            age = 60 * number if kind == "fresh" else UNKNOWN_AGE
            reporter = Reporter(ANONYMOUS if tags[2] else "verified", fingerprint, Networks(*tags), age)
            self._send(Report(image, reporter, "violence", self.now, *shared(content)))
        if drained:
            self.drain(len(self.waiting))

    @precondition(lambda self: self.history)
    @rule(data=st.data())
    def send_an_earlier_entry_again(self, data: st.DataObject) -> None:
        self._send(data.draw(st.sampled_from(self.history)))

    @rule(passed=st.one_of(st.integers(1, 5000), st.integers(60_000, 400_000), st.sampled_from([864_000, 172_800])))
    def time_passes(self, passed: int) -> None:
        self.now += passed

    @rule(image=st.sampled_from(IMAGES), fingerprint=st.sampled_from(REPORTERS), renamed=st.booleans())
    def a_report_is_withdrawn(self, image: Any, fingerprint: bytes, renamed: bool) -> None:  # noqa: FBT001
        previous = (OLD_FINGERPRINTS[fingerprint],) if renamed else ()
        reporter = Reporter("verified", fingerprint, Networks(), UNKNOWN_AGE, previous)
        self._send(Report(image, reporter, "violence", self.now, kind=Kind.WITHDRAWAL))

    @rule(image=st.sampled_from(IMAGES), content=_CONTENT)
    def the_site_tells_what_an_image_shows(self, image: Any, content: Content) -> None:
        reporter = Reporter("verified", image.digest[:12])
        self._send(Report(image, reporter, "", self.now, *shared(content), kind=Kind.CONTENT))

    @rule(image=st.sampled_from(IMAGES))
    def an_image_is_gone(self, image: Any) -> None:
        self._send(Report(image, Reporter("verified", image.digest[:12]), "", self.now, kind=Kind.GONE))

    @rule(limit=st.integers(1, 12))
    def drain(self, limit: int) -> None:
        drained = self.tally.drain(self.policy, limit)
        batch, self.waiting = self.waiting[:limit], self.waiting[limit:]
        letters = [fields[b"reason"] for _, fields in self.client.xrange(self.keys.dead)]
        assert (drained.taken, drained.left, letters) == (len(batch), len(self.waiting), [])
        events = [event for report in batch for event in self.model.apply(report)]
        assert drained.blocked == sum(event["type"] == "quorum.image.blocked.v1" for event in events)
        assert drained.held == sum(event["type"] == "quorum.image.held.v1" for event in events)
        self.expected += events

    @rule(limit=st.sampled_from([1, 3, 100]))
    def they_are_judged_again(self, limit: int) -> None:
        self.tally.rejudge(self.policy, limit, self.now)
        self.expected += self.model.rejudge(self.now, limit)

    @rule(image=st.sampled_from(IMAGES), action=st.sampled_from(list(Action)), unfounded=st.booleans())
    def a_moderator_decides(self, image: Any, action: Action, unfounded: bool) -> None:  # noqa: FBT001
        decision = Decision(action, "moderator-1", self.now, "", unfounded)
        try:
            events = decide_in_model(self.model, image, decision)
        except DecisionRefused:
            with pytest.raises(DecisionRefused):
                self.decisions.apply(image, decision, self.policy)
            return
        self.decisions.apply(image, decision, self.policy)
        self.expected += events

    @rule(image=st.sampled_from(IMAGES), views=st.sampled_from([0, 100, 300, 1000]))
    def the_site_tells_views(self, image: Any, views: int) -> None:
        Views(self.client, self.namespace, 1).tell({image: views})
        self.model.views[image.digest] = views

    @rule(reporter=st.sampled_from(REPORTERS), minutes=st.integers(0, 20))
    def somebody_is_muted_by_hand(self, reporter: bytes, minutes: int) -> None:
        until = self.now // 60_000 + minutes if minutes else 0
        Reporters(self.client, self.namespace, 1).mute(reporter, until)
        known = self.model.standings.get(reporter, Standing())
        ended = {} if until else {"warned": 0, "strikes": 0}
        fields = {name: getattr(known, name) for name in Standing.__slots__}
        self.model.standings[reporter] = Standing(**{**fields, "muted_until": until, **ended})

    def _stored(self, prefix: str, names: list[bytes]) -> list[Any]:
        pipe = self.client.pipeline(transaction=False)
        for name in names:
            pipe.hget(f"{prefix}{bucket_of(name)}", name)
        return list(pipe.execute())

    @invariant()
    def records_agree(self) -> None:
        digests = [*(image.digest for image in IMAGES), *(content.digest for content in CONTENTS)]
        stored = zip(self._stored(self.keys.images, digests), self._stored(self.keys.copies, digests), strict=True)
        for digest, (raw, copies) in zip(digests, stored, strict=True):
            tally = self.model.tallies.get(digest, Tally())
            if raw is None:
                assert not tally.rows
                assert tally.state is State.OPEN
                continue
            record = decode_record(raw)
            assert (record.epoch, record.state, record.cleared_ms) == (tally.epoch, tally.state, tally.cleared_ms)
            assert record.wary == tally.wary
            assert (record.score, record.name) == (tally.score, tally.name)
            assert [
                (
                    row.fingerprint,
                    row.received_ms,
                    row.reason_code,
                    row.reporter_class,
                    row.age,
                    row.networks,
                )
                for row in record.rows
            ] == [
                (
                    fingerprint,
                    row.received_ms,
                    self._code(row.reason),
                    row.reporter_class,
                    row.age,
                    row.networks,
                )
                for fingerprint, row in tally.rows.items()
            ]
            assert decode_copies(copies or b"") == tally.copies

    @staticmethod
    def _code(reason: str) -> int:
        return 0 if reason == "no_longer_known" else reason_code(reason)

    @invariant()
    def events_agree(self) -> None:
        events = [json.loads(fields[b"event"]) for _, fields in self.client.xrange(self.keys.events)]
        assert events == self.expected
        assert len({event["id"] for event in events}) == len(events)
        listed: dict[str, str] = {}
        for event in events:
            listed[event["subject"]] = event["type"].split(".")[2]  # a deleted image is not blocked
        blocked = {image.decode() for image in self.client.zrange(self.keys.blocked, 0, -1)}
        assert blocked == {subject for subject, state in listed.items() if state == "blocked"}

    @invariant()
    def aliases_agree(self) -> None:
        stored = self._stored(self.keys.aliases, [image.digest for image in IMAGES])
        known = {image.digest: raw for image, raw in zip(IMAGES, stored, strict=True) if raw}
        parted = {own: b"p" + shown for own, shown in self.model.parted.items()}
        assert known == {**self.model.aliases, **parted}

    @invariant()
    def decisions_agree(self) -> None:
        digests = [*(image.digest for image in IMAGES), *(content.digest for content in CONTENTS)]
        stored = zip(digests, self._stored(self.keys.decided, digests), strict=True)
        known = {
            digest: [(one.action, one.at_ms, one.images, one.changes) for one in past]
            for digest, past in self.model.decided.items()
            if past
        }
        assert known == {
            digest: [(one.action, one.at_ms, one.images, one.changes) for one in decode_past(raw, {})]
            for digest, raw in stored
            if raw
        }

    @invariant()
    def pictures_agree(self) -> None:
        stored = self._stored(self.keys.hashes, [content.digest for content in CONTENTS])
        known = {raw: content.digest for raw, content in zip(stored, CONTENTS, strict=True) if raw}
        assert known == self.model.pictures

    @invariant()
    def standings_and_shields_agree(self) -> None:
        everybody = [*REPORTERS, *OLD_FINGERPRINTS.values(), *OLDER_FINGERPRINTS.values()]
        for reporter, raw in zip(everybody, self._stored(self.keys.reporters, everybody), strict=True):
            assert (decode_standing(raw) if raw else Standing()) == self.model.standings.get(reporter, Standing())
        [shield] = Shields(self.client, self.namespace, 1).states()
        known = self.model.shield
        assert (shield.up_until, shield.counted_from) == (known.up_until, known.counted_from)
        assert bool(shield.blocks) == bool(known.blocks)
        assert shield.blocks == known.blocks[-len(shield.blocks) :]

    @invariant()
    def budgets_agree(self) -> None:
        everybody = [*REPORTERS, *OLD_FINGERPRINTS.values(), *OLDER_FINGERPRINTS.values()]
        stored = zip(everybody, self._stored(self.keys.budgets, everybody), strict=True)
        spent = {one: [second for (second,) in struct.iter_unpack(">I", raw)] for one, raw in stored if raw}
        assert spent == self.model.budgets

    @invariant()
    def what_is_judged_again_agrees(self) -> None:
        pending = self.client.zrange(self.keys.pending, 0, -1, withscores=True)
        known = [(digest + name.encode(), float(at)) for (digest, name), at in self.model.pending.items()]
        assert pending == sorted(known, key=lambda item: (item[1], item[0]))

    @invariant()
    def what_waits_agrees(self) -> None:
        known = {image_id.encode(): cause.encode() for image_id, cause in self.model.causes.items()}
        assert self.client.hgetall(self.keys.causes) == known
        assert set(self.client.zrange(self.keys.held, 0, -1)) == set(known)
        counts = self.client.hmget(self.keys.stats, [f"waiting_{cause}" for cause in KEPT_CAUSES])
        waiting = Counter(self.model.causes.values())
        assert [int(count or 0) for count in counts] == [waiting[cause] for cause in KEPT_CAUSES]

    @invariant()
    def figures_of_days_agree(self) -> None:
        prefix = self.keys.days.encode()
        stored = {
            key[len(prefix) :].decode(): {
                name.decode(): int(number)
                for name, number in self.client.hgetall(key).items()
                if not name.startswith(b"to_decision:")  # the model does not know since when an image waits
            }
            for key in namespace_keys(self.client, self.namespace)
            if key.startswith(prefix)
        }
        expected: dict[str, Counter[str]] = defaultdict(Counter)
        for day, counted in self.model.days.items():
            expected[str(day)].update(counted)
            expected[f"w{week_of(day)}"].update(counted)
        assert stored == {when: {name: n for name, n in one.items() if n} for when, one in expected.items()}

    @invariant()
    def stories_agree(self) -> None:
        events: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for entry, fields in self.client.xrange(self.keys.events):
            event = json.loads(fields[b"event"])
            events[event["subject"]].append((event["type"].split(".")[2], entry.decode()))
        stored = self._stored(self.keys.stories, [image.digest for image in IMAGES])
        decisions = {entry.decode() for entry, _ in self.client.xrange(self.keys.audit)}
        for image, raw in zip(IMAGES, stored, strict=True):
            story = places(raw or b"")
            told = [(place.what, place.entry) for place in story if place.what != DECISION]
            assert len(story) <= MOST_TOLD
            first = 0 if len(story) < MOST_TOLD else len(events[image.id]) - len(told)
            assert told == events[image.id][first:]
            assert {place.entry for place in story if place.what == DECISION} <= decisions

    @invariant()
    def the_journal_has_what_was_tallied(self) -> None:
        tallied = self.history[: len(self.history) - len(self.waiting)]
        assert list(Journal(self.client, self.namespace, 1).reports()) == tallied

    def teardown(self) -> None:
        keys = namespace_keys(self.client, self.namespace)
        if keys:
            self.client.delete(*keys)


@pytest.mark.timeout(280)
@pytest.mark.parametrize(
    ("rules", "stored", "examples"),
    [(PLAIN, 256, 150), (RULES, 256, 150), (RULES, 4, 60)],
    ids=["plain", "all rules", "room for four"],
)
def test_scripts_and_model_never_differ(
    redis_url: str, rules: str, stored: int, examples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("policy.model", "judgement.arrivals.counting", "judgement.arrivals.copies"):
        monkeypatch.setattr(f"quorum.{module}.MAX_REPORTERS_STORED", stored)
    with connect(redis_url, 5.0) as client:
        policy = parse_policy(rules, "test policy")
        machine = type("Machine", (TallyMachine,), {"client": client, "policy": policy})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=50,
                deadline=None,
                phases=PHASES,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
