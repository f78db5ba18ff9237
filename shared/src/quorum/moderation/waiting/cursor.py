"""Where a reader of the queue goes on: in which window, and after what in it.

A window is a bounded part of a list, read whole; its images are put into the order that was asked for. It keeps its end
while its pages are read: what is decided meanwhile does not let others slip in before the place of the reader.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

from quorum.errors import InvalidCursor
from quorum.images.image import MAX_ID_BYTES

MOST_CHARACTERS = 4 * (2 * 2 * MAX_ID_BYTES + 500) // 3  # two ids in which all is escaped

Position = tuple[float, str]  # in a zset: score and member; in a scan: Redis' cursor, and the partition as text
Key = tuple[float, float, str]  # what images of a window are sorted by; at last their digest


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go on: a window begins after `start` (None: at the beginning) and ends with `end` (None: not known)."""

    start: Position | None = None
    end: Position | None = None
    after: Key | None = None


def encode(place: Place, mark: str) -> str:
    """Return a cursor; `mark` says what it can be used for."""
    text = json.dumps([mark, place.start, place.end, place.after], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode(token: str, mark: str) -> Place:
    """Return the place that a cursor names. Raises InvalidCursor."""
    try:
        raw = base64.b64decode(token[:MOST_CHARACTERS].encode("ascii"), b"-_", validate=True)  # cut, it is no JSON
        known, start, end, after = json.loads(raw)
        place = Place(_position(start), _position(end), _key(after))
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidCursor("is not a page of the queue; use one that it gave, or none to begin") from error
    if known != mark:
        raise InvalidCursor("is of another list or order; begin without it")
    return place


def _position(parts: Any) -> Position | None:
    if parts is None:
        return None
    number, text = parts
    return _number(number), _text(text)


def _key(parts: Any) -> Key | None:
    if parts is None:
        return None
    first, second, text = parts
    return _number(first), _number(second), _text(text)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**64:
        raise TypeError(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value.encode()) > MAX_ID_BYTES:  # half a surrogate cannot be encoded
        raise TypeError(value)
    return value
