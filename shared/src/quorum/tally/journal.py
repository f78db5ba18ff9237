"""The last reports that were tallied, for simulations and exports, oldest first."""

import heapq
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from redis import Redis

from quorum.judgement.records import Report
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.tally.codec import STAMP_BYTES, decode_entry, sender_of

PAGE = 500


class Journal:
    """The journals of all partitions, merged by time."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._journals = [keys_of(namespace, number).journal for number in range(partitions)]

    def reports(self) -> Iterator[Report]:
        """Yield the reports of all partitions. Raises StoreUnavailable."""
        return heapq.merge(*map(self._partition, self._journals), key=lambda report: report.received_ms)

    def latest(self, limit: int) -> tuple[list[Report], int]:
        """Return the last `limit` reports, oldest first, and how many there are. Raises StoreUnavailable."""
        found: list[Report] = []
        count = 0
        for journal in self._journals:
            with translated_errors():
                size: Any = self._client.llen(journal)
                count += size
                for first in range(max(size - limit, 0), size, PAGE):
                    page: Any = self._client.lrange(journal, first, first + PAGE - 1)
                    found.extend(map(decode_entry, page))
        return sorted(found, key=lambda report: report.received_ms)[-limit:], count

    def _partition(self, journal: str) -> Iterator[Report]:
        place = 0
        while True:
            with translated_errors():
                entries: Any = self._client.lrange(journal, place, place + PAGE - 1)
            if not entries:
                return
            yield from map(decode_entry, entries)
            place += len(entries)

    def last_of(self, fingerprints: AbstractSet[bytes], looked_at: int, most: int) -> list[Report]:
        """Return what some people sent among the last `looked_at` of each partition: the last `most`, newest first.

        Raises StoreUnavailable.
        """
        with translated_errors():
            pages: list[list[bytes]] = [self._client.lrange(one, -looked_at, -1) for one in self._journals]  # type: ignore[misc]
        theirs = [raw for page in pages for raw in reversed(page) if sender_of(raw) in fingerprints]
        theirs.sort(key=lambda raw: raw[:STAMP_BYTES], reverse=True)
        return [decode_entry(raw) for raw in theirs[:most]]
