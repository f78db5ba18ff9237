"""The event feed: cursors, retention, consumer groups."""

import json
from pathlib import Path

import pytest
from conftest import namespace_keys
from store import NOW_MS, Bench

import quorum
from quorum.backup.restoring import read_backup
from quorum.backup.writing import write_backup
from quorum.errors import CursorExpired, InvalidCursor
from quorum.events import consumer
from quorum.events.consumer import Consumer
from quorum.events.event import Event
from quorum.events.feed import Feed
from quorum.events.group_reader import GroupReader
from quorum.store.keys import keys_of


def namespace(bench: Bench) -> str:
    return bench.keys.inbox.partition(":")[0]


def feed(bench: Bench, partitions: int = 1) -> Feed:
    return Feed(bench.client, namespace(bench), partitions)


def block(bench: Bench, *images: str) -> None:
    for image in images:
        bench.block(image)


def write_event(bench: Bench, partition: int, image: str, stream_id: str = "*") -> None:
    """Append an event as the drain would, at a chosen stream id."""
    event = {
        "specversion": "1.0",
        "id": image,
        "source": "/quorum",
        "type": "quorum.image.blocked.v1",
        "subject": image,
        "time": "2026-01-01T00:00:00.000Z",
        "data": {},
    }
    bench.client.xadd(keys_of(namespace(bench), partition).events, {"event": json.dumps(event)}, id=stream_id)


def subjects(events: list[Event]) -> list[str]:
    return [event.subject for event in events]


def test_the_feed_goes_on_after_every_cursor_it_gave(bench: Bench) -> None:
    block(bench, *(f"img-{number}" for number in range(7)))
    seen, cursor = [], None
    while True:
        page, cursor = feed(bench).after(cursor, 3)
        if not page:
            break
        seen += subjects(page)
        assert page[-1].cursor == cursor
    assert seen == [f"img-{number}" for number in range(7)]
    block(bench, "img-7")
    page, _ = feed(bench).after(cursor, 3)
    assert subjects(page) == ["img-7"]


def test_without_a_cursor_or_with_0_it_begins_with_the_oldest(bench: Bench) -> None:
    block(bench, "img-1")
    assert subjects(feed(bench).after(None, 10)[0]) == subjects(feed(bench).after("0", 10)[0]) == ["img-1"]


def test_an_empty_feed_gives_a_cursor_that_finds_the_first_event(bench: Bench) -> None:
    page, cursor = feed(bench).after(None, 10)
    assert page == []
    block(bench, "img-1")
    assert subjects(feed(bench).after(cursor, 10)[0]) == ["img-1"]


def test_the_end_is_where_only_new_events_follow(bench: Bench) -> None:
    block(bench, "img-1")
    end = feed(bench).end()
    block(bench, "img-2")
    assert subjects(feed(bench).after(end, 10)[0]) == ["img-2"]


def test_partitions_are_merged_by_time_and_each_goes_on_where_it_stopped(bench: Bench) -> None:
    for moment, partition in enumerate([0, 1, 1, 2, 0, 2, 1]):
        write_event(bench, partition, f"img-{moment}", f"{NOW_MS + moment}-0")
    merged = feed(bench, 3)
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        page, cursor = merged.after(cursor, 2)
        seen += subjects(page)
    assert seen == [f"img-{moment}" for moment in range(7)]
    assert (cursor or "").count(".") == 2


@pytest.mark.parametrize("cursor", ["x", "1", "1-", "-1-0", "1-0.2-0", "1-0 ", "9" * 40 + "-0", "1-0\n"])
def test_a_foreign_cursor_is_refused(bench: Bench, cursor: str) -> None:
    with pytest.raises(InvalidCursor, match="not a cursor of this feed"):
        feed(bench).after(cursor, 10)


