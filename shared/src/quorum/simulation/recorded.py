"""Recorded reports as lines of JSON: what `quorum reports export` writes and `quorum policy simulate` reads.

A line has `image_id`, `reporter`, `reason` and `received_at` (RFC 3339, or Unix milliseconds), and may have `class`
(verified when it is missing), `networks` (three numbers from 1 to 65,535, alike for reporters of one address, one /24
or /48, one /16 or /32), `age` (of the account, in minutes), `content` (alike for copies of one picture), and with that
`pdq` (the picture's hash, 64 hex digits). `reporter` is a fingerprint, as in an export, or a name, which is read as
everywhere (`quorum.people`).
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from quorum.errors import InvalidImageId, InvalidName, InvalidRecord
from quorum.events.event import timestamp
from quorum.images.content import PDQ_BYTES
from quorum.images.image import DIGEST_BYTES, Image, parse_image
from quorum.images.urls import KEEP_ALL, UrlRules
from quorum.judgement.records import Report
from quorum.people import Person
from quorum.policy.classes import CLASSES, VERIFIED
from quorum.reporters.fingerprints import FINGERPRINT_BYTES, UNKNOWN_AGE, Networks, Reporter

_FIELDS = {"image_id", "reporter", "reason", "received_at", "class", "networks", "age", "content", "pdq"}
MAX_TAG = 65_535


def to_line(report: Report) -> str:
    """Return a report as a line of JSON."""
    reporter = report.reporter
    fields: dict[str, Any] = {
        "image_id": report.image.id,
        "reporter": reporter.fingerprint.hex(),
        "class": reporter.reporter_class,
        "reason": report.reason,
        "received_at": timestamp(report.received_ms),
    }
    if reporter.networks.wide:
        fields["networks"] = list(reporter.networks)
    if reporter.age != UNKNOWN_AGE:
        fields["age"] = reporter.age
    if report.content:
        fields["content"] = report.content.hex()
    if report.pdq:
        fields["pdq"] = report.pdq.hex()
    return json.dumps(fields, ensure_ascii=False)


def from_lines(lines: Iterable[str], rules: UrlRules = KEEP_ALL, *, fold_case: bool = False) -> Iterator[Report]:
    """Yield the reports of an export; `rules` say which URLs are one image, `fold_case` which names one person.

    Raises InvalidRecord.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _report(line, number, rules, fold_case=fold_case)


def _report(line: str, number: int, rules: UrlRules, *, fold_case: bool) -> Report:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidRecord(f"line {number}: not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise InvalidRecord(f"line {number}: must be a JSON object")
    unknown = set(fields) - _FIELDS
    if unknown:
        raise InvalidRecord(
            f"line {number}: {min(unknown)}: is not a field; the fields are {', '.join(sorted(_FIELDS))}"
        )
    read = _Line(fields, number)
    return Report(
        image=read.image(rules),
        reporter=Reporter(
            read.one_of("class", CLASSES, VERIFIED),
            read.reporter(fold_case=fold_case),
            read.networks(),
            read.whole("age", UNKNOWN_AGE, UNKNOWN_AGE),
        ),
        reason=read.text("reason"),
        received_ms=read.time(),
        content=_digest(read.text("content"), DIGEST_BYTES) if "content" in fields else None,
        pdq=_digest(read.text("pdq"), PDQ_BYTES) if "pdq" in fields else None,
    )


class _Line:
    def __init__(self, fields: dict[str, Any], number: int) -> None:
        self._fields = fields
        self._number = number

    def _error(self, field: str, problem: str) -> InvalidRecord:
        return InvalidRecord(f"line {self._number}: {field}: {problem}")

    def text(self, field: str) -> str:
        value = self._fields.get(field)
        if not isinstance(value, str) or not value:
            raise self._error(field, "must be text")
        return value

    def one_of(self, field: str, known: tuple[str, ...], default: str) -> str:
        value = self._fields.get(field, default)
        if value not in known:
            raise self._error(field, f"must be one of {', '.join(known)}")
        return str(value)

    def networks(self) -> Networks:
        value = self._fields.get("networks", [0, 0, 0])
        if (
            not isinstance(value, list)
            or len(value) != len(Networks())
            or any(type(tag) is not int or not 0 <= tag <= MAX_TAG for tag in value)
        ):
            raise self._error("networks", f"must be three whole numbers from 0 to {MAX_TAG}")
        return Networks(*value)

    def whole(self, field: str, high: int, default: int) -> int:
        value = self._fields.get(field, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= high:
            raise self._error(field, f"must be a whole number from 0 to {high}")
        return value

    def image(self, rules: UrlRules) -> Image:
        try:
            return parse_image(self.text("image_id"), rules)
        except InvalidImageId as error:
            raise self._error("image_id", str(error)) from error

    def reporter(self, *, fold_case: bool) -> bytes:
        text = self.text("reporter")
        try:
            return _hex(text, FINGERPRINT_BYTES) or _digest(Person(text, fold_case=fold_case).name, FINGERPRINT_BYTES)
        except InvalidName as error:
            raise self._error("reporter", str(error)) from error

    def time(self) -> int:
        value = self._fields.get("received_at")
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**48:
            return value
        try:
            moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise self._error("received_at", "must be RFC 3339, or Unix milliseconds") from error
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _hex(text: str, size: int) -> bytes:
    """Return the bytes that an export wrote as hex, none for any other text."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return b""
    return raw if len(raw) == size else b""


def _digest(text: str, size: int) -> bytes:
    """Return the bytes that an export wrote as hex, or a digest of any other text."""
    return _hex(text, size) or blake2b(text.encode(), digest_size=size, person=b"quorum.record").digest()
