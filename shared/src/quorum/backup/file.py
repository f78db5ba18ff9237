"""The file of a backup: gzip of a JSON object a line, and nothing in it is believed before it was looked at.

First what it is, then of each key its name (without the namespace), time to live and `DUMP`, at last how many they are.
A damaged or hostile file is a BackupError that says where; it costs no more memory than its longest line.
"""

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from quorum.errors import BackupError
from quorum.store.kinds import Kind, kind_of
from quorum.store.layout import LAYOUT, LAYOUT_VERSION

FORMAT = "quorum-backup-1"
MAX_PARTITIONS = 1024
MAX_LINE_BYTES = 768 * 2**20  # the largest value that Redis keeps, 512 MB, in base64
MAX_GROWTH = 200  # backups grow by about 3 when unpacked; gzip can by 1,032
ALWAYS_FINE_BYTES = 64 * 2**20
MAX_TTL_MS = 2**53
GZIP = 31  # zlib's `wbits` for it


@dataclass(frozen=True, slots=True)
class Head:
    """What a backup says of itself; `meta` are the fields of the meta hash."""

    at: datetime
    meta: dict[str, str]
    partitions: int
    layout: int


@dataclass(frozen=True, slots=True)
class KeptKey:
    """One key: `name` is what follows the namespace."""

    name: bytes
    partition: int
    kind: Kind
    ttl_ms: int
    dump: bytes


class BackupWriter:
    """Writes a backup into a file, line by line."""

    def __init__(self, file: BinaryIO, namespace: str, meta: dict[str, str]) -> None:
        self._file = file
        self._gzip = zlib.compressobj(level=1, wbits=GZIP)
        self.written = 0
        self._line({"format": FORMAT, "namespace": namespace, "at": _now(), "meta": meta})

    def add(self, name: bytes, ttl_ms: int, dump: bytes) -> None:
        """Write a key."""
        self._line({"key": name.decode("ascii"), "ttl_ms": ttl_ms, "dump": base64.b64encode(dump).decode()})
        self.written += 1

    def end(self) -> None:
        """Write the last line, by which a reader knows that nothing is missing."""
        self._line({"keys": self.written})
        self._file.write(self._gzip.flush())

    def _line(self, fields: dict[str, Any]) -> None:
        self._file.write(self._gzip.compress(json.dumps(fields).encode() + b"\n"))


class BackupReader:
    """Reads a backup; `name` is how errors call it."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._packed_bytes = file.seek(0, 2)

    def examine(self) -> Head:
        """Look at every line; return what the backup says of itself. Raises BackupError."""
        lines = self._lines()
        head = self._head(next(lines, b""))
        seen: set[bytes] = set()
        last: Any = None
        for line in lines:
            if last is not None:
                raise self._error("goes on after its last line")
            fields = self._fields(line)
            if "keys" in fields:
                last = fields
                continue
            key = self._key(fields, head.partitions)
            if key.name in seen:
                raise self._error(f"holds {key.name!r} twice")
            seen.add(key.name)
        if last != {"keys": len(seen)}:
            raise self._error("is not whole: its last line is missing, or lines before it are")
        return head

    def keys(self, partitions: int) -> Iterator[KeptKey]:
        """Yield the lasting keys. Raises BackupError."""
        lines = self._lines()
        next(lines, b"")
        for line in lines:
            fields = self._fields(line)
            if "keys" not in fields:
                key = self._key(fields, partitions)
                if key.kind.lasting:
                    yield key

    def _lines(self) -> Iterator[bytes]:
        self._file.seek(0)
        unpacked = 0
        allowed = max(ALWAYS_FINE_BYTES, MAX_GROWTH * self._packed_bytes)
        try:
            with gzip.GzipFile(fileobj=self._file, mode="rb") as packed:
                while line := packed.readline(min(MAX_LINE_BYTES, allowed - unpacked) + 1):
                    unpacked += len(line)
                    if unpacked > allowed or len(line) > MAX_LINE_BYTES:
                        raise self._error("unpacks to more than a backup does")
                    if not line.endswith(b"\n"):
                        raise self._error("is not whole: a line is cut off")
                    yield line
        except (OSError, EOFError, zlib.error) as error:
            raise self._error(f"cannot be read as a backup: {error}") from error

    def _fields(self, line: bytes) -> dict[str, Any]:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._error("cannot be read as a backup: it holds what is not JSON") from error
        if not isinstance(fields, dict):
            raise self._error("cannot be read as a backup: it holds what is no object")
        return fields

    def _head(self, line: bytes) -> Head:
        fields = self._fields(line)
        if fields.get("format") != FORMAT:
            raise self._error("is not a backup of quorum, or one of a newer release")
        meta = fields.get("meta")
        if not isinstance(meta, dict) or not all(isinstance(value, str) for value in meta.values()):
            raise self._error("does not say how its data is laid out")
        try:
            at = datetime.fromisoformat(fields["at"])
            head = Head(at if at.tzinfo else at.replace(tzinfo=UTC), meta, int(meta["partitions"]), int(meta[LAYOUT]))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise self._error("does not say when it was made, or how its data is laid out") from error
        if not 1 <= head.partitions <= MAX_PARTITIONS:
            raise self._error(f"says that its data has {head.partitions} partitions")
        if not 1 <= head.layout <= LAYOUT_VERSION:
            raise self._error(f"has data of layout {head.layout}, and this release reads {LAYOUT_VERSION}")
        return head

    def _key(self, fields: dict[str, Any], partitions: int) -> KeptKey:
        name, ttl_ms, dump = (fields.get(field) for field in ("key", "ttl_ms", "dump"))
        if not isinstance(name, str) or not isinstance(dump, str):
            raise self._error("cannot be read as a backup: it holds what is no key")
        raw = name.encode(errors="replace")
        place = kind_of(raw, partitions)
        if place is None:
            raise self._error(f"holds {name[:100]!r}, which is no key of quorum, or one of a newer release")
        if not isinstance(ttl_ms, int) or isinstance(ttl_ms, bool) or not 0 <= ttl_ms <= MAX_TTL_MS:
            raise self._error(f"says of {name!r} that it lives {str(ttl_ms)[:30]} ms")
        try:
            return KeptKey(raw, *place, ttl_ms, base64.b64decode(dump, validate=True))
        except (binascii.Error, ValueError) as error:
            raise self._error(f"holds {name!r}, but not what is in it") from error

    def _error(self, problem: str) -> BackupError:
        return BackupError(f"{self._name} {problem}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
