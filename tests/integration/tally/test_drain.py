"""`drain.lua`: what it counts, what it says, and what it leaves alone."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from store import NOW_MS, Bench, entry

from quorum.events.event import timestamp
from quorum.images.image import parse_image
from quorum.inbox.dead_letters import DeadLetters
from quorum.judgement.records import State
from quorum.policy import parse_policy
from quorum.policy.classes import ANONYMOUS
from quorum.policy.model import reason_code
from quorum.store.connection import connect
from quorum.store.scripts import Script
from quorum.tally.codec import Record, decode_record
from quorum.tally.drain import DRAIN

DAY_MS = 86_400_000
CLASS_AT = 34  # where an entry has the reporter's class: after time, digest and fingerprint
STRANGER = entry("img-9", "reader-1")[:CLASS_AT] + b"\x09" + entry("img-9", "reader-1")[CLASS_AT + 1 :]


def record(bench: Bench, image: str) -> Record:
    parsed = parse_image(image)
    raw = bench.client.hget(f"{bench.keys.images}{parsed.bucket}", parsed.digest)
    assert raw is not None
    return decode_record(raw)


def test_the_crossing_report_gives_exactly_one_event_with_all_it_must_say(bench: Bench) -> None:
    reasons = ["violence", "spam", "violence", "violence", "hate"]
    for number, reason in enumerate(reasons):
        bench.report("img-1", f"reader-{number}", reason, at=NOW_MS + number)
    drained = bench.drain()
    assert (drained.taken, drained.left, drained.counted, drained.blocked, drained.dead) == (5, 0, 5, 1, 0)
    [event] = map(json.loads, bench.events())
    digest = parse_image("img-1").digest.hex()
    assert event == {
        "specversion": "1.0",
        "id": f"{digest}-1-blocked",
        "source": "/quorum",
        "type": "quorum.image.blocked.v1",
        "subject": "img-1",
        "time": timestamp(NOW_MS + 4),
        "datacontenttype": "application/json",
        "data": {
            "image_id": "img-1",
            "epoch": 1,
            "score": 5,
            "reporters": 5,
            "reasons": {"violence": 3, "spam": 1, "hate": 1},
            "first_reported_at": timestamp(NOW_MS),
            "last_reported_at": timestamp(NOW_MS + 4),
            "decided_by": {"kind": "policy", "version": bench.policy.version},
        },
    }
    assert record(bench, "img-1").state is State.BLOCKED
    assert bench.client.zrange(bench.keys.blocked, 0, -1, withscores=True) == [(b"img-1", NOW_MS + 4)]


def test_below_the_threshold_only_the_count_changes(bench: Bench) -> None:
    for number in range(4):
        bench.report("img-1", f"reader-{number}")
    assert bench.drain().blocked == 0
    assert bench.events() == []
    assert record(bench, "img-1").state is State.OPEN
    assert len(record(bench, "img-1").rows) == 4


def test_one_reporter_counts_once_in_one_batch_and_over_many(bench: Bench) -> None:
    for _ in range(6):
        bench.report("img-1", "reader-1")
    assert bench.drain().counted == 1
    for _ in range(4):
        bench.report("img-1", "reader-1")
        assert bench.drain().counted == 0
    assert len(record(bench, "img-1").rows) == 1


def test_after_the_block_further_reports_say_nothing_more(bench: Bench) -> None:
    bench.block("img-1")
    for number in range(50):
        bench.report("img-1", f"late-{number}")
    assert bench.drain().blocked == 0
    assert len(bench.events()) == 1


def test_a_heavy_score_of_too_few_people_does_not_block(bench: Bench) -> None:
    bench.report("img-1", "flagger-1", reporter_class="trusted")
    bench.report("img-1", "flagger-2", reporter_class="trusted")
    assert bench.drain().blocked == 0
    bench.report("img-1", "somebody", reporter_class=ANONYMOUS)
    assert bench.drain().blocked == 1


def test_many_light_reports_block_once_their_score_suffices(bench: Bench) -> None:
    for number in range(9):
        bench.report("img-1", f"network-{number}", reporter_class=ANONYMOUS)
    assert bench.drain().blocked == 0
    bench.report("img-1", "network-9", reporter_class=ANONYMOUS)
    assert bench.drain().blocked == 1


def test_the_muted_are_not_counted_at_all(bench: Bench) -> None:
    for number in range(10):
        bench.report("img-1", f"muted-{number}", reporter_class="muted")
    assert bench.drain().blocked == 0
    assert bench.status("img-1").score == 0


def test_the_last_reason_of_a_reporter_counts_from_their_first_report_on(bench: Bench) -> None:
    rules = "threshold=5\nmin_reporters=2\nwindow_days=30\n[reporters]\nverified=1\nanonymous=0\n"
    bench.policy = parse_policy(rules + "[reasons]\nmild=0.5\nsevere=2", "test")
    bench.report("img-1", "reader-1", "mild", at=NOW_MS)
    bench.report("img-1", "reader-1", "severe", at=NOW_MS + 1000)
    bench.drain()
    assert record(bench, "img-1").score == 2000
    bench.report("img-1", "reader-1", "mild", at=NOW_MS + 2000)
    bench.drain()
    [row] = record(bench, "img-1").rows
    assert (row.received_ms, row.reason_code) == (NOW_MS, reason_code("mild"))
    assert record(bench, "img-1").score == 500


def test_reports_that_left_the_window_count_no_more(bench: Bench) -> None:
    for number in range(4):
        bench.report("img-1", f"early-{number}", at=NOW_MS)
    bench.report("img-1", "late", at=NOW_MS + 30 * DAY_MS)
    assert bench.drain().blocked == 0
    assert len(record(bench, "img-1").rows) == 1


def test_reports_at_the_last_moment_of_the_window_still_count(bench: Bench) -> None:
    for number in range(4):
        bench.report("img-1", f"early-{number}", at=NOW_MS)
    bench.report("img-1", "late", at=NOW_MS + 30 * DAY_MS - 1)
    assert bench.drain().blocked == 1


def test_a_batch_may_cross_several_images_and_ends_where_it_is_told(bench: Bench) -> None:
    for number in range(5):
        for image in range(3):
            bench.report(f"img-{image}", f"reader-{number}")
    first = bench.drain(limit=13)
    assert (first.taken, first.left, first.blocked) == (13, 2, 1)
    second = bench.drain(limit=13)
    assert (second.taken, second.left, second.blocked) == (2, 0, 2)
    assert [json.loads(event)["subject"] for event in bench.events()] == ["img-0", "img-1", "img-2"]


def test_at_most_256_reporters_are_kept_of_an_image(bench: Bench) -> None:
    for number in range(300):
        bench.report("img-1", f"reader-{number}")
    assert bench.drain().counted == 256
    assert len(record(bench, "img-1").rows) == 256


def test_an_empty_inbox_silences_the_bell(bench: Bench) -> None:
    bench.client.set(bench.keys.bell, 1)
    bench.report("img-1", "reader-1")
    bench.drain()
    assert bench.client.exists(bench.keys.bell)
    assert bench.drain().taken == 0
    assert not bench.client.exists(bench.keys.bell)


def test_a_forgotten_script_is_loaded_again(bench: Bench) -> None:
    bench.report("img-1", "reader-1")
    bench.client.script_flush()
    assert bench.drain().counted == 1


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"", "too short"),
        (b"nonsense", "too short"),
        (entry("img-9", "reader-1")[:-3], "too short"),
        (STRANGER, "there is no reporter class 9"),
    ],
)
def test_one_bad_entry_among_a_thousand_goes_to_the_dead_letters_with_its_reason(
    bench: Bench, bad: bytes, why: str
) -> None:
    for number in range(1000):
        if number == 500:
            bench.client.rpush(bench.keys.inbox, bad)
        else:
            bench.report(f"img-{number}", "reader-1")
    results = [bench.drain(), bench.drain()]
    assert sum(result.counted for result in results) == 999
    assert sum(result.dead for result in results) == 1
    [(_, letter)] = bench.client.xrange(bench.keys.dead)
    assert letter[b"entry"] == bad
    assert why in letter[b"reason"].decode()


def test_a_report_into_a_damaged_bucket_becomes_a_dead_letter_and_comes_back_by_replay(bench: Bench) -> None:
    bucket = f"{bench.keys.images}{parse_image('img-1').bucket}"
    bench.client.set(bucket, "not a hash")
    bench.report("img-1", "reader-1")
    bench.report("img-2", "reader-1")
    drained = bench.drain()
    assert (drained.counted, drained.dead) == (1, 1)
    bench.client.delete(bucket)
    namespace = bench.keys.inbox.partition(":")[0]
    letters = DeadLetters(bench.client, namespace, 1)
    [letter] = letters.list()
    assert "WRONGTYPE" in letter.reason
    assert letters.replay(letter.id) == 1
    assert list(letters.list()) == []
    assert bench.drain().counted == 1


@pytest.mark.parametrize("damaged", ["events", "blocked", "stats", "dead"])
def test_a_damaged_key_stops_the_drain_before_anything_is_changed(bench: Bench, damaged: str) -> None:
    for number in range(5):
        bench.report("img-1", f"reader-{number}")
    bench.client.set(getattr(bench.keys, damaged), "of a wrong type")
    with pytest.raises(Exception, match="WRONGTYPE"):
        bench.drain()
    assert bench.client.llen(bench.keys.inbox) == 5
    assert bench.client.hlen(f"{bench.keys.images}{parse_image('img-1').bucket}") == 0
    bench.client.delete(getattr(bench.keys, damaged))
    assert bench.drain().blocked == 1
    assert len(bench.events()) == 1


def test_all_dead_letters_can_be_replayed_at_once(bench: Bench) -> None:
    bucket = f"{bench.keys.images}{parse_image('img-1').bucket}"
    bench.client.set(bucket, "not a hash")
    for number in range(3):
        bench.report("img-1", f"reader-{number}")
    assert bench.drain().dead == 3
    letters = DeadLetters(bench.client, bench.keys.inbox.partition(":")[0], 1)
    assert letters.replay() == 3
    assert bench.drain().dead == 3  # nothing was mended, and nothing goes round in circles
    bench.client.delete(bucket)
    assert letters.replay() == 3
    assert bench.drain().counted == 3


def test_a_reason_that_the_policy_has_dropped_meanwhile_counts_all_the_same(bench: Bench) -> None:
    for number in range(5):
        bench.report("img-1", f"reader-{number}", "rumour")
    assert bench.drain().blocked == 1
    [event] = map(json.loads, bench.events())
    assert event["data"]["reasons"] == {"other": 5}


def test_counters_tell_what_was_done(bench: Bench) -> None:
    bench.block("img-1")
    bench.report("img-1", "reader-0")
    bench.client.rpush(bench.keys.inbox, b"nonsense")
    bench.drain()
    counted = {name.decode(): int(value) for name, value in bench.client.hgetall(bench.keys.stats).items()}
    assert counted.pop("event_within_more") == 1
    assert counted.pop("event_delay_ms") > 0
    assert counted == {
        "batches": 2,
        "taken": 7,
        "counted": 5,
        "counted_class_1": 5,
        "known": 1,
        "blocked": 1,
        "dead": 1,
    }


@given(moments=st.lists(st.integers(0, 7_258_118_400_000), min_size=20, max_size=100))
@hypothesis_settings(max_examples=20, deadline=None)
def test_the_script_writes_times_as_python_does(redis_url: str, moments: list[int]) -> None:
    source = Script(*DRAIN).source
    start = source.index("local function timestamp")
    function = source[start : source.index("\nend\n", start) + 5]
    loop = "for i = 1, #ARGV do ARGV[i] = timestamp(tonumber(ARGV[i])) end return ARGV"
    with connect(redis_url, 5.0) as client:
        written: Any = client.eval(f"local floor = math.floor\n{function}\n{loop}", 0, *moments)
    assert [text.decode() for text in written] == [timestamp(moment) for moment in moments]
    assert [round(datetime.fromisoformat(text.decode()).timestamp() * 1000) for text in written] == moments


def test_an_entry_with_odd_flags_says_nothing_of_those_after_it(bench: Bench) -> None:
    """It lists more earlier fingerprints without a first: they are its own reporter's, and nobody else's."""
    bench.report("img-1", "old-name")
    odd = entry("img-1", "reader-1")
    flags = 6 + 16 + 12 + 1
    listed = b"\x01" + b"old-name".ljust(12, b"\0")
    bench.client.rpush(bench.keys.inbox, odd[:flags] + bytes([odd[flags] | 32]) + odd[flags + 1 :] + listed)
    bench.report("img-2", "old-name")
    bench.report("img-2", "reader-2")
    bench.drain()
    assert [len(record(bench, image).rows) for image in ("img-1", "img-2")] == [1, 2]
