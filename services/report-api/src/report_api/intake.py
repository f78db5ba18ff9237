"""`POST /v1/reports`: check the report, find out who reports, put it into the inbox, say thank you."""

import json
from typing import Any

from flask import Blueprint, Response, request

from quorum.messages import THANK_YOU, choose_language
from quorum.redis_store.codec import encode_report
from quorum.wire import ReportSchema
from report_api.problems import Refused
from report_api.services import Services, services

MAX_BODY_BYTES = 16_384

_ACCEPTED = {
    language: json.dumps({"status": "accepted", "message": message}, ensure_ascii=False).encode()
    for language, message in THANK_YOU.items()
}


def make_intake(reasons: frozenset[str]) -> Blueprint:
    """Return the intake routes for a policy's reasons."""
    blueprint = Blueprint("intake", __name__)
    schema = ReportSchema(reasons)

    @blueprint.post("/v1/reports")
    def create_report() -> Response:
        """Accept a report; 202 only once it is safely in the inbox."""
        _accept(services(), schema.load(_json_object()))
        language = choose_language(request.headers.get("Accept-Language"))
        return Response(
            _ACCEPTED[language],
            202,
            {"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "no-store"},
            content_type="application/json; charset=utf-8",
        )

    return blueprint


def _accept(parts: Services, report: dict[str, Any]) -> None:
    reporter = parts.access.reporter(
        request.headers.get("Authorization"), report.get("reporter_id"), request.remote_addr
    )
    image = report["image_id"]
    parts.inbox.append(image.partition(parts.settings.partitions), encode_report(image, reporter, report["reason"]))


def _json_object() -> Any:
    """Return the body as JSON. Raises Refused when it is not an object in JSON."""
    if request.mimetype != "application/json":
        raise Refused(415, "not-json", "The body is not JSON", "send it with 'Content-Type: application/json'", "body")
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise Refused(400, "not-json", "The body is not JSON", f"cannot be read as JSON: {error}", "body") from error
    if not isinstance(body, dict):
        raise Refused(422, "invalid-report", "The report is not valid", "must be a JSON object", "body")
    return body
