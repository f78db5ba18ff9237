"""A backup of all that quorum keeps, consistent to the moment: writers wait while it is read.

`CLIENT PAUSE ... WRITE` (Redis 6.2) holds every write back, for some seconds with much data, and scripts with it;
intake waits or answers 503, and nothing is lost. The file is gzip of a JSON object a line: first what it is, then of
each key its name, time to live and `DUMP`, which any Redis from the same version on can `RESTORE`.

What is read back lies under other names until all of it is there. Then each partition appears at one moment, so that
services that run meanwhile find no data or all of it: never an inbox whose tallies are still to come.
"""

import base64
import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from redis import Redis
from redis.exceptions import ResponseError

from quorum.errors import BackupError
from quorum.redis_store.cluster import servers
from quorum.redis_store.connection import translated_errors
from quorum.redis_store.keys import Keys, keys_of
from quorum.redis_store.layout import LAYOUT, LAYOUT_VERSION, RESTORING, missing_partitions

FORMAT = "quorum-backup-1"
PAGE = 500
PAUSE_MS = 15_000  # renewed while it goes on, and over by itself when the program is killed
PASSING = (":bell", ":pulse", ":workers")  # what only the present can know
STAGE = ":restoring"
PASSING_PREFIXES = (":limits:", ":broker:", f"{STAGE}:")


def write_backup(client: Redis, namespace: str, path: Path) -> int:
    """Write all keys of a namespace to `path`, readable by its owner only; return how many.

    The file appears under its name when it is whole. Raises BackupError when there is no data, or some of it is lost,
    StoreUnavailable.
    """
    redis: Any = client
    meta_name = keys_of(namespace, 0).meta
    draft = path.with_name(f"{path.name}.draft")
    with translated_errors():
        stored = redis.hgetall(meta_name)
    meta = {name.decode(): value.decode() for name, value in stored.items()}
    if LAYOUT not in meta:
        raise BackupError(f"there is no data under the namespace {namespace!r}")
    if meta[LAYOUT] == str(LAYOUT_VERSION):  # older ones had no marks
        lost = missing_partitions(client, _all_keys(namespace, meta))
        if lost:
            raise BackupError(f"Redis has lost the data of partitions {', '.join(map(str, lost))}: bring it back first")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    head = {"format": FORMAT, "namespace": namespace, "at": at, "meta": meta}
    written = 0
    draft.touch(mode=0o600)
    with translated_errors(), gzip.open(draft, "wt", compresslevel=1, encoding="ascii") as file:
        file.write(json.dumps(head) + "\n")
        try:
            for record in _records(redis, namespace):
                file.write(json.dumps(record) + "\n")
                written += 1
            file.write(json.dumps({"keys": written}) + "\n")
        finally:
            for server in servers(redis):
                server.client_unpause()
    draft.replace(path)
    return written


def read_backup(client: Redis, namespace: str, path: Path) -> int:
    """Bring the keys of a backup back, of all partitions that have no data; return how many.

    Cut off, it can be run again: a partition that is there already goes on from where it is. Raises BackupError when
    the file is no whole backup or no partition is without data, StoreUnavailable.
    """
    redis: Any = client
    head = _examine(path)
    all_keys = _all_keys(namespace, head["meta"])
    meta_name = all_keys[0].meta
    with translated_errors():
        missing = missing_partitions(client, all_keys)
        if not missing and not redis.hexists(meta_name, RESTORING):
            raise BackupError(f"there is data under the namespace {namespace!r} already: restore into an empty one")
        redis.hset(meta_name, RESTORING, 1)
        staged: dict[int, list[str]] = {number: [] for number in missing}
        for page in _pages(path):
            pipe = redis.pipeline(transaction=False)
            for record in page:
                key, partition = record["key"], _partition_of(record["key"])
                if partition in staged:
                    staged[partition].append(key)
                    name = f"{namespace}{STAGE}{key}"
                    pipe.restore(name, record["ttl_ms"], base64.b64decode(record["dump"]), replace=True)
            try:
                pipe.execute()
            except ResponseError as error:
                raise BackupError(f"this Redis cannot read the backup; is it older than the other? {error}") from error
        for partition in sorted(staged, reverse=True):  # the first one holds what concerns all, as webhooks
            _put_in_place(redis, namespace, staged[partition], head["meta"] if partition == 0 else None)
        redis.hdel(meta_name, RESTORING)
    return sum(map(len, staged.values()))


def _all_keys(namespace: str, meta: dict[str, str]) -> list[Keys]:
    return [keys_of(namespace, number) for number in range(int(meta["partitions"]))]


def _partition_of(key: str) -> int:
    found = re.match(r":\{(\d+)\}:", key)
    if not found:
        raise BackupError(f"the backup holds {key!r}, which is no key of quorum")
    return int(found[1])


def _put_in_place(redis: Any, namespace: str, keys: list[str], meta: dict[str, str] | None) -> None:
    """Give the staged keys of a partition their names at one moment: 1.3 s for 200,000."""
    pipe = redis.pipeline(transaction=True)
    for key in keys:
        # by its name, since a cluster's pipeline refuses the method
        pipe.execute_command("RENAME", f"{namespace}{STAGE}{key}", namespace + key)
    if meta is not None:
        pipe.hset(keys_of(namespace, 0).meta, mapping=meta)
    pipe.execute()


def _records(redis: Any, namespace: str) -> Iterator[dict[str, Any]]:
    """Yield every lasting key but the meta hash, while nobody writes."""
    _pause(redis)
    names = [
        name
        for server in servers(redis)
        for name in cast("Iterator[bytes]", server.scan_iter(f"{namespace}:*", count=10_000))
        if not name.endswith(tuple(map(str.encode, PASSING)))
        and not any(prefix.encode() in name for prefix in PASSING_PREFIXES)
        and name != keys_of(namespace, 0).meta.encode()
    ]
    for start in range(0, len(names), PAGE):
        _pause(redis)
        page = names[start : start + PAGE]
        pipe = redis.pipeline(transaction=False)
        for name in page:
            pipe.dump(name)
            pipe.pttl(name)
        answers = pipe.execute()
        for name, dump, ttl in zip(page, answers[::2], answers[1::2], strict=True):
            if dump is not None:  # else its time was over
                key = name.decode()[len(namespace) :]
                yield {"key": key, "ttl_ms": max(ttl, 0), "dump": base64.b64encode(dump).decode()}


def _pause(redis: Redis) -> None:
    for server in servers(redis):
        server.client_pause(PAUSE_MS, all=False)


def _examine(path: Path) -> dict[str, Any]:
    """Return the head of a backup, once that is known to be whole."""
    count = -1
    head: dict[str, Any] = {}
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            for count, line in enumerate(file, -1):
                if count < 0:
                    head = json.loads(line)
            last = json.loads(line)
    except (OSError, EOFError, ValueError, UnboundLocalError) as error:
        raise BackupError(f"{path} cannot be read as a backup: {error}") from error
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise BackupError(f"{path} is not a backup of quorum")
    if last != {"keys": count}:
        raise BackupError(f"{path} is not whole: its last line is missing")
    return head


def _pages(path: Path) -> Iterator[list[dict[str, Any]]]:
    page: list[dict[str, Any]] = []
    with gzip.open(path, "rt", encoding="ascii") as file:
        next(file)
        for line in file:
            record = json.loads(line)
            if "dump" in record:
                page.append(record)
            if len(page) == PAGE:
                yield page
                page = []
    if page:
        yield page
