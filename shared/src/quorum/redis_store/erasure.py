"""Erases a person from everything that is kept (GDPR, Article 17). What was decided with their help stays decided."""

from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.errors import MalformedEntry
from quorum.images import BUCKETS
from quorum.redis_store.codec import decode_entry
from quorum.redis_store.connection import translated_errors
from quorum.redis_store.keys import Keys, keys_of
from quorum.redis_store.layout import check_data
from quorum.redis_store.scripts import Script

PAGE = 500  # reports


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was erased: reports in tallies and standings; reports on their way; reports in the journal."""

    tallied: int
    waiting: int
    recorded: int


class Erasure:
    """Erases people by their fingerprints, in all partitions."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._script = Script("erase", "record")

    def erase(self, fingerprints: list[bytes]) -> Erased:
        """Erase what is kept of these fingerprints. It may be done again at will. Raises StoreUnavailable."""
        check_data(self._client, self._keys)  # or a restore would bring them back
        tallied = waiting = recorded = 0
        with translated_errors():
            for keys in self._keys:
                waiting += self._from_list(keys.inbox, fingerprints) + self._from_dead_letters(keys, fingerprints)
                tallied += self._from_tallies(keys, fingerprints)
                recorded += self._from_list(keys.journal, fingerprints)
        return Erased(tallied, waiting, recorded)

    def _from_tallies(self, keys: Keys, fingerprints: list[bytes]) -> int:
        erased = 0
        for start in range(0, BUCKETS, PAGE):
            pipe = self._client.pipeline(transaction=False)
            for bucket in range(start, min(start + PAGE, BUCKETS)):
                names = (f"{keys.images}{bucket}", f"{keys.reporters}{bucket}")
                if bucket == start:  # by itself: it loads the script that the others of the page name
                    erased += self._script(self._client, names, tuple(fingerprints))
                else:
                    self._script(pipe, names, tuple(fingerprints))
            erased += sum(pipe.execute())
        return erased

    def _from_list(self, key: str, fingerprints: list[bytes]) -> int:
        """Take their reports out, from the newest on, so that what comes and goes meanwhile hides none.

        Those that a worker takes out of the inbox first are found in the tallies and the journal, which come after.
        """
        erased = seen = 0
        while entries := self._client.lrange(key, -seen - PAGE, -seen - 1):
            theirs = [entry for entry in entries if _is_of(entry, fingerprints)]
            removed = sum(self._client.lrem(key, -1, entry) for entry in theirs)
            erased += removed
            seen += len(entries) - removed
        return erased

    def _from_dead_letters(self, keys: Keys, fingerprints: list[bytes]) -> int:
        erased = 0
        for letter_id, fields in self._client.xrange(keys.dead):
            if _is_of(fields[b"entry"], fingerprints):
                erased += self._client.xdel(keys.dead, letter_id)
        return erased


def _is_of(entry: bytes, fingerprints: list[bytes]) -> bool:
    try:
        reporter = decode_entry(entry).reporter
    except MalformedEntry:
        return any(fingerprint in entry for fingerprint in fingerprints)
    return reporter.fingerprint in fingerprints or reporter.previous in fingerprints
