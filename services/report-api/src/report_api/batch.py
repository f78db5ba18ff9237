"""`POST /v1/reports/batch`: many reports of a site's backend at once, with a result for each."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, request
from marshmallow import ValidationError

from quorum.errors import StoreUnavailable
from quorum.redis_store.codec import encode_report
from quorum.wire import ReportSchema
from report_api.problems import Refused, field_errors
from report_api.services import Services, services

MAX_REPORTS = 1000
MAX_BODY_BYTES = 1_048_576
JSON, NDJSON = "application/json", "application/x-ndjson"
TYPES = (JSON, NDJSON)

Result = dict[str, Any]
Ready = dict[int, list[tuple[int, bytes]]]  # by partition: the place in the batch, the report


def make_batch(reasons: frozenset[str]) -> Blueprint:
    """Return the batch route for a policy's reasons."""
    blueprint = Blueprint("batch", __name__)
    schema = ReportSchema(reasons)

    @blueprint.post("/v1/reports/batch")
    def create_reports() -> dict[str, Any]:
        """Accept what is good; a bad report among them hinders no other."""
        parts = services()
        parts.access.check_backend(request.headers.get("Authorization"))
        request.max_content_length = MAX_BODY_BYTES
        results: list[Result] = []
        ready: Ready = defaultdict(list)
        for place, item in enumerate(_items()):
            results.append(_check(parts, schema, place, item, ready))
        _store(parts, ready, results)
        accepted = sum(result["status"] == 202 for result in results)  # noqa: PLR2004 - HTTP
        return {"accepted": accepted, "refused": len(results) - accepted, "results": results}

    return blueprint


def _check(parts: Services, schema: ReportSchema, place: int, item: Any, ready: Ready) -> Result:
    """Return the result of one report so far, and put it among those that are ready to be stored."""
    try:
        report = _load(schema, item)
    except ValidationError as error:
        return {"index": place, "status": 422, "errors": list(field_errors(error.messages))}
    image = report["image_id"]
    entry = encode_report(image, parts.access.named(report["reporter_id"]), report["reason"])
    ready[image.partition(parts.settings.partitions)].append((place, entry))
    return {"index": place, "status": 202}


def _load(schema: ReportSchema, item: Any) -> dict[str, Any]:
    """Return one valid report. Raises ValidationError."""
    if isinstance(item, _Unreadable):
        raise ValidationError({"body": [item.problem]})
    report: dict[str, Any] = schema.load(item)
    if "reporter_id" not in report:
        raise ValidationError({"reporter_id": ["is missing; the backend names who reports"]})
    return report


def _store(parts: Services, ready: Ready, results: list[Result]) -> None:
    """Store what is ready, a call for each partition. Raises StoreUnavailable when nothing at all could be stored."""
    failures: list[StoreUnavailable] = []
    for partition, waiting in ready.items():
        try:
            parts.inbox.append(partition, *(entry for _, entry in waiting))
        except StoreUnavailable as error:
            failures.append(error)
            for place, _ in waiting:
                results[place]["status"] = 503
    if failures and len(failures) == len(ready):
        raise failures[0]


class _Unreadable:
    """A line that is not JSON."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


def _items() -> list[Any]:
    """Return the batch's items, unchecked. Raises Refused when it is not a batch at all."""
    if request.mimetype not in TYPES:
        raise Refused(415, "not-json", "The body is not JSON", f"send it as one of {', '.join(TYPES)}", "body")
    body = request.get_data()
    items = list(_lines(body)) if request.mimetype == NDJSON else _array(body)
    if not 1 <= len(items) <= MAX_REPORTS:
        detail = f"must hold 1 to {MAX_REPORTS} reports, not {len(items)}"
        raise Refused(422, "invalid-batch", "The batch is not valid", detail, "body")
    return items


def _array(body: bytes) -> list[Any]:
    try:
        items = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "not-json", "The body is not JSON", f"cannot be read as JSON: {error}", "body") from error
    if not isinstance(items, list):
        raise Refused(422, "invalid-batch", "The batch is not valid", "must be a JSON array of reports", "body")
    return items


def _lines(body: bytes) -> Iterator[Any]:
    for line in body.splitlines():
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError) as error:
                yield _Unreadable(f"cannot be read as JSON: {error}")
