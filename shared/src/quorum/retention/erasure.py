"""Erases a person from everything that is kept (GDPR, Article 17). What was decided with their help stays decided.

Who was erased, and when, is remembered in every partition for as long as backups live: one that was taken before still
has them, and what it brings back of them is erased again before anybody sees it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from quorum.errors import MalformedEntry, SchemaMismatch
from quorum.retention.appeals import erase_appeals
from quorum.retention.erasures import Erasures, merged
from quorum.store.cluster import names_under, time_ms
from quorum.store.connection import is_transient, translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.store.layout import check_data
from quorum.store.scripts import Script
from quorum.tally.codec import STAMP_BYTES, decode_entry

PAGE = 500  # reports
NEVER_MS = 2**48  # later than any report's time

_Theirs = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was erased: reports in tallies, standings, appeals; reports on their way; reports in the journal."""

    tallied: int
    waiting: int
    recorded: int


class Erasure:
    """Erases people by their fingerprints, in all partitions."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._keys = [keys_of(namespace, number) for number in range(partitions)]

    def erase(self, fingerprints: list[bytes]) -> Erased:
        """Erase what is kept of these fingerprints, and remember that. It may be done again at will.

        Raises StoreUnavailable; SchemaMismatch when some keys could not be looked into, and all others were.
        """
        check_data(self._client, self._keys)  # or a restore would bring them back
        self._remember(fingerprints)
        erased, unread = _erase(self._client, self._keys, fingerprints)
        self._remember(fingerprints)  # what came meanwhile was erased, too
        if unread:
            raise SchemaMismatch(
                f"erased, but for what is in {', '.join(unread)}: somebody else wrote it, it has a wrong type; see "
                "docs/operations.md, and erase again"
            )
        return erased

    def known(self) -> Erasures:
        """Return who was erased and when, as far as that is remembered. Raises StoreUnavailable."""
        return erased_people(self._client, self._keys)

    def now_ms(self) -> int:
        """Return Redis' time, by which erasures go, Unix ms. Raises StoreUnavailable."""
        with translated_errors():
            return time_ms(self._client, self._keys[0].meta)

    def _remember(self, fingerprints: list[bytes]) -> None:
        now = self.now_ms()
        with translated_errors():
            for keys in self._keys:
                self._client.zadd(keys.erased, dict.fromkeys(fingerprints, now), gt=True)


def erased_people(client: Redis, all_keys: Sequence[Keys]) -> Erasures:
    """Return who was erased and when, from the lists of some partitions. Raises StoreUnavailable."""
    redis: Any = client
    lists = []
    with translated_errors():
        for keys in all_keys:
            found = redis.zrange(keys.erased, 0, -1, withscores=True)
            lists.append({fingerprint: round(at_ms) for fingerprint, at_ms in found})
    return merged(*lists)


def erase_again(client: Redis, all_keys: Sequence[Keys]) -> None:
    """Erase from each partition what its list says: what came in before the time of each erasure.

    Raises StoreUnavailable; Redis' ResponseError when a key cannot be read.
    """
    for keys in all_keys:
        if erased_people(client, [keys]):
            _, unread = _erase(client, [keys], [])
            if unread:
                raise ResponseError(f"{', '.join(unread)} cannot be read")


def _erase(client: Any, all_keys: Sequence[Keys], fingerprints: list[bytes]) -> tuple[Erased, list[str]]:
    """Return how much was erased, and the keys that could not be looked into.

    In the order in which reports go: what a worker takes out of one place meanwhile is found in the next.
    """
    tallied = waiting = recorded = 0
    unread: list[str] = []
    with translated_errors():
        tests = [_test_of(fingerprints, {} if fingerprints else erased_people(client, [keys])) for keys in all_keys]
        for keys, theirs in zip(all_keys, tests, strict=True):
            waiting += _from_list(client, keys.inbox, theirs, unread)
            waiting += _from_dead_letters(client, keys.dead, theirs, unread)
        buckets = _buckets(client, all_keys)
        for keys, theirs in zip(all_keys, tests, strict=True):
            tallied += _from_tallies(client, keys, buckets[keys.meta], fingerprints, unread)
            recorded += _from_list(client, keys.journal, theirs, unread)
            listed = dict.fromkeys(fingerprints, NEVER_MS) or erased_people(client, [keys])
            tallied += erase_appeals(client, keys, buckets[keys.meta], listed, unread)
    return Erased(tallied, waiting, recorded), unread


