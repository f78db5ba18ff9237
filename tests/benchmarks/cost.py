"""Whether a report costs more when much is stored already."""

import time
from collections.abc import Callable, Iterator

from redis import Redis

from quorum.inbox.inbox import BELL_LIFE_MS
from quorum.policy import load_policy
from quorum.store.keys import Keys, keys_of
from quorum.store.layout import check_layout
from quorum.store.scripts import Script
from quorum.tally.drain import PartitionTally

from . import fill
from .harness import POLICY, Bar, Lab, Row, Scale, compare, wait_until

SMALL = 1_000  # images, or reports in the inbox
GROUP = 32  # reports that intake appends in one script call
BATCH = 500
PER_ROUND = 3_000  # reports, three on each of a thousand images


def cost(lab: Lab, scale: Scale) -> Iterator[Row]:
    """Yield the cost of a report by open images and by backlog."""
    yield _by_images(lab, scale)
    yield _by_backlog(lab, scale)


def _by_images(lab: Lab, scale: Scale) -> Row:
    lab.clear()
    with lab.client() as client:
        large, small = _Store(client, "large"), _Store(client, "small")
        large.open_images(range(scale.images))
        _settle(client)

        def ours() -> float:
            step = scale.images // SMALL
            large.turn += 1
            return large.cost(
                (step * number + large.turn, 10**9 + reader) for reader in range(3) for number in range(SMALL)
            )

        def baseline() -> float:
            small.forget()
            small.open_images(range(SMALL))
            return small.cost((number, 10**9 + reader) for reader in range(3) for number in range(SMALL))

        measured = compare(scale.rounds * 8, ours, baseline)
    return Row(
        f"cost of a report at {scale.images:,} open images / at {SMALL:,}",
        *measured,
        "us",
        f"{PER_ROUND:,} new reports on {SMALL:,} images spread evenly over {scale.images:,} that have one report each, "
        f"three on each: time of the append calls ({GROUP} reports each) and of the drain calls ({BATCH} each) that "
        "one client makes, divided by reports",
        f"the same reports on {SMALL:,} images that are all there is",
        Bar(1.15, "at most"),
    )


def _by_backlog(lab: Lab, scale: Scale) -> Row:
    lab.clear()
    with lab.client() as client:
        large, small = _Store(client, "large"), _Store(client, "small")
        large.backlog(scale.images)
        _settle(client)

        def side(store: _Store) -> Callable[[], float]:
            def run() -> float:
                store.forget_images()
                store.turn += 1
                if store is small:
                    small.backlog(SMALL)
                new = range(store.turn * SMALL, (store.turn + 1) * SMALL)
                return store.cost(((10**9 + number, number) for number in new), limit=SMALL)

            return run

        measured = compare(scale.rounds * 8, side(large), side(small))
    return Row(
        f"cost of a report at a backlog of {scale.images:,} / of {SMALL:,}",
        *measured,
        "us",
        f"{SMALL:,} reports are appended ({GROUP} a call) to an inbox of {scale.images:,} and {SMALL:,} are drained "
        f"({BATCH} a call), each of another image, into an empty store: time of these calls of one client, "
        "divided by reports",
        f"the same with an inbox of {SMALL:,}",
        Bar(1.15, "at most"),
    )


def _settle(client: Redis) -> None:
    """Wait until Redis no longer rewrites its log: a fork makes every page dear once, whoever writes to it."""
    wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"], "the end of the log's rewrite")


class _Store:
    """A quorum of its own on the lab's Redis, driven directly."""

    def __init__(self, client: Redis, namespace: str) -> None:
        self.turn = 0
        self._client = client
        self._keys: Keys = keys_of(namespace, 0)
        self._namespace = namespace
        self._append = Script("inbox/append")
        self._tally = PartitionTally(client, self._keys)
        self._policy = load_policy(POLICY)
        check_layout(client, namespace, 1)

    def open_images(self, numbers: range) -> None:
        """Report every image once and tally."""
        for start in range(0, len(numbers), 50_000):
            fill.append(
                self._client, self._keys.inbox, ((number, number) for number in numbers[start : start + 50_000])
            )
            while self._tally.drain(self._policy).taken:
                pass

    def backlog(self, reports: int) -> None:
        """Fill the inbox, each report of another image."""
        fill.append(self._client, self._keys.inbox, ((number, number) for number in range(reports)))

    def forget(self) -> None:
        """Remove everything."""
        self.forget_images()
        self._client.delete(self._keys.inbox, self._keys.stats)

    def forget_images(self) -> None:
        """Remove all tallies."""
        stored = list(self._client.scan_iter(f"{self._keys.images.replace('{', '?').replace('}', '?')}*", count=1000))
        for start in range(0, len(stored), 1000):
            self._client.delete(*stored[start : start + 1000])

    def cost(self, pairs: Iterator[tuple[int, int]], limit: int | None = None) -> float:
        """Append reports in groups and drain `limit` of them (None: all); return microseconds per report."""
        reports = [fill.encoded(image, reporter) for image, reporter in pairs]
        limit = limit or len(reports)
        start = time.perf_counter()
        for first in range(0, len(reports), GROUP):
            names = (self._keys.inbox, self._keys.bell, self._keys.limits, self._keys.meta)
            parts = [part for report in reports[first : first + GROUP] for part in (report, b"")]
            bell, *_ = self._append(self._client, names, (10**9, BELL_LIFE_MS, 0, 0, 0, *parts))
            assert bell >= 0
        taken = 0
        while taken < limit:
            taken += self._tally.drain(self._policy, min(BATCH, limit - taken)).taken
        return (time.perf_counter() - start) / limit * 1_000_000
