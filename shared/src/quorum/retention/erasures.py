"""Who was erased and when, in a file beside Redis: a Redis that is lost takes its own list along.

A line of JSON for each fingerprint, `{"fingerprint": "<24 hex digits>", "at": "<RFC 3339>"}`, once: the latest time.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from quorum.errors import ErasuresUnreadable, UnwritableFile
from quorum.events.event import timestamp
from quorum.host.files import write_whole
from quorum.reporters.fingerprints import FINGERPRINT_BYTES

Erasures = dict[bytes, int]  # fingerprint -> when it was erased, Unix ms


def read_erasures(path: Path) -> Erasures:
    """Return what a file holds. Raises ErasuresUnreadable, also when it is not there: it was thought to be."""
    try:
        return from_lines(path.read_bytes().splitlines())
    except OSError as error:
        raise ErasuresUnreadable(f"{path} cannot be read: {error.strerror}") from error
    except ErasuresUnreadable as error:
        raise ErasuresUnreadable(f"{path}, {error}") from error


def remember_erasures(path: Path, erased: Mapping[bytes, int], oldest_ms: int) -> None:
    """Add erasures to a file, and drop those before `oldest_ms`. Raises ErasuresUnreadable, UnwritableFile."""
    with _alone_in(path):
        known = read_erasures(path) if path.exists() else {}
        young = {one: at for one, at in merged(known, erased).items() if at >= oldest_ms}
        write_whole(path, "".join(f"{line}\n" for line in to_lines(young)).encode())


def merged(*lists: Mapping[bytes, int]) -> Erasures:
    """Return all erasures of some lists, of each fingerprint the latest."""
    found: Erasures = {}
    for one in lists:
        for fingerprint, at_ms in one.items():
            found[fingerprint] = max(at_ms, found.get(fingerprint, 0))
    return found


def to_lines(erased: Mapping[bytes, int]) -> Iterator[str]:
    """Yield the lines of a file, oldest first."""
    for fingerprint, at_ms in sorted(erased.items(), key=lambda one: (one[1], one[0])):
        yield json.dumps({"fingerprint": fingerprint.hex(), "at": timestamp(at_ms)})


def from_lines(lines: Iterable[bytes]) -> Erasures:
    """Return the erasures in lines. Raises ErasuresUnreadable: who is left out would come back."""
    return merged(*(_erasure(line, number) for number, line in enumerate(lines, 1) if line.strip()))


def _erasure(line: bytes, number: int) -> Erasures:
    try:
        fields = json.loads(line)
        fingerprint, moment = bytes.fromhex(fields["fingerprint"]), datetime.fromisoformat(fields["at"])
        at_ms = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ErasuresUnreadable(f"line {number} is no erasure") from error
    if len(fingerprint) != FINGERPRINT_BYTES:
        raise ErasuresUnreadable(f"line {number} is no erasure")
    return {fingerprint: at_ms}


@contextmanager
def _alone_in(path: Path) -> Iterator[None]:
    """Let nobody else change the file meanwhile: two erasures at once must not lose one."""
    try:
        directory = os.open(path.resolve().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UnwritableFile(path, error.strerror or str(error)) from error
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)
