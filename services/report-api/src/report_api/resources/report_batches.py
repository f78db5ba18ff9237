"""`POST /v1/reports/batch`: many reports of a site's backend at once, with a result for each."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, request
from marshmallow import ValidationError

from quorum.access.keys import ApiKey
from quorum.errors import StoreUnavailable
from quorum.images.image import Image
from quorum.inbox.inbox import Sending
from quorum.policy import Policy
from quorum.schemas.reports import BatchResultSchema, ReportSchema
from report_api.access.callers import Shown
from report_api.access.guard import key_of_caller
from report_api.resources.reports import claimed_by, sending_of, whole_report
from report_api.telemetry.correlation import trace_of
from report_api.web.bodies import JSON, MAX_LIST_BODY_BYTES, NDJSON, load_report
from report_api.web.describing import answer, documented
from report_api.web.idempotency import KEY_HEADER, once
from report_api.web.problems import Refused, field_errors, valid_image
from report_api.web.services import Services, services

MAX_REPORTS = 1000
TYPES = (JSON, NDJSON)
ACCEPTED, INVALID, LIMITED, UNAVAILABLE = 202, 422, 429, 503

Result = dict[str, Any]
Ready = dict[int, list[tuple[int, Sending]]]  # by partition: the place in the batch, the report

blueprint = Blueprint("report_batches", __name__)


@blueprint.post("/v1/reports/batch")
@documented(
    "Report many images at once",
    "For backends: a JSON array, or a report on each line. A bad report hinders no other.",
    parameters=(KEY_HEADER,),
    takes={"type": "array", "items": ReportSchema, "minItems": 1, "maxItems": MAX_REPORTS},
    takes_lines=True,
    answers={
        200: answer(
            "A result for each report, in order: 202, 422 with `errors`, 429 (too many in this minute), "
            "or 503 (send it again).",
            BatchResultSchema,
        )
    },
)
def create_reports() -> dict[str, Any]:
    """Accept what is good; a bad report among them hinders no other."""
    parts, key = services(), key_of_caller()
    request.max_content_length = MAX_LIST_BODY_BYTES
    body = request.get_data()
    with once(parts, Shown(key).caller, request.environ, body):
        policy, trace = parts.policy, trace_of(request.environ)
        results: list[Result] = []
        ready: Ready = defaultdict(list)
        for place, item in enumerate(_items(body)):
            try:
                image, partition, sending = _read(parts, policy, key, item, trace)
            except ValidationError as error:
                results.append(_invalid(place, error))
            else:
                results.append({"index": place, "status": ACCEPTED, "image_id": image.id})
                ready[partition].append((place, sending))
        _store(parts, ready, results)
    accepted = sum(result["status"] == ACCEPTED for result in results)
    return {"accepted": accepted, "refused": len(results) - accepted, "results": results}


def _read(parts: Services, policy: Policy, key: ApiKey, item: Any, trace: bytes | None) -> tuple[Image, int, Sending]:
    """Return one report's image, the partition that counts it, and it as it goes there. Raises ValidationError."""
    report = _load(policy, item)
    try:
        caller = parts.access.named(claimed_by(report), key, policy)
    except Refused as refused:  # one report of many, as the others may be all right
        raise ValidationError(
            {one["field"]: [one["message"]] for one in refused.errors}, valid_data=report
        ) from refused
    whole = whole_report(report, caller, parts.settings.partitions, trace)
    return whole.image, whole.image.partition(parts.settings.partitions), sending_of(whole, caller)


def _invalid(place: int, error: ValidationError) -> Result:
    image = valid_image(error)
    named = {"image_id": image.id} if image else {}
    return {"index": place, "status": INVALID, **named, "errors": list(field_errors(error.messages))}


def _load(policy: Policy, item: Any) -> dict[str, Any]:
    """Return one valid report. Raises ValidationError."""
    if isinstance(item, _Unreadable):
        raise ValidationError({"body": [item.problem]})
    report = load_report(item, policy)
    if "reporter_id" not in report:
        problem = {"reporter_id": ["is missing; the backend names who reports"]}
        raise ValidationError(problem, valid_data=report)
    return report


def _store(parts: Services, ready: Ready, results: list[Result]) -> None:
    """Store what is ready, a call for each partition. Raises StoreUnavailable when nothing at all could be stored."""
    failures: list[StoreUnavailable] = []
    for partition, waiting in ready.items():
        try:
            receipt = parts.inbox.append(partition, *(sending for _, sending in waiting))
        except StoreUnavailable as error:
            failures.append(error)
            for place, _ in waiting:
                results[place]["status"] = UNAVAILABLE
            continue
        for number, (place, _) in enumerate(waiting):
            refusal = receipt.refusal(number)
            if refusal:
                results[place] |= {"status": LIMITED, "errors": [{"field": "body", "message": str(refusal)}]}
    if failures and len(failures) == len(ready):
        raise failures[0]


class _Unreadable:
    """A line that is not JSON."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


def _items(body: bytes) -> list[Any]:
    """Return the batch's items, unchecked. Raises Refused when it is not a batch at all."""
    if request.mimetype not in TYPES:
        raise Refused(415, "not-json", "The body is not JSON", f"send it as one of {', '.join(TYPES)}", "body")
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