def test_a_cursor_older_than_what_is_kept_is_told_so_and_where_to_go_on(bench: Bench) -> None:
    for number in range(3):
        write_event(bench, 0, f"old-{number}", f"{1000 + number}-0")
    _, early = feed(bench).after(None, 1)
    _, last_old = feed(bench).after(None, 3)
    block(bench, "img-new")
    assert feed(bench).trim(0, retention_seconds=3600) == 3
    assert feed(bench).trim(0, retention_seconds=3600) == 0
    with pytest.raises(CursorExpired) as expired:
        feed(bench).after(early, 10)
    assert subjects(feed(bench).after(expired.value.oldest, 10)[0]) == ["img-new"]
    assert subjects(feed(bench).after(last_old, 10)[0]) == ["img-new"]
    assert subjects(feed(bench).after(None, 10)[0]) == ["img-new"]


def test_young_events_are_not_trimmed(bench: Bench) -> None:
    block(bench, "img-1")
    assert feed(bench).trim(0, retention_seconds=3600) == 0
    assert len(bench.events()) == 1


def consume(bench: Bench, url: str, start: str = "0") -> Consumer:
    return quorum.consume(url, "cache", consumer="one", namespace=namespace(bench), start=start, stop_when_idle=True)


def test_a_consumer_gets_every_event_once_and_goes_on_after_a_restart(bench: Bench, redis_url: str) -> None:
    block(bench, "img-1", "img-2")
    assert subjects(list(consume(bench, redis_url))) == ["img-1", "img-2"]
    block(bench, "img-3")
    assert subjects(list(consume(bench, redis_url))) == ["img-3"]


def test_what_a_consumer_did_not_finish_comes_again(bench: Bench, redis_url: str) -> None:
    block(bench, "img-1", "img-2", "img-3")
    dying = consume(bench, redis_url)
    assert next(dying).subject == "img-1"
    assert next(dying).subject == "img-2"  # asking for the second acknowledges the first
    dying.close()
    assert subjects(list(consume(bench, redis_url))) == ["img-2", "img-3"]


def test_members_of_a_group_share_the_events(bench: Bench) -> None:
    block(bench, *(f"img-{number}" for number in range(6)))
    members = [
        GroupReader(bench.client, [keys_of(namespace(bench), 0).events], "cache", name) for name in ("one", "two")
    ]
    taken: list[str] = []
    for member in members:
        member.join("0")
        for stream, event in member.new(count=3, block_ms=10):
            taken.append(event.subject)
            member.acknowledge(stream, event.cursor)
    assert taken == [f"img-{number}" for number in range(6)]


def test_a_group_may_begin_with_what_is_to_come(bench: Bench, redis_url: str) -> None:
    block(bench, "img-1")
    assert list(consume(bench, redis_url, start="$")) == []
    block(bench, "img-2")
    assert subjects(list(consume(bench, redis_url, start="$"))) == ["img-2"]


def test_a_consumer_goes_on_when_its_data_was_lost_and_came_back(
    bench: Bench, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RETRY_SECONDS", 0.01)
    block(bench, "img-1", "img-2")
    going_on = consume(bench, redis_url)
    assert next(going_on).subject == "img-1"
    write_backup(bench.client, namespace(bench), tmp_path / "backup")
    bench.client.delete(*namespace_keys(bench.client, namespace(bench)))
    read_backup(bench.client, namespace(bench), tmp_path / "backup")
    assert next(going_on).subject == "img-2"
    bench.client.delete(*namespace_keys(bench.client, namespace(bench)))
    assert list(going_on) == []


def test_an_event_trimmed_while_it_was_pending_does_not_stop_the_consumer(bench: Bench, redis_url: str) -> None:
    write_event(bench, 0, "old", "1000-0")
    block(bench, "img-1")
    dying = consume(bench, redis_url)
    assert next(dying).subject == "old"
    dying.close()
    feed(bench).trim(0, retention_seconds=3600)
    assert subjects(list(consume(bench, redis_url))) == ["img-1"]
