"""The bytes of what is kept in Redis; the scripts read and write the same.

Entry     received_ms:6  digest:16  fingerprint:12  class:1  flags:1  age:2  networks:2+2+2  reason:1+n  image id:2+n,
          then the previous fingerprint:12 when flag 2 is set; the image's own digest:16 when flag 4 is set, which says
          that `digest` is that of a shared tally; trace id:16, parent id:8, trace flags:1 when flag 8 is set (W3C Trace
          Context); the picture's PDQ hash:32 when flag 16 is set, and 4; how many more previous fingerprints:1 and
          these:12 each when flag 32 is set, and 2
          Flags and 192, divided by 64, are the kind of the entry (quorum.judgement.records.Kind)
Record    epoch:2  state:1  score:4, then the time of clearing:6 when the state is CLEARED; an image id:2+n when 128 is
          added to the state, under which it is judged again; then one row per distinct reporter, oldest first. 64 is
          added to the state of what was cleared before
Row       fingerprint:12  received_ms:6  reason code:2  class:1  age:2  networks:2+2+2
Standing  upheld:2  unfounded:2  strikes:1  warned:4  muted until:4  decided:4 (minutes since 1970)
Copies    of each image: digest:16  image id:2+n
Budget    when a person carried automatic blocks, seconds since 1970: 4 each
Views     views:6  told_ms:6

Integers are unsigned and big-endian; scores are in thousandths of a point, ages in minutes (65,535: not known),
networks tags of the address, /24 and /16 or the like (0: none). A class is its place in `quorum.policy.model.CLASSES`.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

from quorum.errors import MalformedEntry
from quorum.images.content import PDQ_BYTES
from quorum.images.image import DIGEST_BYTES, stored_image
from quorum.judgement.records import Kind, Report, Row, State
from quorum.policy.accuracy import Standing
from quorum.policy.classes import CLASSES
from quorum.policy.model import reason_code
from quorum.reporters.fingerprints import FINGERPRINT_BYTES, Networks, Reporter

STAMP_BYTES = 6
PREVIOUS, SHARED, TRACED, PICTURE, MORE = 2, 4, 8, 16, 32
TRACE_BYTES = 25
WARY, NAMED = 64, 128
KIND = 64

_ENTRY = struct.Struct(f">{DIGEST_BYTES}s{FINGERPRINT_BYTES}sBBHHHHB")
_HEAD = struct.Struct(">HBI")
_ROW = struct.Struct(f">{FINGERPRINT_BYTES}s6sHBHHHH")
_STANDING = struct.Struct(">HHBIII")
_CODES = {name: code for code, name in enumerate(CLASSES)}


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One distinct reporter in a tally record."""

    fingerprint: bytes
    received_ms: int
    reason_code: int
    reporter_class: str
    age: int
    networks: Networks


@dataclass(frozen=True, slots=True)
class Record:
    """All that is kept of one tally; `cleared_ms` is 0 unless it is cleared, `score` that of the last judgement."""

    epoch: int
    state: State
    rows: tuple[StoredRow, ...] = ()
    cleared_ms: int = 0
    score: int = 0
    name: str = ""  # the image's id, once it may be judged without a report
    wary: bool = False  # it was cleared before


def encode_report(report: Report) -> bytes:
    """Return a report as intake hands it to `append.lua`, which puts the time in front."""
    reporter, reason, image_id = report.reporter, report.reason.encode(), report.image.id.encode()
    flags = (
        (PREVIOUS if reporter.previous else 0)
        + (SHARED if report.content is not None else 0)
        + (TRACED if report.trace is not None else 0)
        + (PICTURE if report.pdq is not None else 0)
        + (MORE if reporter.previous[1:] else 0)
        + KIND * report.kind
    )
    code = _CODES[reporter.reporter_class]
    digest = report.content or report.image.digest
    head = _ENTRY.pack(digest, reporter.fingerprint, code, flags, reporter.age, *reporter.networks, len(reason))
    first, more = reporter.previous[:1], reporter.previous[1:]
    tail = (
        b"".join(first)
        + (report.image.digest if report.content is not None else b"")
        + (report.trace or b"")
        + (report.pdq or b"")
        + (b"".join((len(more).to_bytes(1, "big"), *more)) if more else b"")
    )
    return b"".join((head, reason, len(image_id).to_bytes(2, "big"), image_id, tail))


def encode_stamp(received_ms: int) -> bytes:
    """Return the time in front of an entry, as `append.lua` writes it."""
    return received_ms.to_bytes(STAMP_BYTES, "big")


def sender_of(raw: bytes) -> bytes:
    """Return the reporter's fingerprint in an inbox entry, without a look at the rest."""
    start = STAMP_BYTES + DIGEST_BYTES
    return raw[start : start + FINGERPRINT_BYTES]


