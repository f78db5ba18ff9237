"""The atomic script and the pure Python model, side by side, under random histories."""

import uuid
from typing import Any

import hypothesis.strategies as st
import pytest
from conftest import namespace_keys
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from quorum.events import Event, event_id
from quorum.identity import Reporter
from quorum.images import parse_image
from quorum.model import ReportReceived, State, Tally, TallyModel
from quorum.policy import parse_policy
from quorum.policy.model import reason_code
from quorum.redis_store.codec import decode_record, encode_report, encode_stamp
from quorum.redis_store.keys import keys_of
from quorum.redis_store.tally import PartitionTally

POLICY = parse_policy(
    """
threshold = 3.0
min_reporters = 3
window_days = 0.01

[reporters]
verified = 1.0
anonymous = 0.5
trusted = 2.5
muted = 0.0

[reasons]
violence = 1.0
spam = 0.5
hate = 1.3
""",
    "test policy",
)
WINDOW_MS = POLICY.window_seconds * 1000
IMAGES = [parse_image(f"image-{number}") for number in range(3)]
REPORTERS = [bytes([number]) * 12 for number in range(6)]
START_MS = 1_750_000_000_000


class TallyMachine(RuleBasedStateMachine):
    """Reports go into the inbox and into a list; a drain of n reports applies n of the list to the model."""

    client: Any  # a Redis client, given by the test

    def __init__(self) -> None:
        super().__init__()
        self.namespace = f"test-{uuid.uuid4().hex[:12]}"
        self.keys = keys_of(self.namespace, 0)
        self.tally = PartitionTally(self.client, self.keys)
        self.model = TallyModel(POLICY)
        self.waiting: list[tuple[ReportReceived, bytes]] = []
        self.history: list[tuple[ReportReceived, bytes]] = []
        self.expected: list[dict[str, Any]] = []
        self.now = START_MS

    @initialize(offset=st.integers(0, 999))
    def begin(self, offset: int) -> None:
        self.now += offset

    def _send(self, report: ReportReceived, entry: bytes) -> None:
        self.client.rpush(self.keys.inbox, entry)
        self.waiting.append((report, entry))
        self.history.append((report, entry))

    @rule(
        image=st.sampled_from(IMAGES),
        reporter=st.sampled_from(REPORTERS),
        reporter_class=st.sampled_from(sorted(POLICY.reporter_weights)),
        reason=st.sampled_from(sorted(POLICY.reason_names)),
    )
    def report(self, image: Any, reporter: bytes, reporter_class: str, reason: str) -> None:
        entry = encode_stamp(self.now) + encode_report(image, Reporter(reporter_class, reporter), reason)
        self._send(ReportReceived(image.id, reporter, reporter_class, reason, self.now), entry)

    @precondition(lambda self: self.history)
    @rule(data=st.data())
    def send_an_earlier_entry_again(self, data: st.DataObject) -> None:
        report, entry = data.draw(st.sampled_from(self.history))
        self._send(report, entry)

    @rule(passed=st.one_of(st.integers(1, 5000), st.integers(WINDOW_MS // 3, WINDOW_MS + 10), st.just(WINDOW_MS)))
    def time_passes(self, passed: int) -> None:
        self.now += passed

    @rule(limit=st.integers(1, 8))
    def drain(self, limit: int) -> None:
        drained = self.tally.drain(POLICY, limit)
        batch, self.waiting = self.waiting[:limit], self.waiting[limit:]
        assert (drained.taken, drained.left, drained.dead) == (len(batch), len(self.waiting), 0)
        crossed = 0
        for report, _ in batch:
            decision = self.model.apply(report)
            if decision:
                crossed += 1
                self.expected.append(
                    {
                        "image_id": decision.image_id,
                        "epoch": decision.epoch,
                        "score": decision.score,
                        "reporters": decision.reporters,
                        "reasons": decision.reasons,
                        "first_reported_at": decision.first_reported_at,
                        "last_reported_at": decision.last_reported_at,
                        "decided_by": {"kind": "policy", "version": decision.policy_version},
                    }
                )
        assert drained.blocked == crossed

    @invariant()
    def records_agree(self) -> None:
        for image in IMAGES:
            raw = self.client.hget(f"{self.keys.images}{image.bucket}", image.digest)
            tally = self.model.images.get(image.id, Tally())
            if raw is None:
                assert not tally.rows
                assert tally.state is State.OPEN
                continue
            record = decode_record(raw)
            assert (record.epoch, record.state) == (tally.epoch, tally.state)
            assert int.from_bytes(raw[3:7], "big") == tally.score
            assert [(row.fingerprint, row.received_ms, row.weight, row.reason_code) for row in record.rows] == [
                (fingerprint, row.received_ms, row.weight, reason_code(row.reason))
                for fingerprint, row in tally.rows.items()
            ]

    @invariant()
    def events_agree(self) -> None:
        entries = self.client.xrange(self.keys.events)
        events = [Event.from_json(fields[b"event"], stream_id.decode()) for stream_id, fields in entries]
        assert [dict(event.data) for event in events] == self.expected
        for event in events:
            assert event.id == event_id(parse_image(event.subject).digest, event.data["epoch"], "blocked")
        assert len({event.id for event in events}) == len(events)
        assert {image.decode() for image in self.client.zrange(self.keys.blocked, 0, -1)} == {
            data["image_id"] for data in self.expected
        }

    def teardown(self) -> None:
        keys = namespace_keys(self.client, self.namespace)
        if keys:
            self.client.delete(*keys)


@pytest.mark.timeout(240)
def test_script_and_model_never_differ(redis_url: str) -> None:
    with Redis.from_url(redis_url, socket_timeout=5) as client:
        machine = type("Machine", (TallyMachine,), {"client": client})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=60,
                stateful_step_count=50,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
