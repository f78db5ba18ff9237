"""What a line of a log may show, whoever writes it: the words of the program, and nothing that came from outside.

The texts of exceptions hold what went wrong *with what*: addresses, names, commands of Redis, URLs with passwords. So
of an exception a log has its kind, those of its causes, and where it was raised; never its text. Of the lines of
libraries it has the words, and in place of the values their types.
"""

import errno
import logging
import os
import re
import traceback
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from ssl import SSLError
from types import TracebackType
from typing import Any

from quorum.errors import SettingsError

OURS = frozenset(
    {"console", "quorum", "report_api", "tally_worker"}
)  # loggers whose lines are written in this repository
MAX_CAUSES = 8
MAX_FRAMES = 30
MAX_DEPTH = 4  # of values inside values

_PLAIN = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_WARNING = re.compile(r"\S+:\d+: \w+(?=:)")  # the place and the kind of a warning, without its text
_FOREIGN_VALUES = re.compile(
    r"(?P<user>(?<=://)[^/@\s]*@)"
    r"|(?P<token>eyJ[\w-]*\.[\w-]*\.?[\w-]*|qk_\w+\.[\w-]+)"
    r"|(?P<address>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|(?<![\w:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,5}){2,8}(?![\w:]))"
)


def described(error: BaseException) -> str:
    """Return the kind of an error; of one of the system what the system calls it, and of settings what to mend."""
    kind = type(error).__name__
    if isinstance(error, SettingsError):
        return f"{kind}: {error}"
    code = error.errno if isinstance(error, OSError) and not isinstance(error, SSLError) else None
    return f"{kind} ({os.strerror(code)})" if code is not None and code in errno.errorcode else kind


def with_causes(error: BaseException) -> str:
    """Return the kinds of an error and of what caused it."""
    return ", caused by ".join(described(one) for one in _chain(error))


def traced(error: BaseException) -> str:
    """Return an error and its causes with the places where they were raised, the first cause first."""
    parts = [f"{_places(one.__traceback__)}{_kinds(one)}" for one in _chain(error)]
    return "\nand then\n".join(reversed(parts))


def discreet(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy of a log record that shows no more than it may."""
    ours = record.name.partition(".")[0] in OURS
    kept = {name: value for name, value in record.__dict__.items() if name in _PLAIN}
    more = {name: _shown(value) for name, value in record.__dict__.items() if ours and name not in _PLAIN}
    return logging.makeLogRecord({**kept, **more, "msg": _words(record, ours=ours), "args": ()})


def _words(record: logging.LogRecord, *, ours: bool) -> str:
    text = record.msg if isinstance(record.msg, str) else str(_shown(record.msg))
    if record.name == "py.warnings":
        found = _WARNING.search(f"{record.msg} {record.args}")
        return found[0] if found else "a warning"
    if not record.args:
        return text if ours else _FOREIGN_VALUES.sub(lambda found: f"<{found.lastgroup}>", text.partition("\n")[0])
    show = _shown if ours else _typed
    given: Any = record.args
    named = isinstance(given, Mapping)
    try:
        return text % ({name: show(one) for name, one in given.items()} if named else (*map(show, given),))
    except (TypeError, ValueError, KeyError):
        return text


def _typed(value: Any) -> Any:
    """Return a number as it is, an error as its kind, and of all else the type."""
    if value is None or isinstance(value, (int, float)):
        return value
    return with_causes(value) if isinstance(value, BaseException) else f"<{type(value).__name__}>"


def _shown(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return a value of ours as it is, as far as it is made of plain ones."""
    if isinstance(value, (str, PurePath)):
        return str(value)
    if depth and isinstance(value, dict):
        return {str(name): _shown(one, depth - 1) for name, one in value.items()}
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [_shown(one, depth - 1) for one in value]
    return _typed(value)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it, the last first."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen and len(seen) < MAX_CAUSES:
        yield one
        seen.add(id(one))
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _kinds(error: BaseException) -> str:
    inside = error.exceptions[:MAX_CAUSES] if isinstance(error, BaseExceptionGroup) else ()
    return described(error) + "".join(f"\n  with {with_causes(one)}" for one in inside)


def _places(where: TracebackType | None) -> str:
    frames = traceback.extract_tb(where)[-MAX_FRAMES:]
    return "".join(f"  {frame.filename}:{frame.lineno} in {frame.name}\n" for frame in frames)
