"""Reads a backup back into a Redis that has lost its data.

What is read lies under other names until all of it is there, and who was erased since is erased from it. Then each
partition appears at one moment, so that services that run meanwhile find no data or all of it: never an inbox whose
tallies are still to come, never a person who was erased. Deliveries wait for somebody's word.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from redis import Redis
from redis.exceptions import ResponseError

from quorum.backup.file import BackupReader, Head, KeptKey
from quorum.backup.fresh import give_way
from quorum.errors import BackupError
from quorum.retention.erasure import erase_again, erased_people
from quorum.retention.erasures import Erasures, merged
from quorum.store.cluster import names_under
from quorum.store.connection import is_transient, translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.store.kinds import kind_of
from quorum.store.layout import LAYOUT, LAYOUT_VERSION, RESTORING, missing_partitions

PAGE = 500
STAGE = ":restoring"
BACKUP_DAYS = 35

One = TypeVar("One")
Staged = dict[int, list[bytes]]  # by partition: what follows the namespace in the names of its keys


def read_backup(client: Redis, namespace: str, path: Path, **options: Any) -> int:
    """Bring back what a file holds; see `restore`."""
    try:
        with path.open("rb") as file:
            return restore(client, namespace, file, str(path), **options)
    except OSError as error:
        raise BackupError(f"{path} cannot be read as a backup: {error.strerror or error}") from error


def restore(
    client: Redis,
    namespace: str,
    file: BinaryIO,
    name: str,
    *,
    erased: Mapping[bytes, int] | None = None,
    backup_days: int = BACKUP_DAYS,
    resume: bool = False,
) -> int:
    """Bring the keys of a backup back, of all partitions that have no data or have just begun; return how many.

    `erased` are people who were erased, beside those whom the backup and what is left in Redis know. With `resume`
    deliveries go on. Cut off, it can be run again: a partition that is there already goes on from where it is. Raises
    BackupError when the file is no whole backup, is older than `backup_days`, holds what this Redis cannot read, or no
    partition is without data, and then nothing has changed; StoreUnavailable.
    """
    redis: Any = client
    reader = BackupReader(file, name)
    head = reader.examine()
    _check_age(head, name, backup_days)
    all_keys = [keys_of(namespace, number) for number in range(head.partitions)]
    with translated_errors():
        missing = missing_partitions(client, all_keys)
        cut_off = redis.hexists(all_keys[0].meta, RESTORING)
        if not missing and not cut_off and give_way(redis, namespace, all_keys):
            missing = list(range(head.partitions))
        if not missing and not cut_off:
            raise BackupError(f"there is data under the namespace {namespace!r} already: restore into an empty one")
        _clear_stage(redis, namespace, head.partitions)
        people = merged(erased or {}, erased_people(client, all_keys))
        redis.hset(all_keys[0].meta, RESTORING, 1)
        try:
            staged = _stage(redis, namespace, reader, head, missing)
            _erase_staged(redis, namespace, staged, people, head)
        except BackupError:
            _give_up(redis, namespace, head, cut_off=cut_off)
            raise
        for partition in sorted(missing, reverse=True):  # the first one holds what concerns all, as webhooks
            _put_in_place(redis, namespace, partition, staged[partition], head, resume=resume)
        redis.hdel(all_keys[0].meta, RESTORING)
    return sum(map(len, staged.values()))


def _give_up(redis: Any, namespace: str, head: Head, *, cut_off: bool) -> None:
    """Leave all as it was; an earlier restore that was cut off is still to be run again."""
    _clear_stage(redis, namespace, head.partitions)
    if not cut_off:
        redis.hdel(keys_of(namespace, 0).meta, RESTORING)


def _check_age(head: Head, name: str, backup_days: int) -> None:
    age = (datetime.now(UTC) - head.at).days
    if age > backup_days:
        raise BackupError(
            f"{name} is {age} days old, and who was erased is remembered for {backup_days} only: somebody who was may "
            f"come back; if your list of erasures goes back that far, set QUORUM_BACKUP_DAYS to {age} or more"
        )


def _stage(redis: Any, namespace: str, reader: BackupReader, head: Head, missing: list[int]) -> Staged:
    """Put the keys of missing partitions under other names, and make sure that each is what it should be."""
    staged: Staged = {number: [] for number in missing}
    wanted = (key for key in reader.keys(head.partitions) if key.partition in staged)
    for page in _pages(wanted):
        pipe = redis.pipeline(transaction=False)
        for key in page:
            pipe.restore(_staged_name(namespace, key.name), key.ttl_ms, key.dump, replace=True)
            pipe.type(_staged_name(namespace, key.name))
        answers = iter(pipe.execute(raise_on_error=False))
        for key, restored, found in zip(page, answers, answers, strict=True):
            _check_staged(key, restored, found)
            staged[key.partition].append(key.name)
    return staged


def _check_staged(key: KeptKey, restored: Any, found: Any) -> None:
    for answer in (restored, found):
        if isinstance(answer, ResponseError) and not is_transient(answer):
            raise BackupError(
                f"this Redis cannot read {key.name.decode()} of the backup; is it older than the other? {answer}"
            ) from answer
        if isinstance(answer, Exception):
            raise answer
    if key.kind.type not in {None, found}:
        raise BackupError(f"{key.name.decode()} of the backup has a wrong type: {found.decode()}")


def _erase_staged(redis: Any, namespace: str, staged: Staged, people: Erasures, head: Head) -> None:
    """Hand the list of erasures on, and erase what it says; data of an older layout waits for `quorum migrate`."""
    stage = {number: keys_of(f"{namespace}{STAGE}", number) for number in staged}
    for number, keys in stage.items():
        if people:
            redis.zadd(keys.erased, people, gt=True)
            name = keys.erased.encode()[len(f"{namespace}{STAGE}".encode()) :]
            staged[number] = [*(one for one in staged[number] if one != name), name]
    if head.layout == LAYOUT_VERSION:
        try:
            erase_again(redis, list(stage.values()))
        except ResponseError as error:
            if is_transient(error):
                raise
            raise BackupError(f"the backup holds what is no data of quorum: {error}") from error


def _put_in_place(redis: Any, namespace: str, partition: int, names: list[bytes], head: Head, *, resume: bool) -> None:
    """Give the staged keys of a partition their names at one moment: 1.3 s for 200,000."""
    keys: Keys = keys_of(namespace, partition)
    pipe = redis.pipeline(transaction=True)
    for name in names:
        # by its name, since a cluster's pipeline refuses the method
        pipe.execute_command("RENAME", _staged_name(namespace, name), namespace.encode() + name)
    pipe.hset(keys.meta, mapping=head.meta if partition == 0 else {LAYOUT: head.layout})
    if partition == 0 and not resume:
        pipe.set(keys.paused, f"the data was read back from a backup of {head.at.isoformat(timespec='seconds')}")
    for answer in pipe.execute(raise_on_error=False):
        # its time was over meanwhile, or all that it held was erased
        if isinstance(answer, Exception) and "no such key" not in str(answer):
            raise answer


def _clear_stage(redis: Any, namespace: str, partitions: int) -> None:
    """Remove what an earlier attempt left. Raises BackupError when it is somebody else's."""
    stage = f"{namespace}{STAGE}"
    if redis.exists(keys_of(stage, 0).meta):
        raise BackupError(f"another quorum has the namespace {stage!r}, which is needed meanwhile")
    for page in _pages(_left_over(redis, stage.encode(), partitions)):
        pipe = redis.pipeline(transaction=False)
        for name in page:
            pipe.execute_command("UNLINK", name)
        pipe.execute()


def _left_over(redis: Any, stage: bytes, partitions: int) -> Iterator[bytes]:
    return (name for name in names_under(redis, stage) if kind_of(name[len(stage) :], partitions))


def _staged_name(namespace: str, name: bytes) -> bytes:
    return f"{namespace}{STAGE}".encode() + name


def _pages(things: Iterable[One]) -> Iterator[list[One]]:
    rest = iter(things)
    while page := list(islice(rest, PAGE)):
        yield page
