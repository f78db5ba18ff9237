"""Appending to the inbox: stamped, bounded, rung once, and shared by requests that wait together."""

from collections.abc import Sequence
from threading import Barrier, Thread
from typing import Any

import pytest
from redis import Redis
from redis_server import wait_until
from store import Bench

from quorum.errors import InboxFull, StoreUnavailable
from quorum.images.image import parse_image
from quorum.inbox.committing import MAX_GROUP
from quorum.inbox.inbox import Inbox, PartitionInbox, Receipt, Sending
from quorum.judgement.records import Report
from quorum.policy.classes import VERIFIED
from quorum.policy.sections import Limits
from quorum.reporters.fingerprints import Reporter
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout
from quorum.tally.codec import decode_entry, encode_report

NO_LIMITS = Limits(reporter=0, network=0, key=0)


def make(bench: Bench, *, ceiling: int = 10**6, rings: list[int] | None = None) -> PartitionInbox:
    heard = [] if rings is None else rings
    return PartitionInbox(bench.client, bench.keys, ceiling, lambda: heard.append(1), lambda: NO_LIMITS)


def report(number: int) -> Sending:
    reporter = Reporter(VERIFIED, b"reader-12345")
    return Sending(encode_report(Report(parse_image(f"img-{number}"), reporter, "violence")))


def server_ms(client: Redis) -> int:
    seconds, micros = client.time()
    return int(seconds) * 1000 + int(micros) // 1000


def test_a_report_lies_in_the_inbox_with_the_servers_time(bench: Bench) -> None:
    before = server_ms(bench.client)
    make(bench).append([report(1)])
    [raw] = bench.client.lrange(bench.keys.inbox, 0, -1)
    entry = decode_entry(raw)
    assert before <= entry.received_ms <= server_ms(bench.client)
    assert (entry.image.id, entry.reporter, entry.reason) == ("img-1", Reporter(VERIFIED, b"reader-12345"), "violence")


def test_the_bell_rings_once_until_the_inbox_was_found_empty(bench: Bench) -> None:
    rings: list[int] = []
    inbox = make(bench, rings=rings)
    for number in range(5):
        inbox.append([report(number)])
    assert len(rings) == 1
    assert bench.drain().taken == 5
    assert bench.drain().taken == 0
    inbox.append([report(6)])
    assert len(rings) == 2


def test_a_full_inbox_refuses_and_keeps_what_it_has(bench: Bench) -> None:
    inbox = make(bench, ceiling=2)
    inbox.append([report(1)])
    inbox.append([report(2)])
    with pytest.raises(InboxFull, match="holds 2 reports"):
        inbox.append([report(3)])
    assert bench.client.llen(bench.keys.inbox) == 2
    bench.drain()
    inbox.append([report(3)])


class Counting(PartitionInbox):
    """Counts round trips."""

    groups: list[int]

    def send(self, items: list[Sequence[Sending]]) -> list[Receipt]:
        self.groups.append(len(items))
        return super().send(items)


def together(threads: int, act: Any) -> None:
    start = Barrier(threads)

    def run(number: int) -> None:
        start.wait()
        act(number)

    running = [Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(20)
        assert not thread.is_alive()


def test_requests_that_wait_together_share_round_trips_and_lose_nothing(bench: Bench) -> None:
    inbox = Counting(bench.client, bench.keys, 10**6, lambda: None, lambda: NO_LIMITS)
    inbox.groups = []

    def send(number: int) -> None:
        for turn in range(50):
            inbox.append([report(number * 100 + turn)])

    together(32, send)
    stored = sorted(decode_entry(raw).image.id for raw in bench.client.lrange(bench.keys.inbox, 0, -1))
    assert stored == sorted(f"img-{number * 100 + turn}" for number in range(32) for turn in range(50))
    assert sum(inbox.groups) == 1600
    assert len(inbox.groups) < 1600
    assert max(inbox.groups) <= MAX_GROUP


def test_a_failing_call_fails_everybody_who_waits_and_nobody_after_them(bench: Bench) -> None:
    class Failing(Counting):
        broken = True

        def send(self, items: list[Sequence[Sending]]) -> list[Receipt]:
            if self.broken:
                self.groups.append(len(items))
                waiting = self._committer._queue
                wait_until(lambda: waiting.qsize() + len(items) == 10, what="the other senders")
                raise StoreUnavailable("down")
            return super().send(items)

    inbox = Failing(bench.client, bench.keys, 10**6, lambda: None, lambda: NO_LIMITS)
    inbox.groups = []
    errors: list[Exception] = []

    def send(number: int) -> None:
        try:
            inbox.append([report(number)])
        except StoreUnavailable as error:
            errors.append(error)

    together(10, send)
    assert len(errors) == 10
    assert len(inbox.groups) == 1
    inbox.broken = False
    together(10, send)
    assert len(errors) == 10
    assert bench.client.llen(bench.keys.inbox) == 10


def test_each_partition_has_its_own_inbox_and_bell(bench: Bench) -> None:
    rings: list[int] = []
    namespace = bench.keys.inbox.partition(":")[0]
    bench.client.delete(bench.keys.meta)
    check_layout(bench.client, namespace, 3)
    inbox = Inbox(bench.client, namespace, 3, 10, rings.append)
    inbox.append(2, report(1))
    inbox.append(0, report(2))
    inbox.append(2, report(3))
    assert rings == [2, 0]
    assert [bench.client.llen(f"{namespace}:{{{number}}}:inbox") for number in range(3)] == [1, 0, 2]


def test_a_server_that_is_not_there_is_said_at_once() -> None:
    client = connect("redis://127.0.0.1:1/0", 0.4)
    with pytest.raises(StoreUnavailable, match="ConnectionError"):
        PartitionInbox(client, keys_of("test-none", 0), 10, lambda: None, Limits).append([report(1)])
