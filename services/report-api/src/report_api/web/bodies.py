"""Reads request bodies: a JSON object within the limit, or a clear refusal."""

import json
from functools import lru_cache
from typing import Any, cast

from flask import request

from quorum.policy import Policy
from quorum.schemas.reports import ReportSchema
from report_api.web.problems import Refused

MAX_BODY_BYTES = 16_384
MAX_LIST_BODY_BYTES = 1_048_576  # of calls that take up to 1,000 of something
LISTS = frozenset(
    {"/v1/reports/batch", "/v1/images/status", "/v1/images/views", "/v1/images/visibility", "/v1/decisions"}
)
JSON = "application/json"
NDJSON = "application/x-ndjson"

_USUAL = frozenset({"image_id", "reason", "reporter_id"})
_PLAIN_LENGTH_DIGITS = 4  # below MAX_BODY_BYTES whatever they are


def body_limit(path: str) -> int:
    """Return how many bytes the body of a request to `path` may have."""
    return MAX_LIST_BODY_BYTES if path in LISTS else MAX_BODY_BYTES


@lru_cache(maxsize=4)
def _schemas(policy: Policy) -> tuple[ReportSchema, ReportSchema]:
    return ReportSchema(policy), ReportSchema(policy, only=_USUAL)


def load_report(body: Any, policy: Policy) -> dict[str, Any]:
    """Return a valid report. Raises ValidationError.

    Most reports lack the rarer fields, and a schema without them is faster.
    """
    whole, usual = _schemas(policy)
    schema = usual if isinstance(body, dict) and _USUAL.issuperset(body) else whole
    return cast("dict[str, Any]", schema.load(body))


def raw_body(environ: dict[str, Any]) -> bytes:
    """Return the body. One of a plain, modest length is read as it is; any other goes through Werkzeug's checks."""
    length = environ.get("CONTENT_LENGTH", "")
    if len(length) <= _PLAIN_LENGTH_DIGITS and length.isdecimal() and "HTTP_TRANSFER_ENCODING" not in environ:
        return cast("bytes", environ["wsgi.input"].read(int(length)))
    return request.get_data()


def json_object(raw: bytes, environ: dict[str, Any]) -> dict[str, Any]:
    """Return the body as a JSON object. Raises Refused when it is none."""
    if environ.get("CONTENT_TYPE") != JSON and request.mimetype != JSON:
        raise Refused(415, "not-json", "The body is not JSON", "send it with 'Content-Type: application/json'", "body")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "not-json", "The body is not JSON", f"cannot be read as JSON: {error}", "body") from error
    if not isinstance(body, dict):
        raise Refused(422, "invalid-report", "The report is not valid", "must be a JSON object", "body")
    return body


def json_list_body() -> dict[str, Any]:
    """Return the body of a call that takes many of something. Raises Refused."""
    request.max_content_length = MAX_LIST_BODY_BYTES
    return json_object(request.get_data(), request.environ)
