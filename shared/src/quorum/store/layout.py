"""The version and shape of the data in Redis: written once, checked by everybody who connects."""

from collections.abc import Sequence
from typing import Any

from redis import Redis

from quorum.errors import DataMissing, SchemaMismatch, StoreUnavailable
from quorum.store.cluster import is_cluster
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of

LAYOUT_VERSION = 3  # what changed stands in migration/
LAYOUT = "layout"  # a field of the meta hash of every partition
RESTORING = "restoring"  # a field of the meta hash while a backup is read back


def check_layout(client: Redis, namespace: str, partitions: int, *, claim: bool = True) -> None:
    """Claim an empty Redis for this layout, or make sure that it holds the same.

    Every partition has a mark of its own, the first one last: so one that is missing later is one that was lost.

    Without `claim` it only looks. Raises SchemaMismatch, StoreUnavailable, and without `claim` DataMissing.
    """
    all_keys = [keys_of(namespace, number) for number in range(partitions)]
    meta, *others = (keys.meta for keys in all_keys)
    wanted = {LAYOUT: LAYOUT_VERSION, "partitions": partitions}
    with translated_errors():
        if client.hexists(meta, RESTORING):
            raise SchemaMismatch("a backup is being read back, or that was cut off: run `quorum restore` to its end")
        known: Any = client.hmget(meta, list(wanted))
        if None in known and not claim:
            raise DataMissing
        if None in known:  # write only what is missing: a worker must start at maxmemory, too, or nobody drains
            known = _claim(client, meta, others, wanted)
        found = dict(zip(wanted, numbers(known), strict=True))
    if found["partitions"] != partitions:
        raise SchemaMismatch(
            f"QUORUM_PARTITIONS is {partitions}, but the data in Redis was laid out for {found['partitions']}; "
            f"set it to {found['partitions']}"
        )
    if found[LAYOUT] != LAYOUT_VERSION:
        advice = "run `quorum migrate`" if found[LAYOUT] < LAYOUT_VERSION else "use a newer release"
        raise SchemaMismatch(
            f"the data in Redis has layout {found[LAYOUT]}, and this release reads {LAYOUT_VERSION}: {advice}"
        )
    lost = _lost(client, all_keys)
    if lost:
        raise SchemaMismatch(
            f"Redis has lost the data of partitions {', '.join(map(str, lost))}: bring its server back with its "
            "volume, or run `quorum restore`"
        )


def _claim(client: Any, meta: str, others: list[str], wanted: dict[str, int]) -> Any:
    """Write the marks of all partitions, the first one last; return what is there then: whoever was first has it."""
    for other in others:
        client.hset(other, LAYOUT, LAYOUT_VERSION)
    pipe = client.pipeline(transaction=True)
    for name, value in wanted.items():
        pipe.hsetnx(meta, name, value)
    pipe.hmget(meta, list(wanted))
    return pipe.execute()[-1]


def numbers(stored: Sequence[bytes]) -> list[int]:
    """Return the numbers in fields of a meta hash. Raises SchemaMismatch when somebody else wrote them."""
    try:
        return list(map(int, stored))
    except ValueError as error:
        raise SchemaMismatch("how the data in Redis is laid out cannot be read: run `quorum restore`") from error


def _lost(client: Redis, all_keys: Sequence[Keys]) -> list[int]:
    """Return the partitions that are known to have lost their data."""
    try:
        return missing_partitions(client, all_keys)
    except StoreUnavailable:
        if is_cluster(client):
            return []  # a server is down: services start without it, and its partitions refuse reports by themselves
        raise


def check_data(client: Redis, all_keys: Sequence[Keys]) -> None:
    """Raise DataMissing unless the data of each of these partitions is there. Raises StoreUnavailable.

    A read asks after it has read: what a Redis without its data says must not pass for the truth. A write asks before.
    """
    if missing_partitions(client, all_keys):
        raise DataMissing


def missing_partitions(client: Redis, all_keys: Sequence[Keys]) -> list[int]:
    """Return the partitions whose mark is not there: their data is lost, or being restored. Raises StoreUnavailable."""
    with translated_errors():
        pipe = client.pipeline(transaction=False)
        for keys in all_keys:
            pipe.hexists(keys.meta, LAYOUT)
        return [number for number, there in enumerate(pipe.execute()) if not there]
