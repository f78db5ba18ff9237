"""Server-sent events, as they are read from a stream (WHATWG HTML, 9.2.6), bounded in size."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from quorum.client.refusals import Unavailable

MAX_LINE_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent: `id` is where to come back after; without data only that changes."""

    id: str
    kind: str
    data: str


def read_sent(pieces: Iterable[bytes], last_id: str = "") -> Iterator[Sent]:
    """Yield what pieces of a stream hold, whole events only. Raises Unavailable for endless lines."""
    kind, data, changed = "", list[str](), False
    for line in _lines(pieces):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data or changed:
                yield Sent(last_id, kind, "\n".join(data))
            kind, data, changed = "", [], False
        elif name == "id" and "\0" not in value:
            last_id, changed = value, True
        elif name == "event":
            kind = value
        elif name == "data":
            data.append(value)
            if sum(map(len, data)) > MAX_LINE_BYTES:
                raise Unavailable("an event of the stream has no end")


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield lines, that end with LF or CRLF, without their end."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
        if len(rest) > MAX_LINE_BYTES:
            raise Unavailable("a line of the stream has no end")
