"""Recorded reports and decisions as lines of JSON: what `quorum reports export` writes and `policy simulate` reads.

A line of a report has `image_id`, `reporter`, `reason` and `received_at` (RFC 3339, or Unix milliseconds), and may
have `class` (verified when it is missing), `networks` (three numbers from 1 to 65,535, alike for reporters of one
address, one /24 or /48, one /16 or /32), `age` (of the account, in minutes), `content` (alike for copies of one
picture), and with that `pdq` (the picture's hash, 64 hex digits). `reporter` is a fingerprint, as in an export, or a
name, which is read as everywhere (`quorum.people`). With `kind` it says what else came in: `withdrawal` (by the same
reporter), `content` or `gone` (of which the reporter and the reason mean nothing).

A line of a decision has `image_id`, `decision`, `decided_at`, and may have `unfounded` (true when it is missing).
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
from quorum.judgement.records import Kind, Report
from quorum.moderation.decisions import Action, Decision, Made
from quorum.people import Person
from quorum.policy.classes import CLASSES, VERIFIED
from quorum.reporters.fingerprints import FINGERPRINT_BYTES, UNKNOWN_AGE, Networks, Reporter

_FIELDS = {"image_id", "reporter", "reason", "received_at", "class", "networks", "age", "content", "pdq", "kind"}
_OF_DECISIONS = {"image_id", "decision", "decided_at", "unfounded"}
_KINDS = {kind.name.lower(): kind for kind in Kind}
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
    if report.kind is not Kind.REPORT:
        fields["kind"] = report.kind.name.lower()
    return json.dumps(fields, ensure_ascii=False)


def decision_to_line(made: Made) -> str:
    """Return a decision as a line of JSON, without who made it."""
    fields = {
        "image_id": made.image_id,
        "decision": made.decision.action,
        "unfounded": made.decision.unfounded,
        "decided_at": timestamp(made.decision.at_ms),
    }
    return json.dumps(fields, ensure_ascii=False)


def from_lines(lines: Iterable[str], rules: UrlRules = KEEP_ALL, *, fold_case: bool = False) -> Iterator[Report | Made]:
    """Yield the reports and the decisions of an export.

    `rules` say which URLs are one image, `fold_case` which names one person. Raises InvalidRecord.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _recorded(line, number, rules, fold_case=fold_case)


def _recorded(line: str, number: int, rules: UrlRules, *, fold_case: bool) -> Report | Made:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidRecord(f"line {number}: not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise InvalidRecord(f"line {number}: must be a JSON object")
    known = _OF_DECISIONS if "decision" in fields else _FIELDS
    unknown = set(fields) - known
    if unknown:
        raise InvalidRecord(f"line {number}: {min(unknown)}: is not a field; the fields are {', '.join(sorted(known))}")
    read = _Line(fields, number)
    if "decision" in fields:
        action = Action(read.one_of("decision", tuple(Action), ""))
        return Made(read.image(rules).id, Decision(action, "", read.time("decided_at"), "", read.flag("unfounded")))
    return _report(read, fields, rules, fold_case=fold_case)


def _report(read: "_Line", fields: dict[str, Any], rules: UrlRules, *, fold_case: bool) -> Report:
    kind = _KINDS[read.one_of("kind", tuple(_KINDS), "report")]
    return Report(
        image=read.image(rules),
        reporter=Reporter(
            read.one_of("class", CLASSES, VERIFIED),
            read.reporter(fold_case=fold_case),
            read.networks(),
            read.whole("age", UNKNOWN_AGE, UNKNOWN_AGE),
        ),
        reason=read.text("reason") if kind is Kind.REPORT else "",
        received_ms=read.time("received_at"),
        content=_digest(read.text("content"), DIGEST_BYTES) if "content" in fields else None,
        pdq=_digest(read.text("pdq"), PDQ_BYTES) if "pdq" in fields else None,
        kind=kind,
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

    def flag(self, field: str) -> bool:
        value = self._fields.get(field, True)
        if not isinstance(value, bool):
            raise self._error(field, "must be true or false")
        return value

    def time(self, field: str) -> int:
        value = self._fields.get(field)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**48:
            return value
        try:
            moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise self._error(field, "must be RFC 3339, or Unix milliseconds") from error
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
