"""What a reader's browser may know of pictures: which to hide, and what became of the reader's own reports."""

from dataclasses import replace
from typing import Any

import pytest
from conftest import PEPPER
from store import NOW_MS, Bench

from quorum.errors import DataMissing, RateLimited
from quorum.images.image import bucket_of, parse_image
from quorum.judgement.records import State
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.policy.classes import VERIFIED
from quorum.reporters.fingerprints import Reporter
from quorum.reporters.looks import Looks
from quorum.settings import Settings
from quorum.tally.codec import decode_record, encode_record
from quorum.tally.visibility import Outcome, Seen, Visibilities, Visibility

OTHER_PEPPER = "another pepper for tests only"


def reader(name: str, *previous: str) -> Reporter:
    """Return the reporter as whom the bench sends what `name` reports."""
    mark, *earlier = (one.encode().ljust(12, b"\0")[:12] for one in (name, *previous))
    return Reporter(VERIFIED, mark, previous=tuple(earlier))


@pytest.fixture
def look(bench: Bench) -> Any:
    def seen(image: str, who: Reporter | None, *receipts: str, pepper: str = PEPPER, before: str = "") -> Seen:
        visibilities = Visibilities(bench.statuses, pepper, before)
        [one] = visibilities.of([parse_image(image)], who, receipts, bench.policy)
        return one

    return seen


@pytest.fixture
def now(bench: Bench) -> int:
    seconds, _ = bench.client.time()
    return int(seconds) * 1000


def put_into(bench: Bench, image: str, state: State) -> None:
    parsed = parse_image(image)
    place = f"{bench.keys.images}{bucket_of(parsed.digest)}"
    record = decode_record(bench.client.hget(place, parsed.digest))
    bench.client.hset(place, parsed.digest, encode_record(replace(record, state=state)))


def test_a_picture_that_nobody_reported_is_visible_and_nobodys(look: Any) -> None:
    assert look("img-1", reader("reader-1")) == Seen("img-1", Visibility.VISIBLE)


def test_an_own_report_is_open_and_anothers_is_not_told(bench: Bench, look: Any, now: int) -> None:
    bench.report("img-1", "reader-1", at=now)
    bench.drain()
    mine = look("img-1", reader("reader-1"))
    assert (mine.visibility, mine.outcome) == (Visibility.VISIBLE, Outcome.OPEN)
    assert look("img-1", reader("reader-2")) == look("img-1", None) == Seen("img-1", Visibility.VISIBLE)


def test_a_report_under_an_earlier_fingerprint_is_ones_own(bench: Bench, look: Any, now: int) -> None:
    bench.report("img-1", "old-name", at=now)
    bench.drain()
    assert look("img-1", reader("new-name", "old-name")).outcome is Outcome.OPEN


def test_a_blocked_picture_is_blocked_for_all_and_tells_who_reported_it(bench: Bench, look: Any, now: int) -> None:
    bench.block("img-1", at=now)
    assert look("img-1", reader("reader-0")).outcome is Outcome.BLOCKED
    assert look("img-1", reader("somebody")) == Seen("img-1", Visibility.BLOCKED)
    assert look("img-1", None) == Seen("img-1", Visibility.BLOCKED)


def test_a_held_picture_is_held_and_its_reports_are_open(bench: Bench, look: Any, now: int) -> None:
    bench.report("img-1", "reader-1", at=now)
    bench.drain()
    put_into(bench, "img-1", State.HELD)
    mine = look("img-1", reader("reader-1"))
    assert (mine.visibility, mine.outcome) == (Visibility.HELD, Outcome.OPEN)


def test_a_report_outside_the_window_is_nobodys(bench: Bench, look: Any) -> None:
    bench.report("img-1", "reader-1", at=NOW_MS)
    bench.drain()
    assert bench.client.hlen(f"{bench.keys.images}{parse_image('img-1').bucket}") == 1
    assert look("img-1", reader("reader-1")).outcome is None


def test_after_a_clear_the_receipt_tells_ones_own_report_and_nothing_else_does(
    bench: Bench, settings: Settings, look: Any, now: int
) -> None:
    for name in ("reader-1", "reader-2"):
        bench.report("img-1", name, at=now)
    bench.drain()
    mine, another = (look("img-1", reader(name)).receipt for name in ("reader-1", "reader-2"))
    Decisions(bench.client, settings.namespace, 1).decide(parse_image("img-1"), Action.CLEAR, "mo", bench.policy)
    assert look("img-1", reader("reader-1"), "0" * 32, mine) == Seen(
        "img-1", Visibility.VISIBLE, Outcome.KEPT, receipt=mine
    )
    for receipts in ((), (another,), ("0" * 32,)):
        assert look("img-1", reader("reader-1"), *receipts) == Seen("img-1", Visibility.VISIBLE)
    assert look("img-1", None, mine) == Seen("img-1", Visibility.VISIBLE)


def test_a_receipt_outlives_a_new_pepper_and_a_new_name(bench: Bench, settings: Settings, look: Any, now: int) -> None:
    bench.report("img-1", "old-name", at=now)
    bench.drain()
    receipt = look("img-1", reader("old-name")).receipt
    Decisions(bench.client, settings.namespace, 1).decide(parse_image("img-1"), Action.CLEAR, "mo", bench.policy)
    who = reader("new-name", "old-name")
    assert look("img-1", who, receipt, pepper=OTHER_PEPPER, before=PEPPER).outcome is Outcome.KEPT
    assert look("img-1", who, receipt, pepper=OTHER_PEPPER).outcome is None


def test_a_receipt_is_for_one_picture(bench: Bench, settings: Settings, look: Any, now: int) -> None:
    for image in ("img-1", "img-2"):
        bench.report(image, "reader-1", at=now)
    bench.drain()
    receipt = look("img-1", reader("reader-1")).receipt
    for image in ("img-1", "img-2"):
        Decisions(bench.client, settings.namespace, 1).decide(parse_image(image), Action.CLEAR, "mo", bench.policy)
    assert look("img-2", reader("reader-1"), receipt).outcome is None


def test_many_pictures_come_in_the_order_asked(bench: Bench, now: int) -> None:
    bench.block("img-7", at=now)
    images = [parse_image(f"img-{number}") for number in range(200)]
    seen = Visibilities(bench.statuses, PEPPER).of(images, None, (), bench.policy)
    assert [one.image_id for one in seen] == [image.id for image in images]
    assert [one.image_id for one in seen if one.visibility is Visibility.BLOCKED] == ["img-7"]


def test_a_redis_without_its_data_shows_nothing_as_visible(bench: Bench, look: Any) -> None:
    bench.client.delete(bench.keys.meta)
    with pytest.raises(DataMissing):
        look("img-1", None)


def test_look_ups_are_limited_by_reader_and_the_minute_ends(bench: Bench, settings: Settings) -> None:
    looks, one, other = Looks(bench.client, settings.namespace), reader("reader-1"), reader("reader-2")
    for _ in range(3):
        looks.count_reader(one, 3)
    with pytest.raises(RateLimited, match="more than 3 look-ups a minute from one reader") as refused:
        looks.count_reader(one, 3)
    assert 1 <= refused.value.reset_seconds <= 60
    looks.count_reader(other, 3)
    looks.count_key("reader-1", 3)
    looks.count_reader(one, 0)
    counters = list(bench.client.scan_iter(f"{bench.keys.limits}look:*"))
    assert len(counters) == 3
    assert all(0 < bench.client.pttl(name) <= 60_000 for name in counters)
    bench.client.pexpire(next(name for name in counters if one.fingerprint.hex().encode() in name), 0)
    looks.count_reader(one, 3)
