"""Puts accepted reports into the inbox. Requests that wait at the same moment share one round trip (group commit)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from redis import Redis

from quorum.errors import DataMissing, InboxFull, RateLimited
from quorum.inbox.committing import Committer, Parking
from quorum.policy.sections import Limits
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.store.scripts import Script

BELL_LIFE_MS = 5000  # a bell that nobody answered may ring again after this; sweepers do not wait for it
MAX_COMMITTERS = 32  # threads at most; beyond it partitions share them

NO_LIMIT = -1
_FULL, _MISSING = -1, -2
_REFUSED_BY = {-2: "reporter", -3: "network", -4: "key"}

Ring = Callable[[int], None]


class Sending(NamedTuple):
    """A report on its way (codec.py), and who sends it: a key or a network, for the limit of its kind."""

    report: bytes
    caller: bytes = b""

    @staticmethod
    def from_key(report: bytes, key_id: str) -> "Sending":
        """Return a report that a backend sends with an API key."""
        return Sending(report, b"k" + key_id.encode())

    @staticmethod
    def from_network(report: bytes, network_tag: int) -> "Sending":
        """Return a report that a browser sends from a network."""
        return Sending(report, b"n%d" % network_tag)


class Receipt(NamedTuple):
    """What became of the reports of one sender: what their tightest limit still allows, or a refusal."""

    left: Sequence[int]
    reset_seconds: int
    limits: Limits

    def refusal(self, place: int) -> RateLimited | None:
        """Return why a report was refused, None when it was stored."""
        limit = _REFUSED_BY.get(self.left[place])
        return RateLimited(limit, getattr(self.limits, limit), self.reset_seconds) if limit else None


class PartitionInbox:
    """The inbox of one partition, shared by the senders of a process (group commit: committing.py)."""

    def __init__(
        self,
        client: Redis,
        keys: Keys,
        ceiling: int,
        ring: Callable[[], None],
        limits: Callable[[], Limits],
        *,
        committer: Committer | None = None,
    ) -> None:
        self._client = client
        self._keys = (keys.inbox, keys.bell, keys.limits, keys.meta)
        self._ceiling = ceiling
        self._limits = limits
        self._ring = ring
        self._append = Script("inbox/append")
        self._committer = committer or Committer()

    def append(self, reports: Sequence[Sending]) -> Receipt:
        """Return once the reports are in the inbox, but for those beyond a limit.

        Raises StoreUnavailable or InboxFull; then send them again.
        """
        return self._committer.commit(self, reports)

    def send(self, items: list[Sequence[Sending]]) -> list[Receipt]:
        """Append the reports of some senders in one call; return a receipt for each sender."""
        limits = self._limits()
        parts = [part for reports in items for one in reports for part in (one.report, one.caller)]
        args = (self._ceiling, BELL_LIFE_MS, limits.reporter, limits.network, limits.key, *parts)
        with translated_errors():
            bell, *answer = self._append(self._client, self._keys, args)
        if bell == _MISSING:
            raise DataMissing
        if bell == _FULL:
            raise InboxFull(f"the inbox holds {self._ceiling} reports; the workers are behind")
        if bell:
            self._ring()
        receipts, place = [], 1
        for reports in items:
            end = place + len(reports)
            receipts.append(Receipt(answer[place:end], answer[0], limits))
            place = end
        return receipts


class Inbox:
    """The inboxes of all partitions."""

    def __init__(
        self,
        client: Redis,
        namespace: str,
        partitions: int,
        ceiling: int,
        ring: Ring,
        *,
        limits: Callable[[], Limits] = Limits,
        parking: Parking | None = None,
    ) -> None:
        committers = [Committer(parking) for _ in range(min(partitions, MAX_COMMITTERS))]
        self._partitions = [
            PartitionInbox(
                client,
                keys_of(namespace, number),
                ceiling,
                partial(ring, number),
                limits,
                committer=committers[number % len(committers)],
            )
            for number in range(partitions)
        ]

    def append(self, partition: int, *reports: Sending) -> Receipt:
        """Return once the reports are safely in the inbox of `partition`, but for those beyond a limit.

        Raises StoreUnavailable or InboxFull.
        """
        return self._partitions[partition].append(reports)
