"""A Redis in which services have only just begun: it has their marks, and nothing that anybody sent.

Whoever starts quorum anew and reads a backup back finds it so, and the backup may take its place.
"""

from collections.abc import Sequence
from typing import Any

from quorum.accounts.account import load
from quorum.store.cluster import names_under
from quorum.store.keys import Keys, keys_of
from quorum.store.kinds import kind_of
from quorum.store.layout import LAYOUT
from quorum.telemetry.stored_days import SINCE

_OF_THE_START = {b"history"}  # lasting, and written by workers without anything having come in


def give_way(redis: Any, namespace: str, all_keys: Sequence[Keys]) -> bool:
    """Take the marks of the partitions off a Redis that holds nothing yet: from then on nobody writes.

    False, and all is as it was, when it holds something: also when that came in at the last moment.
    """
    if _holds_something(redis, namespace, len(all_keys)):
        return False
    marks = {keys.meta: redis.hget(keys.meta, LAYOUT) for keys in all_keys}
    for meta in marks:
        redis.hdel(meta, LAYOUT)
    if not _holds_something(redis, namespace, len(all_keys)):
        return True
    for meta, mark in marks.items():
        redis.hset(meta, LAYOUT, mark)
    return False


def _holds_something(redis: Any, namespace: str, partitions: int) -> bool:
    prefix = namespace.encode()
    names = list(names_under(redis, prefix))
    kinds = (kind_of(name[len(prefix) :], partitions) for name in names)
    begun = set(_OF_THE_START)
    if not _accounts_are_used(redis, namespace):
        begun.add(b"accounts")
    if not any(set(redis.hkeys(keys_of(namespace, one).stats)) - {SINCE.encode()} for one in range(partitions)):
        begun.add(b"stats")  # workers note there since when days are counted
    return any(one and one[1].lasting and one[1].head not in begun for one in kinds)


def _accounts_are_used(redis: Any, namespace: str) -> bool:
    """Tell whether somebody has an account of their own: one whose password was made here waits for its first use."""
    accounts = map(load, redis.hgetall(keys_of(namespace, 0).accounts).values())
    return any(not one.must_change or one.subject is not None for one in accounts)
