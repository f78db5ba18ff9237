"""A backup of all that quorum keeps, consistent to the moment: writers wait while it is read.

`CLIENT PAUSE ... WRITE` (Redis 6.2) holds every write back, for some seconds with much data, and scripts with it;
intake waits or answers 503, and nothing is lost. Any Redis from the same version on can read it back (`restore.py`).
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from redis import Redis
from redis.exceptions import ResponseError

from quorum.backup.file import BackupWriter
from quorum.errors import BackupError
from quorum.host.files import whole_file
from quorum.store.cluster import names_under, servers
from quorum.store.connection import is_transient, translated_errors
from quorum.store.keys import keys_of
from quorum.store.kinds import Kind, kind_of
from quorum.store.layout import LAYOUT, LAYOUT_VERSION, RESTORING, missing_partitions

PAGE = 500
PAUSE_MS = 15_000  # renewed while it goes on, and over by itself when the program is killed

Tell = Callable[[str], None]


def write_backup(client: Redis, namespace: str, path: Path, tell: Tell = lambda _: None) -> int:
    """Write all keys of a namespace to `path`, readable by its owner only; return how many. `tell` hears of key names.

    The file appears under its name when it is whole. Raises BackupError when there is no data, or some of it is lost,
    UnwritableFile, StoreUnavailable.
    """
    meta = _meta(client, namespace)
    with whole_file(path) as file:
        return _write(client, namespace, meta, file, tell)


def stream_backup(client: Redis, namespace: str, out: BinaryIO, tell: Tell = lambda _: None) -> int:
    """Write the same to what is no file of its own, as a pipe; who reads it slowly holds no writer up."""
    meta = _meta(client, namespace)
    with TemporaryFile() as file:
        written = _write(client, namespace, meta, file, tell)
        file.seek(0)
        shutil.copyfileobj(file, out)
        out.flush()
    return written


def _meta(client: Redis, namespace: str) -> dict[str, str]:
    """Return the fields of the meta hash, once it is known that no data is missing."""
    redis: Any = client
    with _refusals():
        stored = redis.hgetall(keys_of(namespace, 0).meta)
    meta = {name.decode(): value.decode() for name, value in stored.items() if (name + value).isascii()}
    meta.pop(RESTORING, None)
    if LAYOUT not in meta or not meta.get("partitions", "").isdecimal():
        raise BackupError(f"there is no data under the namespace {namespace!r}")
    if meta[LAYOUT] == str(LAYOUT_VERSION):  # older ones had no marks
        lost = missing_partitions(client, [keys_of(namespace, number) for number in range(int(meta["partitions"]))])
        if lost:
            raise BackupError(f"Redis has lost the data of partitions {', '.join(map(str, lost))}: bring it back first")
    return meta


def _write(client: Redis, namespace: str, meta: dict[str, str], file: BinaryIO, tell: Tell) -> int:
    writer = BackupWriter(file, namespace, meta)
    try:
        _pause(client)
        keys = _lasting(client, namespace.encode(), int(meta["partitions"]), tell)
        for start in range(0, len(keys), PAGE):
            _pause(client)
            for name, ttl_ms, dump in _values(client, keys[start : start + PAGE], tell):
                writer.add(name[len(namespace.encode()) :], ttl_ms, dump)
        writer.end()
    finally:
        with _refusals():
            for server in servers(client):
                server.client_unpause()
    return writer.written


def _values(client: Any, keys: list[tuple[bytes, Kind]], tell: Tell) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield name, time to live and value of keys."""
    with _refusals():
        pipe = client.pipeline(transaction=False)
        for name, _ in keys:
            pipe.type(name)
            pipe.pttl(name)
            pipe.dump(name)
        answers = iter(pipe.execute())
    for (name, kind), found, ttl_ms, dump in zip(keys, answers, answers, answers, strict=True):
        if dump is not None and kind.type not in {None, found}:
            tell(f"left out: {_shown(name)}, which has a wrong type; see docs/operations.md")
        elif dump is not None:  # else its time was over
            yield name, max(ttl_ms, 0), dump


def _lasting(client: Any, namespace: bytes, partitions: int, tell: Tell) -> list[tuple[bytes, Kind]]:
    """Return the names of all keys that outlive the moment, and tell of those that are not quorum's."""
    with _refusals():
        names = names_under(client, namespace)
    keys = []
    for name in names:
        place = kind_of(name[len(namespace) :], partitions)
        if place is None:
            tell(f"left out: {_shown(name)}, which is no key of quorum")
        elif place[1].lasting:
            keys.append((name, place[1]))
    return keys


def _shown(name: bytes) -> str:
    return name.decode(errors="backslashreplace")


def _pause(client: Redis) -> None:
    with _refusals():
        for server in servers(client):
            server.client_pause(PAUSE_MS, all=False)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn passing errors of Redis into StoreUnavailable, what it refuses, as CLIENT PAUSE, into a BackupError."""
    try:
        with translated_errors():
            yield
    except ResponseError as error:
        if is_transient(error):
            raise
        raise BackupError(f"Redis refuses what a backup needs: {error}") from error
