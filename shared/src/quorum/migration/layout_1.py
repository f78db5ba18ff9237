"""What layout 1 kept, and the same in the present layout. It knew nothing of networks and ages.

Entry   received_ms:6  digest:16  fingerprint:12  class:1+n  reason:1+n  image id:2+n
Record  epoch:2  state:1  score:4, then one row per distinct reporter, oldest first:
Row     fingerprint:12  received_ms:6  weight:2  reason code:2
"""

import struct

from quorum.errors import MalformedEntry
from quorum.images.image import DIGEST_BYTES, stored_image
from quorum.judgement.records import Report, State
from quorum.policy.classes import ANONYMOUS, CLASSES, TRUSTED, VERIFIED
from quorum.reporters.fingerprints import FINGERPRINT_BYTES, UNKNOWN_AGE, Networks, Reporter
from quorum.tally.codec import STAMP_BYTES, Record, StoredRow, encode_record, encode_report

_HEAD = struct.Struct(">HBI")
_ROW = struct.Struct(f">{FINGERPRINT_BYTES}s6sHH")
_POINT = 1000  # a verified reporter's weight in the policy of that time; anonymous ones had less, trusted ones more


def record_from_1(raw: bytes) -> bytes:
    """Return a tally record of layout 1 as it is stored now; the class is told by the weight."""
    epoch, state, score = _HEAD.unpack_from(raw)
    rows = tuple(
        StoredRow(fingerprint, int.from_bytes(stamp, "big"), code, _class_of(weight), UNKNOWN_AGE, Networks())
        for fingerprint, stamp, weight, code in _ROW.iter_unpack(raw[_HEAD.size :])
    )
    return encode_record(Record(epoch, State(state), rows, score=score))


def entry_from_1(raw: bytes) -> bytes:
    """Return an inbox entry of layout 1 as it is stored now; what was never an entry stays what it is."""
    try:
        return raw[:STAMP_BYTES] + encode_report(_decode_entry(raw))
    except MalformedEntry:
        return raw


def _class_of(weight: int) -> str:
    if weight == _POINT:
        return VERIFIED
    return ANONYMOUS if weight < _POINT else TRUSTED


def _decode_entry(raw: bytes) -> Report:
    try:
        cut = STAMP_BYTES + DIGEST_BYTES
        digest = raw[STAMP_BYTES:cut]
        fingerprint = raw[cut : cut + FINGERPRINT_BYTES]
        class_, cut = _counted(raw, cut + FINGERPRINT_BYTES, 1)
        reason, cut = _counted(raw, cut, 1)
        image_id, cut = _counted(raw, cut, 2)
    except (ValueError, UnicodeDecodeError) as error:
        raise MalformedEntry(f"entry of {len(raw)} bytes cannot be decoded: {error}") from error
    if class_ not in CLASSES or len(digest) != DIGEST_BYTES:
        raise MalformedEntry(f"entry of {len(raw)} bytes has no known class")
    return Report(stored_image(image_id, digest), Reporter(class_, fingerprint), reason)


def _counted(raw: bytes, start: int, size: int) -> tuple[str, int]:
    """Return the text whose length stands in `size` bytes at `start`, and where it ends."""
    begin = start + size
    end = begin + int.from_bytes(raw[start:begin], "big")
    if end > len(raw) or begin > len(raw):
        raise ValueError("it ends too early")
    return raw[begin:end].decode(), end
