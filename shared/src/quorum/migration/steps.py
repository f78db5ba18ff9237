"""Brings data of an older layout to the present one, in place and in steps: whatever stops it, it goes on from there.

Nothing else may run meanwhile: API and workers are stopped first, and refuse to start until it is done. Each step
replaces what it reads and notes its place in one transaction, so no record is ever converted twice.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from redis import Redis

from quorum.errors import SchemaMismatch
from quorum.images.image import BUCKETS, bucket_of
from quorum.migration.layout_1 import entry_from_1, record_from_1
from quorum.migration.layout_2 import entry_from_2, record_from_2, split_copies
from quorum.retention.erasure import erase_again
from quorum.store.cluster import is_cluster
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.store.layout import LAYOUT_VERSION, numbers
from quorum.tally.codec import decode_copies
from quorum.telemetry.health import Health

PAGE = 500
QUIET_SECONDS = 30
OLD_SHIELDS = ("hour", "hour_blocks", "day", "day_blocks", "day_images")  # fields: what the caps counted until layout 2
PLACE = "migrated_{partition}"  # fields of the meta hash: what is to be done next, at last a bucket
JOURNAL, DEAD = "journal", "dead"

Convert = Callable[[bytes], bytes]
FROM: dict[int, tuple[Convert, Convert]] = {1: (entry_from_1, record_from_1), 2: (entry_from_2, record_from_2)}
Tell = Callable[[str], None]


def migrate(client: Redis, namespace: str, tell: Tell = lambda _: None) -> bool:
    """Bring the data to the present layout; False when it has it, or when there is none.

    Raises SchemaMismatch when a worker is still at work or the data is newer than this release, StoreUnavailable.
    """
    with translated_errors():
        meta = keys_of(namespace, 0).meta
        stored: Any = client.hmget(meta, ["layout", "partitions"])
        if None in stored:
            return False
        layout, partitions = numbers(stored)
        if layout == LAYOUT_VERSION:
            return False
        if is_cluster(client):
            raise SchemaMismatch(
                "a cluster cannot hold data of an older layout: migrate on one server, then restore here"
            )
        if layout > LAYOUT_VERSION:
            raise SchemaMismatch(f"the data has layout {layout}; this release knows {LAYOUT_VERSION}: use a newer one")
        entry, record = FROM[layout]
        _check_quiet(client, namespace, partitions)
        for partition in range(partitions):
            place = PLACE.format(partition=partition)
            _convert(
                client, keys_of(namespace, partition), (entry, record), (meta, place), partial(_tell, tell, partition)
            )
        erase_again(client, [keys_of(namespace, partition) for partition in range(partitions)])
        for partition in range(1, partitions):
            client.hset(keys_of(namespace, partition).meta, "layout", LAYOUT_VERSION)
        pipe = client.pipeline(transaction=True)
        pipe.hset(meta, "layout", LAYOUT_VERSION)
        pipe.hdel(meta, *(PLACE.format(partition=partition) for partition in range(partitions)))
        pipe.execute()
    return True


def _tell(tell: Tell, partition: int, what: str) -> None:
    tell(f"partition {partition}: {what}")


def _convert(client: Any, keys: Keys, convert: tuple[Convert, Convert], noted: tuple[str, str], tell: Tell) -> None:
    """Convert a partition, from the place on that is noted in a field of the meta hash."""
    (entry, record), (meta, place) = convert, noted
    if not client.hexists(meta, place):
        tell("inbox")
        _convert_list(client, keys.inbox, entry, (meta, place, JOURNAL))
    if client.hget(meta, place) == JOURNAL.encode():
        tell("journal")
        _convert_list(client, keys.journal, entry, (meta, place, DEAD))
    if client.hget(meta, place) == DEAD.encode():
        _convert_dead(client, keys, entry, meta, place)
    tell("tallies")
    _convert_tallies(client, keys, record, meta, place)
    client.hdel(keys.shields, *OLD_SHIELDS)


def _check_quiet(client: Redis, namespace: str, partitions: int) -> None:
    age = Health(client, namespace, partitions).last_sweep_seconds()
    if age is not None and age < QUIET_SECONDS:
        raise SchemaMismatch(f"a worker was at work {age:.0f} s ago: stop API and workers, wait {QUIET_SECONDS} s")


def _convert_list(client: Any, key: str, entry: Convert, done: tuple[str, str, str]) -> None:
    """Move the entries page by page to a second list, which then takes the place of the first; then note `done`."""
    converted = f"{key}:converted"
    while entries := client.lrange(key, 0, PAGE - 1):
        pipe = client.pipeline(transaction=True)
        pipe.rpush(converted, *map(entry, entries))
        pipe.ltrim(key, len(entries), -1)
        pipe.execute()
    pipe = client.pipeline(transaction=True)
    if client.exists(converted):
        pipe.rename(converted, key)
    pipe.hset(*done)
    pipe.execute()


def _convert_dead(client: Any, keys: Keys, entry: Convert, meta: str, place: str) -> None:
    """Write the dead letters anew, each in its place, with the ids that they had."""
    converted = f"{keys.dead}:converted"
    client.delete(converted)
    letters = client.xrange(keys.dead)
    pipe = client.pipeline(transaction=True)
    for letter, fields in letters:
        pipe.xadd(converted, {**fields, b"entry": entry(fields[b"entry"])}, id=letter)
    if letters:
        pipe.rename(converted, keys.dead)
    pipe.hset(meta, place, 0)
    pipe.execute()


def _convert_tallies(client: Any, keys: Keys, record: Convert, meta: str, place: str) -> None:
    start = int(client.hget(meta, place) or 0)
    for first in range(start, BUCKETS, PAGE):
        names = [f"{keys.images}{bucket}" for bucket in range(first, min(first + PAGE, BUCKETS))]
        reading = client.pipeline(transaction=False)
        for bucket, name in enumerate(names, first):
            reading.hgetall(name)
            reading.hgetall(f"{keys.copies}{bucket}")
        found = reading.execute()
        writing = client.pipeline(transaction=True)
        for name, records, copies in zip(names, found[::2], found[1::2], strict=True):
            for digest, raw in records.items():
                own, images = split_copies(record(raw), decode_copies(copies.get(digest, b"")))
                writing.hset(name, digest, own)
                for image, one in images.items():
                    writing.hset(f"{keys.images}{bucket_of(image)}", image, one)
        writing.hset(meta, place, first + PAGE)
        writing.execute()
