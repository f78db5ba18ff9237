"""Reports that could not be tallied: why, and the way back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.scripts import Script

PAGE = 500


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One entry that could not be tallied."""

    id: str
    partition: int
    reason: str
    entry: bytes


class DeadLetters:
    """The dead letters of all partitions."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._replay = Script("inbox/replay")

    def list(self, limit: int = PAGE) -> Iterator[DeadLetter]:
        """Yield the oldest `limit` dead letters of each partition. Raises StoreUnavailable."""
        for partition, keys in enumerate(self._keys):
            with translated_errors():
                letters: Any = self._client.xrange(keys.dead, count=limit)
            for letter_id, fields in letters:
                yield DeadLetter(
                    letter_id.decode(), partition, fields[b"reason"].decode(errors="replace"), fields[b"entry"]
                )

    def replay(self, letter_id: str | None = None) -> int:
        """Put one dead letter, or all that are there now, back into the inbox; return how many."""
        return sum(self._replay_partition(partition, letter_id) for partition in range(len(self._keys)))

    def drop(self, letter: DeadLetter) -> None:
        """Forget a dead letter for good. Raises StoreUnavailable."""
        with translated_errors():
            self._client.xdel(self._keys[letter.partition].dead, letter.id)

    def _replay_partition(self, partition: int, letter_id: str | None) -> int:
        keys, total = self._keys[partition], 0
        with translated_errors():
            newest: Any = self._client.xrevrange(keys.dead, count=1)
            if not newest:
                return 0
            first, last = (letter_id, letter_id) if letter_id else ("-", newest[0][0].decode())
            while moved := int(self._replay(self._client, (keys.dead, keys.inbox), (PAGE, first, last))):
                total += moved
        return total
