"""What layout 2 kept, and the same in the present layout, whose rows hold facts in the place of a weight.

Entry   received_ms:6  digest:16  fingerprint:12  class:1  flags:1  network:2  reason:1+n, and the rest as now
Record  epoch:2  state:1  score:4, then the time of clearing:6 when the state is CLEARED, else one row per distinct
        reporter, oldest first:
Row     fingerprint:12  received_ms:6  weight:2  reason code:2  class + 4 when fresh:1  network:2

`fresh` said that an account was younger than a day: it is taken to have been half a day old. `network` was the tag of
the /24 (or /48) of an anonymous reporter: their wider network is not known, so that it stands for both, and each has an
address of their own.
"""

import struct
from collections.abc import Mapping
from dataclasses import replace

from quorum.judgement.arrivals.copies import DECIDED
from quorum.judgement.records import State
from quorum.policy.classes import CLASSES
from quorum.reporters.fingerprints import FINGERPRINT_BYTES, UNKNOWN_AGE, Networks
from quorum.tally.codec import STAMP_BYTES, WARY, Record, StoredRow, decode_record, encode_record

FRESH_AGE = 720  # minutes
_FRESH = 1  # a flag of an entry
_ROW_FRESH = 4
_HEAD = struct.Struct(">HBI")
_ROW = struct.Struct(f">{FINGERPRINT_BYTES}s6sHHBH")
_FACTS = struct.Struct(">HHHH")  # age and networks of an entry now
_FLAGS = STAMP_BYTES + 16 + FINGERPRINT_BYTES + 1


def record_from_2(raw: bytes) -> bytes:
    """Return a tally record of layout 2 as it is stored now."""
    epoch, state, score = _HEAD.unpack_from(raw)
    state, wary = state % WARY, epoch > 1  # a clear began every epoch but the first
    if state == State.CLEARED:
        cleared_ms = int.from_bytes(raw[_HEAD.size :][:STAMP_BYTES], "big")
        return encode_record(Record(epoch, State.CLEARED, cleared_ms=cleared_ms, wary=wary))
    rows = tuple(
        StoredRow(
            fingerprint,
            int.from_bytes(stamp, "big"),
            code,
            CLASSES[marks % _ROW_FRESH],
            FRESH_AGE if marks >= _ROW_FRESH else UNKNOWN_AGE,
            _networks(fingerprint, network),
        )
        for fingerprint, stamp, _weight, code, marks, network in _ROW.iter_unpack(raw[_HEAD.size :])
    )
    return encode_record(Record(epoch, State(state), rows, score=score, wary=wary))


def split_copies(raw: bytes, copies: Mapping[bytes, str]) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the record of a tally that copies shared, which had a state for all, and one for each of them.

    They have no rows, and so read the same when their turn to be converted comes.
    """
    if not copies:
        return raw, {}
    shared = decode_record(raw)
    each = encode_record(replace(shared, rows=(), name=""))
    state = shared.state if shared.state in DECIDED else State.OPEN
    cleared_ms = shared.cleared_ms if state is State.CLEARED else 0
    picture = encode_record(replace(shared, state=state, cleared_ms=cleared_ms, score=0, name="", wary=False))
    return picture, dict.fromkeys(copies, each)


def entry_from_2(raw: bytes) -> bytes:
    """Return an inbox entry of layout 2 as it is stored now; what is too short to be one stays what it is."""
    if len(raw) < _FLAGS + 4:
        return raw
    flags, network = raw[_FLAGS], int.from_bytes(raw[_FLAGS + 1 : _FLAGS + 3], "big")
    age = FRESH_AGE if flags & _FRESH else UNKNOWN_AGE
    facts = _FACTS.pack(age, *_networks(raw[_FLAGS - 1 - FINGERPRINT_BYTES : _FLAGS - 1], network))
    return raw[:_FLAGS] + bytes([flags & ~_FRESH]) + facts + raw[_FLAGS + 3 :]


def _networks(fingerprint: bytes, network: int) -> Networks:
    if not network:
        return Networks()
    return Networks(int.from_bytes(fingerprint[:2], "big") % 65_535 + 1, network, network)
