"""`POST /v1/reports`: check the report, find out who reports, put it into the inbox, say thank you."""

import json
from typing import Any, cast

from flask import Blueprint, Response, request
from werkzeug.datastructures import Headers

from quorum.messages import THANK_YOU, choose_language
from quorum.redis_store.codec import encode_report
from quorum.wire import ReportSchema
from report_api.problems import Refused
from report_api.services import Services, services

MAX_BODY_BYTES = 16_384
_PLAIN_LENGTH_DIGITS = 4  # below MAX_BODY_BYTES whatever they are

JSON = "application/json"


class _Thanks(Response):
    """The answer to an accepted report; its headers are complete, so that sending it takes no further look at them."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:  # noqa: ARG002 - WSGI
        start_response(self.status, self.headers.to_wsgi_list())
        return cast("list[bytes]", self.response)


def _answer(language: str, message: str) -> tuple[bytes, Headers]:
    body = json.dumps({"status": "accepted", "message": message}, ensure_ascii=False).encode()
    headers = {
        "Content-Type": f"{JSON}; charset=utf-8",
        "Content-Length": str(len(body)),
        "Content-Language": language,
        "Vary": "Accept-Language",
        "Cache-Control": "no-store",
    }
    return body, Headers(headers)


_ANSWERS = {language: _answer(language, message) for language, message in THANK_YOU.items()}


def make_intake(reasons: frozenset[str]) -> Blueprint:
    """Return the intake routes for a policy's reasons."""
    blueprint = Blueprint("intake", __name__)
    schema = ReportSchema(reasons)

    @blueprint.post("/v1/reports")
    def create_report() -> Response:
        """Accept a report; 202 only once it is safely in the inbox."""
        environ = request.environ  # what lies there is not parsed again, and `request` is looked up once
        _accept(services(), schema.load(_json_object(environ)), environ)
        body, headers = _ANSWERS[choose_language(environ.get("HTTP_ACCEPT_LANGUAGE"))]
        return _Thanks([body], 202, headers.copy())

    return blueprint


def _accept(parts: Services, report: dict[str, Any], environ: dict[str, Any]) -> None:
    reporter = parts.access.reporter(
        environ.get("HTTP_AUTHORIZATION"), report.get("reporter_id"), environ.get("REMOTE_ADDR")
    )
    image = report["image_id"]
    parts.inbox.append(image.partition(parts.settings.partitions), encode_report(image, reporter, report["reason"]))


def _json_object(environ: dict[str, Any]) -> Any:
    """Return the body as JSON. Raises Refused when it is not an object in JSON."""
    if environ.get("CONTENT_TYPE") != JSON and request.mimetype != JSON:
        raise Refused(415, "not-json", "The body is not JSON", "send it with 'Content-Type: application/json'", "body")
    try:
        body = json.loads(_body(environ))
    except (ValueError, RecursionError) as error:
        raise Refused(400, "not-json", "The body is not JSON", f"cannot be read as JSON: {error}", "body") from error
    if not isinstance(body, dict):
        raise Refused(422, "invalid-report", "The report is not valid", "must be a JSON object", "body")
    return body


def _body(environ: dict[str, Any]) -> bytes:
    """Return the body. One of a plain, modest length is read as it is; any other goes through Werkzeug's checks."""
    length = environ.get("CONTENT_LENGTH", "")
    if len(length) <= _PLAIN_LENGTH_DIGITS and length.isdecimal() and "HTTP_TRANSFER_ENCODING" not in environ:
        return cast("bytes", environ["wsgi.input"].read(int(length)))
    return request.get_data()
