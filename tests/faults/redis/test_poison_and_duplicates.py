"""What must not be counted is not: the same report again, and entries that make no sense."""

from pathlib import Path

import pytest
from conftest import make_settings
from pipeline import (
    CROSSING,
    Crowd,
    Pipeline,
    Visitor,
    assert_all_tallied,
    inbox_depth,
    pair_of,
    read_books,
    whole_pipeline,
)
from redis import Redis
from redis_server import RedisServer, wait_until

from quorum.images.image import parse_image
from quorum.inbox.dead_letters import DeadLetters
from quorum.judgement.records import Report
from quorum.policy.classes import VERIFIED
from quorum.reporters.fingerprints import Reporter
from quorum.settings import Settings
from quorum.store.keys import keys_of
from quorum.tally.codec import encode_report, encode_stamp

pytestmark = pytest.mark.xdist_group("faults")


def test_a_report_sent_ten_times_counts_once(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with whole_pipeline(settings, tmp_path) as pipeline:
        with Crowd(pipeline.port, repeat=10) as crowd:
            crowd.wait_for(140)
        books = assert_all_tallied(settings, crowd)
    assert set(crowd.statuses) == {202}
    assert crowd.statuses[202] == 10 * len(crowd.acknowledged)
    assert books.stats["taken"] == crowd.statuses[202]
    assert books.counted == {pair_of(settings, *report) for report in crowd.acknowledged}


def _entry(client: Redis, settings: Settings, image: str, reporter: str) -> bytes:
    digest, mark = pair_of(settings, image, reporter)
    assert digest == parse_image(image).digest
    seconds, micros = client.time()
    stamp = encode_stamp(int(seconds) * 1000 + int(micros) // 1000)
    return stamp + encode_report(Report(parse_image(image), Reporter(VERIFIED, mark), "violence"))


CLASS_AT = 34  # where an entry has the reporter's class


def test_poison_dies_alone_and_once(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    keys = keys_of(settings.namespace, 0)
    client = own_redis.client
    good = [(f"img-{number // CROSSING}", f"reader-{number % CROSSING}") for number in range(997)]
    entries = [_entry(client, settings, *report) for report in good]
    entries.insert(100, b"neither head nor tail")
    stranger = _entry(client, settings, "img-0", "reader-x")
    entries.insert(500, stranger[:CLASS_AT] + b"\x09" + stranger[CLASS_AT + 1 :])
    entries.insert(900, _entry(client, settings, "the wrong type", "reader-1"))
    wrong = f"{keys.images}{parse_image('the wrong type').bucket}"
    client.set(wrong, "not a hash")
    client.rpush(keys.inbox, *entries)
    with Pipeline(settings, tmp_path) as pipeline:
        worker = pipeline.start_worker(wait=False)
        wait_until(lambda: inbox_depth(settings) == 0, 15, "an empty inbox")
        pipeline.wait_for_worker(worker)
        client.delete(wrong)
        books = read_books(settings)
        assert books.counted == {pair_of(settings, *report) for report in good}
        assert len(books.events) == 997 // CROSSING
        assert (books.dead, books.stats["dead"], books.stats["taken"]) == (3, 3, 1000)  # each was tried once
        letters = DeadLetters(client, settings.namespace, 1)
        reasons = [letter.reason for letter in letters.list()]
        assert "there is no reporter class 9" in reasons[1]
        assert "WRONGTYPE" in reasons[2]

        assert letters.replay() == 3  # what was of the wrong type is mended; the others die again
        wait_until(lambda: client.hget(keys.stats, "taken") == b"1003", 10, "the replayed entries")
        books = read_books(settings)
        assert len(books.counted) == 998
        assert (books.dead, books.stats["dead"]) == (2, 5)
        assert worker.poll() is None


def test_reports_are_refused_at_the_ceiling_of_the_inbox_and_none_is_lost(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url)
    with Pipeline(settings, tmp_path, QUORUM_INBOX_LIMIT="100") as pipeline, Visitor(pipeline.port) as visitor:
        pipeline.start_api()
        accepted = [visitor.report(f"img-{number}", "reader").status for number in range(100)]
        full = visitor.report("img-100", "reader")
        assert accepted == [202] * 100
        assert full.status == 503
        assert full.json["type"] == "urn:quorum:problem:inbox-full"
        assert 1 <= int(full.headers["retry-after"]) <= 5
        pipeline.start_worker()
        wait_until(lambda: len(read_books(settings).counted) == 100, 10, "all hundred")
        assert visitor.report("img-100", "reader").status == 202
        wait_until(lambda: len(read_books(settings).counted) == 101, 10, "the one that came back")
