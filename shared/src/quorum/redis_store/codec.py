"""The bytes of an inbox entry and of a tally record; `append.lua` and `drain.lua` read and write the same.

Entry   received_ms:6  digest:16  fingerprint:12  class:1+n  reason:1+n  image id:2+n
Record  epoch:2  state:1  score:4, then one row per distinct reporter, oldest first:
Row     fingerprint:12  received_ms:6  weight:2  reason code:2

Integers are unsigned and big-endian; scores and weights are in thousandths of a point.
"""

import struct
from dataclasses import dataclass

from quorum.errors import MalformedEntry
from quorum.identity import FINGERPRINT_BYTES, Reporter
from quorum.images import DIGEST_BYTES, Image
from quorum.model import State

STAMP_BYTES = 6
_HEAD = struct.Struct(">HBI")
_ROW = struct.Struct(f">{FINGERPRINT_BYTES}s6sHH")


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted report as it lies in the inbox."""

    received_ms: int
    image: Image
    reporter: Reporter
    reason: str


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One distinct reporter in a tally record."""

    fingerprint: bytes
    received_ms: int
    weight: int
    reason_code: int


@dataclass(frozen=True, slots=True)
class Record:
    """All that is kept of one image."""

    epoch: int
    state: State
    rows: tuple[StoredRow, ...]


def encode_report(image: Image, reporter: Reporter, reason: str) -> bytes:
    """Return a report as intake hands it to `append.lua`, which puts the time in front."""
    class_, reason_, id_ = reporter.reporter_class.encode(), reason.encode(), image.id.encode()
    return b"".join(
        (
            image.digest,
            reporter.fingerprint,
            bytes((len(class_),)),
            class_,
            bytes((len(reason_),)),
            reason_,
            len(id_).to_bytes(2, "big"),
            id_,
        )
    )


def encode_stamp(received_ms: int) -> bytes:
    """Return the time in front of an entry, as `append.lua` writes it."""
    return received_ms.to_bytes(STAMP_BYTES, "big")


def decode_entry(raw: bytes) -> Entry:
    """Return the report in an inbox entry. Raises MalformedEntry."""
    try:
        cut = STAMP_BYTES + DIGEST_BYTES
        digest = raw[STAMP_BYTES:cut]
        fingerprint = raw[cut : cut + FINGERPRINT_BYTES]
        class_, cut = _counted(raw, cut + FINGERPRINT_BYTES, 1)
        reason, cut = _counted(raw, cut, 1)
        image_id, cut = _counted(raw, cut, 2)
    except (ValueError, UnicodeDecodeError) as error:
        raise MalformedEntry(f"entry of {len(raw)} bytes cannot be decoded: {error}") from error
    return Entry(
        int.from_bytes(raw[:STAMP_BYTES], "big"), Image(image_id, digest), Reporter(class_, fingerprint), reason
    )


def _counted(raw: bytes, start: int, size: int) -> tuple[str, int]:
    """Return the text whose length stands in `size` bytes at `start`, and where it ends."""
    begin = start + size
    end = begin + int.from_bytes(raw[start:begin], "big")
    if end > len(raw) or begin > len(raw):
        raise ValueError("it ends too early")
    return raw[begin:end].decode(), end


def decode_record(raw: bytes) -> Record:
    """Return a tally record."""
    epoch, state, _score = _HEAD.unpack_from(raw)
    rows = (
        StoredRow(fingerprint, int.from_bytes(stamp, "big"), weight, code)
        for fingerprint, stamp, weight, code in _ROW.iter_unpack(raw[_HEAD.size :])
    )
    return Record(epoch, State(state), tuple(rows))
