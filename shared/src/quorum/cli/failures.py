"""Shows the errors that quorum raises on purpose as one plain line instead of a traceback."""

import errno
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from quorum.errors import QuorumError

_FULL = "make room, then do it again"
_FIXES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "the limit of file sizes (ulimit -f) is too low",
    errno.EROFS: "choose a directory that can be written",
    errno.EACCES: "it belongs to another user; do it as that user, or choose another directory",
    errno.EPERM: "it belongs to another user; do it as that user, or choose another directory",
    errno.EISDIR: "a file should be there",
    errno.ENOTDIR: "a directory should be there",
    errno.EEXIST: "a directory should be there",
    errno.ENAMETOOLONG: "choose a shorter path",
    errno.ELOOP: "its links lead in a circle",
    errno.ENOLCK: "its file system has no locks; choose a directory on another one",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}


@contextmanager
def plain_failures() -> Iterator[None]:
    """Turn a QuorumError, or an error of a file or the system, into a message on standard error and exit status 1."""
    try:
        yield
    except QuorumError as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        raise  # click ends quietly
    except OSError as error:
        raise click.ClickException(_told(error)) from error


def _told(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    fix = _FIXES.get(error.errno or 0)
    return f"{where}{error.strerror or error}{f'; {fix}' if fix else ''}"


def speak_anywhere() -> None:
    """Write what a terminal cannot show as an escape, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
