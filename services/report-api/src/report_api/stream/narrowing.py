"""A stream of some types only: pieces are read once for all streams, and each leaves out what it does not want."""

from collections.abc import Iterable

from quorum.events.event import EVENT_TYPES
from report_api.stream.hub import Piece
from report_api.web.problems import Refused

_END = b"\n\n"
_TYPE = b"\nevent: "


def read_types(given: Iterable[str]) -> frozenset[bytes]:
    """Return the types that a stream wants; none stands for all. Raises Refused."""
    types = frozenset(given)
    if not types <= set(EVENT_TYPES):
        raise Refused(400, "invalid-type", "There is no such type", f"must be one of {', '.join(EVENT_TYPES)}", "type")
    return frozenset(one.encode() for one in types)


def narrowed(piece: Piece, types: frozenset[bytes]) -> bytes:
    """Return what goes over the wire of a piece.

    When its last event is left out, an id alone takes the reader past it: browsers note an id without data and tell
    nobody, so that a stream of what is rare does not come back with a cursor that is too old.
    """
    if not types:
        return piece.text
    events = piece.text.removesuffix(_END).split(_END)
    wanted = [event for event in events if _type_of(event) in types]
    past = b"" if wanted and wanted[-1] is events[-1] else f"id: {piece.cursor}".encode() + _END
    return b"".join(event + _END for event in wanted) + past


def _type_of(event: bytes) -> bytes:
    return event.partition(_TYPE)[2].partition(b"\n")[0]
