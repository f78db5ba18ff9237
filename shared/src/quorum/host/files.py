"""Files that appear whole or not at all, and are readable by nobody else from their first byte on."""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from quorum.errors import UnwritableFile

OWNER_ONLY = 0o600
_DRAFT = ".draft"


def write_whole(path: Path, content: bytes, mode: int = OWNER_ONLY) -> None:
    """Replace what `path` holds by `content`, for good once it returns. Raises UnwritableFile."""
    with whole_file(path, mode) as file:
        file.write(content)


def private_directory(path: Path) -> None:
    """Make a directory, and those above it, for its owner only; one that is there stays as it is.

    Raises UnwritableFile.
    """
    with _plain_errors(path):
        for missing in reversed([one for one in (path, *path.parents) if not one.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)
        if not path.is_dir():
            raise UnwritableFile(path, "it is no directory")


@contextmanager
def whole_file(path: Path, mode: int = OWNER_ONLY) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when the block ends well, synced to the disk; else nothing changes.

    A symbolic link stays, and what it points to is replaced. Raises UnwritableFile, also when `path` is no plain file.
    """
    with _plain_errors(path):
        place = path.resolve()
        if not is_replaceable(path):
            raise UnwritableFile(path, "it is no plain file")
        _remove_abandoned(place)
        draft, descriptor = _new_draft(place, mode)
    try:
        with _plain_errors(path), os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
            draft.replace(place)  # before it is closed: closing ends the lock, and with it the claim to the draft
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    with _plain_errors(path):
        _sync_directory(place.parent)


def is_replaceable(path: Path) -> bool:
    """Tell whether `path` is a plain file or nothing yet: no device, no pipe, no other name of an open file."""
    link = path.is_symlink() and path.absolute().parts[1] in {"dev", "proc"}  # as /dev/stdout, which may be any file
    return not link and (not path.exists() or stat.S_ISREG(path.stat().st_mode))


def _new_draft(place: Path, mode: int) -> tuple[Path, int]:
    """Return a locked draft beside `place`: one without a lock was left behind by a process that died."""
    while True:
        draft = place.with_name(f".{place.name[:200]}.{secrets.token_hex(4)}{_DRAFT}")
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if draft.exists():  # else another process took it for an abandoned one, before it was locked
            return draft, descriptor
        os.close(descriptor)


def _remove_abandoned(place: Path) -> None:
    for draft in place.parent.iterdir():
        if draft.name.startswith(f".{place.name[:200]}.") and draft.name.endswith(_DRAFT):
            with suppress(OSError):  # somebody writes it now, or has removed it
                _remove_unless_locked(draft)


def _remove_unless_locked(draft: Path) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        draft.unlink()
    finally:
        os.close(descriptor)


def _sync_directory(directory: Path) -> None:
    """Make the new name last a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnwritableFile(path, error.strerror or str(error)) from error
