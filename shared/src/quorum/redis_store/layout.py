"""The version and shape of the data in Redis: written once, checked by everybody who connects."""

from typing import Any

from redis import Redis

from quorum.errors import SchemaMismatch
from quorum.redis_store.connection import translated_errors
from quorum.redis_store.keys import keys_of

LAYOUT_VERSION = 2  # what changed stands in migration.py
RESTORING = "restoring"  # a field of the meta hash while a backup is read back


def check_layout(client: Redis, namespace: str, partitions: int) -> None:
    """Claim an empty Redis for this layout, or make sure that it holds the same.

    Raises SchemaMismatch, StoreUnavailable.
    """
    meta = keys_of(namespace, 0).meta
    wanted = {"layout": LAYOUT_VERSION, "partitions": partitions}
    with translated_errors():
        if client.hexists(meta, RESTORING):
            raise SchemaMismatch("a backup is being read back, or that was cut off: run `quorum restore` to its end")
        known: Any = client.hmget(meta, list(wanted))
        if None in known:  # write only what is missing: a worker must start at maxmemory, too, or nobody drains
            pipe = client.pipeline(transaction=True)
            for name, value in wanted.items():
                pipe.hsetnx(meta, name, value)
            pipe.hmget(meta, list(wanted))
            known = pipe.execute()[-1]
        found = dict(zip(wanted, map(int, known), strict=True))
    if found["partitions"] != partitions:
        raise SchemaMismatch(
            f"QUORUM_PARTITIONS is {partitions}, but the data in Redis was laid out for {found['partitions']}; "
            f"set it to {found['partitions']}"
        )
    if found["layout"] != LAYOUT_VERSION:
        advice = "run `quorum migrate`" if found["layout"] < LAYOUT_VERSION else "use a newer release"
        raise SchemaMismatch(
            f"the data in Redis has layout {found['layout']}, and this release reads {LAYOUT_VERSION}: {advice}"
        )
