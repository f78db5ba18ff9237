"""The OpenAPI 3.1 document, made from the wire schemas, and the page that shows it."""

from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response
from flask_swagger_ui import get_swaggerui_blueprint

from quorum import __version__
from quorum.events import BATCH_TYPE
from quorum.images import MAX_ID_CHARACTERS
from quorum.messages import THANK_YOU
from quorum.policy import Policy
from quorum.wire import (
    AcceptedSchema,
    BatchResultSchema,
    CloudEventSchema,
    ImageStatusSchema,
    ProblemSchema,
    ReportSchema,
)
from report_api.batch import MAX_REPORTS
from report_api.lookups import DEFAULT_EVENTS, MAX_EVENTS

DOCUMENT_URL = "/openapi.json"
PAGE_URL = "/docs"

_PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "Who is calling is not known.",
    "403": "The API key may not do this.",
    "410": "The cursor is older than the events that are kept.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The report is not valid; `errors` names each field.",
    "503": "Redis cannot take or answer it just now; nothing was stored. Retry after the time in Retry-After.",
}


def openapi(policy: Policy) -> dict[str, Any]:
    """Return the OpenAPI document of the API under `policy`."""
    spec = APISpec(
        title="quorum",
        version=__version__,
        openapi_version="3.1.0",
        info={
            "description": "Blocks an image once enough different people have reported it.",
            "license": {"name": "Apache-2.0"},
        },
        plugins=[MarshmallowPlugin()],
        security=[{"bearer": []}],
    )
    spec.components.security_scheme(
        "bearer",
        {"type": "http", "scheme": "bearer", "description": "The API key of a site's backend, or a reader's token."},
    )
    spec.components.schema("Report", schema=ReportSchema(policy.reason_names))
    spec.components.schema("Accepted", schema=AcceptedSchema)
    spec.components.schema("BatchResult", schema=BatchResultSchema)
    spec.components.schema("ImageStatus", schema=ImageStatusSchema)
    spec.components.schema("Event", schema=CloudEventSchema)
    spec.components.schema("Problem", schema=ProblemSchema)
    spec.path("/v1/reports", operations={"post": _create_report()})
    spec.path("/v1/reports/batch", operations={"post": _create_reports()})
    spec.path("/v1/images/{image_id}", operations={"get": _get_image()})
    spec.path("/v1/events", operations={"get": _get_events()})
    for path, summary in (("/livez", "Is the process alive?"), ("/readyz", "Can it take reports?")):
        spec.path(path, operations={"get": _probe(summary)})
    document: dict[str, Any] = spec.to_dict()
    return document


def register(app: Flask, policy: Policy) -> None:
    """Serve the document and its page; the page's assets come from this server."""
    document = app.json.dumps(openapi(policy))

    @app.get(DOCUMENT_URL)
    def openapi_document() -> Response:
        return Response(document, content_type="application/json")

    page = get_swaggerui_blueprint(PAGE_URL, DOCUMENT_URL, config={"app_name": "quorum API", "deepLinking": True})
    app.register_blueprint(page, url_prefix=PAGE_URL)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _problems(*statuses: str) -> dict[str, Any]:
    answers: dict[str, Any] = {
        status: {"description": _PROBLEMS[status], "content": {"application/problem+json": {"schema": _ref("Problem")}}}
        for status in statuses
    }
    if "503" in answers:
        answers["503"]["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return answers


def _create_report() -> dict[str, Any]:
    return {
        "operationId": "createReport",
        "summary": "Report an image",
        "description": "202 means that the report is stored and will be tallied. Sending it again changes nothing.",
        "security": [{"bearer": []}, {}],
        "parameters": [
            {
                "name": "Accept-Language",
                "in": "header",
                "schema": {"type": "string"},
                "description": f"Language of the message: {', '.join(THANK_YOU)}.",
            }
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Report")}}},
        "responses": {
            "202": {
                "description": "Accepted.",
                "headers": {"Content-Language": {"schema": {"type": "string", "enum": list(THANK_YOU)}}},
                "content": {"application/json": {"schema": _ref("Accepted")}},
            },
            **_problems("400", "401", "403", "413", "415", "422", "503"),
        },
    }


def _create_reports() -> dict[str, Any]:
    batch = {"type": "array", "items": _ref("Report"), "minItems": 1, "maxItems": MAX_REPORTS}
    return {
        "operationId": "createReports",
        "summary": "Report many images at once",
        "description": "For backends: a JSON array, or a report on each line. A bad report hinders no other.",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": batch}, "application/x-ndjson": {"schema": {"type": "string"}}},
        },
        "responses": {
            "200": {
                "description": "A result for each report, in order: 202, 422 with `errors`, or 503 (send it again).",
                "content": {"application/json": {"schema": _ref("BatchResult")}},
            },
            **_problems("400", "401", "403", "413", "415", "422", "503"),
        },
    }


def _get_image() -> dict[str, Any]:
    return {
        "operationId": "getImage",
        "summary": "What became of an image",
        "security": [{"bearer": []}, {}],
        "parameters": [
            {
                "name": "image_id",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": MAX_ID_CHARACTERS},
            }
        ],
        "responses": {
            "200": {
                "description": "Its state; an image that nobody reported is open.",
                "content": {"application/json": {"schema": _ref("ImageStatus")}},
            },
            **_problems("400", "401", "403", "503"),
        },
    }


def _get_events() -> dict[str, Any]:
    return {
        "operationId": "getEvents",
        "summary": "What happened since",
        "security": [{"bearer": []}, {}],
        "parameters": [
            {
                "name": "after",
                "in": "query",
                "schema": {"type": "string"},
                "description": "The cursor of the last event seen; without it the feed begins with the oldest kept.",
            },
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_EVENTS, "default": DEFAULT_EVENTS},
            },
        ],
        "responses": {
            "200": {
                "description": "CloudEvents, oldest first; empty when there is nothing new.",
                "headers": {
                    "Quorum-Cursor": {"description": "Where to go on from.", "schema": {"type": "string"}},
                    "Link": {"description": "The next page.", "schema": {"type": "string"}},
                },
                "content": {BATCH_TYPE: {"schema": {"type": "array", "items": _ref("Event")}}},
            },
            **_problems("400", "401", "403", "410", "503"),
        },
    }


def _probe(summary: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "security": [],
        "responses": {
            "200": {"description": "Yes.", "content": {"application/json": {"schema": {"type": "object"}}}},
            **_problems("503"),
        },
    }