def decode_entry(raw: bytes) -> Report:
    """Return the report in an inbox entry. Raises MalformedEntry."""
    try:
        digest, fingerprint, code, flags, age, *networks, size = _ENTRY.unpack_from(raw, STAMP_BYTES)
        reason, cut = _text(raw, STAMP_BYTES + _ENTRY.size, size)
        image_id, cut = _text(raw, cut + 2, int.from_bytes(raw[cut : cut + 2], "big"))
        previous, cut = _optional(raw, cut, FINGERPRINT_BYTES, present=bool(flags & PREVIOUS))
        own, cut = _optional(raw, cut, DIGEST_BYTES, present=bool(flags & SHARED))
        trace, cut = _optional(raw, cut, TRACE_BYTES, present=bool(flags & TRACED))
        pdq, cut = _optional(raw, cut, PDQ_BYTES, present=bool(flags & PICTURE))
        first = () if previous is None else (previous,)
        more = _more(raw, cut) if flags & MORE else ()
        reporter = Reporter(CLASSES[code], fingerprint, Networks(*networks), age, first + more)
    except (struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
        raise MalformedEntry(f"entry of {len(raw)} bytes cannot be decoded: {error}") from error
    received_ms = int.from_bytes(raw[:STAMP_BYTES], "big")
    image, content = stored_image(image_id, own or digest), digest if own else None
    return Report(image, reporter, reason, received_ms, content, trace, pdq, Kind(flags // KIND))


def _text(raw: bytes, start: int, size: int) -> tuple[str, int]:
    """Return the text of `size` bytes at `start`, and where it ends."""
    end = start + size
    if end > len(raw):
        raise ValueError("it ends too early")
    return raw[start:end].decode(), end


def _optional(raw: bytes, start: int, size: int, *, present: bool) -> tuple[bytes | None, int]:
    if not present:
        return None, start
    if start + size > len(raw):
        raise ValueError("it ends too early")
    return raw[start : start + size], start + size


def _more(raw: bytes, start: int) -> tuple[bytes, ...]:
    """Return the fingerprints that are counted and listed at `start`."""
    first, end = start + 1, start + 1 + raw[start] * FINGERPRINT_BYTES
    if end > len(raw):
        raise ValueError("it ends too early")
    return tuple(raw[cut : cut + FINGERPRINT_BYTES] for cut in range(first, end, FINGERPRINT_BYTES))


def decode_record(raw: bytes) -> Record:
    """Return a tally record."""
    epoch, marked, score = _HEAD.unpack_from(raw)
    state, start, cleared_ms, name = marked % WARY, _HEAD.size, 0, ""
    if state == State.CLEARED:
        start += STAMP_BYTES
        cleared_ms = int.from_bytes(raw[_HEAD.size : start], "big")
    if marked >= NAMED:
        name, start = _text(raw, start + 2, int.from_bytes(raw[start : start + 2], "big"))
    return Record(epoch, State(state), decode_rows(raw[start:]), cleared_ms, score, name, bool(marked & WARY))


def encode_record(record: Record) -> bytes:
    """Return a tally record as it is stored."""
    name = record.name.encode()
    marks = (NAMED if name else 0) + (WARY if record.wary else 0)
    head = _HEAD.pack(record.epoch, record.state + marks, record.score)
    if record.state is State.CLEARED:
        head += encode_stamp(record.cleared_ms)
    if name:
        head += len(name).to_bytes(2, "big") + name
    return head + encode_rows(record.rows)


def decode_rows(raw: bytes) -> tuple[StoredRow, ...]:
    """Return the rows of a tally record."""
    return tuple(
        StoredRow(fingerprint, int.from_bytes(stamp, "big"), code, CLASSES[class_], age, Networks(*networks))
        for fingerprint, stamp, code, class_, age, *networks in _ROW.iter_unpack(raw)
    )


def encode_rows(rows: Iterable[StoredRow]) -> bytes:
    """Return rows as a tally record holds them."""
    return b"".join(
        _ROW.pack(
            row.fingerprint,
            encode_stamp(row.received_ms),
            row.reason_code,
            _CODES[row.reporter_class],
            row.age,
            *row.networks,
        )
        for row in rows
    )


def rows_of(stored: Iterable[StoredRow], names: Mapping[int, str]) -> dict[bytes, Row]:
    """Return stored rows as the judgement takes them; a reason that has no name now is told by its code."""
    return {
        row.fingerprint: Row(
            row.received_ms,
            names.get(row.reason_code, f"#{row.reason_code}"),
            row.reporter_class,
            row.age,
            row.networks,
        )
        for row in stored
    }


def stored_rows(rows: Mapping[bytes, Row]) -> tuple[StoredRow, ...]:
    """Return rows of the judgement as they are stored; what `rows_of` read comes back."""
    return tuple(
        StoredRow(fingerprint, row.received_ms, _code_of(row.reason), row.reporter_class, row.age, row.networks)
        for fingerprint, row in rows.items()
    )


def _code_of(reason: str) -> int:
    return int(reason[1:]) if reason.startswith("#") else reason_code(reason)


def encode_standing(standing: Standing) -> bytes:
    """Return what is known of a reporter as it is stored."""
    return _STANDING.pack(*astuple(standing))


def decode_standing(raw: bytes) -> Standing:
    """Return what is known of a reporter."""
    return Standing(*_STANDING.unpack(raw))


def encode_views(views: int, told_ms: int) -> bytes:
    """Return a view count as it is stored."""
    return views.to_bytes(6, "big") + encode_stamp(told_ms)


def picture_of(alias: bytes) -> bytes | None:
    """Return the digest of the picture whose rows an image shares, from its alias; None when it stays by itself."""
    return alias if len(alias) == DIGEST_BYTES else None


def parted_from(picture: bytes) -> bytes:
    """Return the alias of an image that stays beside the picture that it shows."""
    return b"p" + picture


def encode_copies(copies: Mapping[bytes, str]) -> bytes:
    """Return the images that show a picture as they are stored."""
    return b"".join(
        digest + len(text := image_id.encode()).to_bytes(2, "big") + text for digest, image_id in copies.items()
    )


def decode_copies(raw: bytes) -> dict[bytes, str]:
    """Return the images that show a picture: digest -> id."""
    copies, cut = {}, 0
    while cut < len(raw):
        digest, cut = raw[cut : cut + DIGEST_BYTES], cut + DIGEST_BYTES
        copies[digest], cut = _text(raw, cut + 2, int.from_bytes(raw[cut : cut + 2], "big"))
    return copies