def _buckets(client: Any, all_keys: Sequence[Keys]) -> dict[str, list[int]]:
    """Return which buckets of tallies and standings there are, by the name of their partition's meta hash."""
    found: dict[str, set[int]] = {keys.meta: set() for keys in all_keys}
    prefixes = {
        prefix.encode(): keys.meta
        for keys in all_keys
        for prefix in (keys.images, keys.reporters, keys.budgets, keys.decided, keys.appeals)
    }
    for name in names_under(client, all_keys[0].meta.rpartition(":{")[0].encode()):
        prefix, colon, bucket = name.rpartition(b":")
        if prefix + colon in prefixes and bucket.isdigit():
            found[prefixes[prefix + colon]].add(int(bucket))
    return {meta: sorted(buckets) for meta, buckets in found.items()}


def _from_tallies(client: Any, keys: Keys, buckets: list[int], fingerprints: list[bytes], unread: list[str]) -> int:
    script, erased = Script("judgement/records", "retention/erase"), 0
    for start in range(0, len(buckets), PAGE):
        pipe = client.pipeline(transaction=False)
        names = [
            (
                *(f"{prefix}{bucket}" for prefix in (keys.images, keys.reporters, keys.budgets, keys.decided)),
                keys.erased,
            )
            for bucket in buckets[start : start + PAGE]
        ]
        first = _tried(script, client, names[0], tuple(fingerprints))  # it loads the script for the others
        for one in names[1:]:
            script(pipe, one, tuple(fingerprints))
        for (images, reporters, *_), answer in zip(names, [first, *pipe.execute(raise_on_error=False)], strict=True):
            erased += _number(answer, f"{images} or {reporters}", unread)
    return erased


def _from_list(client: Any, key: str, theirs: _Theirs, unread: list[str]) -> int:
    """Take their reports out, from the newest on, so that what comes and goes meanwhile hides none."""
    erased = seen = 0
    while entries := _page(unread, key, client.lrange, key, -seen - PAGE, -seen - 1):
        removed = sum(client.lrem(key, -1, entry) for entry in entries if theirs(entry))
        erased += removed
        seen += len(entries) - removed
    return erased


def _from_dead_letters(client: Any, key: str, theirs: _Theirs, unread: list[str]) -> int:
    letters = _page(unread, key, client.xrange, key)
    found = tuple(letter for letter, fields in letters if any(map(theirs, fields.values())))
    return int(Script("retention/erase_letters")(client, (key,), found)) if found else 0


def _test_of(fingerprints: list[bytes], erased: Erasures) -> _Theirs:
    """Return what tells whether an entry is of these people, or of one who was erased after it came in."""
    everything = dict.fromkeys(fingerprints, NEVER_MS)

    def theirs(entry: bytes) -> bool:
        listed = everything or erased
        try:
            reporter = decode_entry(entry).reporter
        except MalformedEntry:
            return any(fingerprint in entry for fingerprint in listed)
        until = max(listed.get(one, -1) for one in (reporter.fingerprint, *reporter.previous))
        return int.from_bytes(entry[:STAMP_BYTES], "big") <= until

    return theirs


def _tried(call: Callable[..., Any], *args: Any) -> Any:
    """Return what a call to Redis answers, or the error that it answers with."""
    try:
        return call(*args)
    except ResponseError as error:
        if is_transient(error):
            raise
        return error


def _number(answer: Any, key: str, unread: list[str]) -> int:
    if isinstance(answer, ResponseError) and not is_transient(answer):
        unread.append(key)
        return 0
    if isinstance(answer, Exception):
        raise answer
    return int(answer)


def _page(unread: list[str], key: str, call: Callable[..., Any], *args: Any) -> list[Any]:
    answer = _tried(call, *args)
    if isinstance(answer, ResponseError):
        unread.append(key)
        return []
    return list(answer)
