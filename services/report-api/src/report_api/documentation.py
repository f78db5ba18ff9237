"""The OpenAPI 3.1 document, made from the wire schemas."""

import json
from functools import lru_cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, request

from quorum import __version__
from quorum.events.event import BATCH_TYPE
from quorum.images.image import MAX_SENT_BYTES
from quorum.images.urls.rules import RULES_HEADER
from quorum.languages import THANK_YOU
from quorum.policy import Policy
from quorum.wire import (
    AcceptedSchema,
    BatchResultSchema,
    BlocklistSchema,
    CloudEventSchema,
    DecisionSchema,
    DeliveriesSchema,
    EventDataSchema,
    ImageIdsSchema,
    ImageStateSchema,
    ImageStatusesSchema,
    ImageStatusSchema,
    ProblemSchema,
    QueueSchema,
    ReasonsSchema,
    ReplaySchema,
    ReporterIdsSchema,
    ReporterStandingsSchema,
    ReportSchema,
    SecretSchema,
    ShieldsDataSchema,
    SubscriptionSchema,
    SubscriptionsSchema,
    UrlRulesSchema,
    ViewsSchema,
    WebhookSchema,
)
from report_api.batch import MAX_REPORTS
from report_api.idempotency import MAX_KEY_CHARACTERS
from report_api.lookups import DEFAULT_EVENTS, MAX_EVENTS
from report_api.services import services
from report_api.waiting import MAX_WAIT_SECONDS

DOCUMENT_URL = "/openapi.json"
PAGE_URL = "/docs"
_SWAGGER = {"dom_id": "#swagger-ui", "layout": "StandaloneLayout", "deepLinking": True, "oauth2RedirectUrl": ""}

_PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "Who is calling is not known.",
    "403": "The API key may not do this.",
    "410": "The cursor is older than the events that are kept.",
    "404": "There is no such webhook.",
    "409": "It does not fit what is there; the detail says why.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The report is not valid; `errors` names each field.",
    "429": "Too many reports in this minute; nothing was stored. Go on after the time in Retry-After.",
    "503": "Redis cannot take or answer it just now; nothing was stored. Retry after the time in Retry-After.",
}


_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}


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
    spec.components.schema("Report", schema=ReportSchema(policy))
    spec.components.schema("Accepted", schema=AcceptedSchema)
    spec.components.schema("BatchResult", schema=BatchResultSchema)
    spec.components.schema("ImageStatus", schema=ImageStatusSchema)
    spec.components.schema("Event", schema=CloudEventSchema)
    spec.components.schema("EventData", schema=EventDataSchema)
    spec.components.schema("ShieldsData", schema=ShieldsDataSchema)
    spec.components.schema("Decision", schema=DecisionSchema)
    spec.components.schema("ImageState", schema=ImageStateSchema)
    spec.components.schema("ImageIds", schema=ImageIdsSchema(policy))
    spec.components.schema("ImageStatuses", schema=ImageStatusesSchema)
    for name, schema in (("Blocklist", BlocklistSchema), ("UrlRules", UrlRulesSchema)):
        spec.components.schema(name, schema=schema)
    spec.components.schema("Queue", schema=QueueSchema)
    spec.components.schema("Views", schema=ViewsSchema)
    spec.components.schema("ReporterIds", schema=ReporterIdsSchema(policy))
    spec.components.schema("ReporterStandings", schema=ReporterStandingsSchema)
    spec.components.schema("Reasons", schema=ReasonsSchema)
    spec.components.schema("Webhook", schema=WebhookSchema)
    spec.components.schema("Subscription", schema=SubscriptionSchema)
    spec.components.schema("Subscriptions", schema=SubscriptionsSchema)
    spec.components.schema("Secret", schema=SecretSchema)
    spec.components.schema("Replay", schema=ReplaySchema)
    spec.components.schema("Deliveries", schema=DeliveriesSchema)
    spec.components.schema("Problem", schema=ProblemSchema)
    spec.path("/v1/reports", operations={"post": _create_report()})
    spec.path("/v1/reports/batch", operations={"post": _create_reports()})
    spec.path("/v1/reasons", operations={"get": _get_reasons()})
    spec.path("/v1/reporters/status", operations={"post": _reporters_status()})
    spec.path("/v1/images/{image_id}", operations={"get": _get_image()})
    spec.path("/v1/images/{image_id}/decisions", operations={"post": _decide()})
    spec.path("/v1/images/views", operations={"post": _tell_views()})
    spec.path("/v1/queue", operations={"get": _get_queue()})
    spec.path("/v1/images/status", operations={"post": _get_statuses()})
    spec.path("/v1/gate/{image_id}", operations={"get": _gate()})
    for path, operation in (("/v1/blocklist", _get_blocklist()), ("/v1/url-rules", _get_url_rules())):
        spec.path(path, operations={"get": operation})
    spec.path("/v1/webhooks", operations={"post": _create_webhook(), "get": _webhook("List webhooks", "Subscriptions")})
    one = "/v1/webhooks/{webhook_id}"
    spec.path(one, operations={"get": _webhook("A webhook", "Subscription", one=True), "delete": _delete_webhook()})
    spec.path(f"{one}/secret", operations={"post": _webhook("Rotate its secret", "Secret", one=True)})
    spec.path(f"{one}/enable", operations={"post": _webhook("Deliver again", "Subscription", one=True)})
    spec.path(f"{one}/test", operations={"post": _webhook("Send a test event", None, one=True)})
    spec.path(f"{one}/replay", operations={"post": _replay_webhook()})
    spec.path(f"{one}/deliveries", operations={"get": _deliveries()})
    spec.path("/v1/events", operations={"get": _get_events()})
    for path, summary in (("/livez", "Is the process alive?"), ("/readyz", "Can it take reports?")):
        spec.path(path, operations={"get": _probe(summary)})
    document: dict[str, Any] = spec.to_dict()
    return document


@lru_cache(maxsize=4)
def _document(policy: Policy) -> str:
    return json.dumps(openapi(policy), ensure_ascii=False)


def register(app: Flask) -> None:
    """Serve the document."""

    @app.get(DOCUMENT_URL)
    def openapi_document() -> Response:
        headers = {"Vary": "X-Forwarded-Prefix"}
        document = _served_at(request.root_path, _document(services().policy))
        return Response(document, headers=headers, content_type="application/json")


def _served_at(root: str, document: str) -> str:
    """Add where the API is, when that is below a path."""
    return json.dumps({"servers": [{"url": root}]})[:-1] + ", " + document[1:] if root else document


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _problems(*statuses: str) -> dict[str, Any]:
    answers: dict[str, Any] = {
        status: {"description": _PROBLEMS[status], "content": {"application/problem+json": {"schema": _ref("Problem")}}}
        for status in statuses
    }
    if "503" in answers:
        answers["503"]["headers"] = _RETRY_AFTER
    if "429" in answers:
        answers["429"]["headers"] = _RETRY_AFTER
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
            },
            _idempotency_key(),
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Report")}}},
        "responses": {
            "202": {
                "description": "Accepted.",
                "headers": {
                    "Content-Language": {"schema": {"type": "string", "enum": list(THANK_YOU)}},
                    "RateLimit": {
                        "description": "What the tightest limit still allows (r), and seconds until it is whole (t).",
                        "schema": {"type": "string"},
                    },
                },
                "content": {"application/json": {"schema": _ref("Accepted")}},
            },
            **_problems("400", "401", "403", "413", "415", "422", "429", "503"),
        },
    }


def _create_reports() -> dict[str, Any]:
    batch = {"type": "array", "items": _ref("Report"), "minItems": 1, "maxItems": MAX_REPORTS}
    return {
        "operationId": "createReports",
        "summary": "Report many images at once",
        "description": "For backends: a JSON array, or a report on each line. A bad report hinders no other.",
        "parameters": [_idempotency_key()],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": batch}, "application/x-ndjson": {"schema": {"type": "string"}}},
        },
        "responses": {
            "200": {
                "description": "A result for each report, in order: 202, 422 with `errors`, 429 (too many in this "
                "minute), or 503 (send it again).",
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
                "schema": {"type": "string", "minLength": 1, "maxLength": MAX_SENT_BYTES},
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
            {
                "name": "wait",
                "in": "query",
                "schema": {"type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS, "default": 0},
                "description": "Seconds to wait for the first event. When many wait already, the answer comes at once.",
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


def _idempotency_key() -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[ -~]+$"},
        "description": "Optional, for retries: the same key with another body is refused.",
    }


def _image_id() -> dict[str, Any]:
    return {
        "name": "image_id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_SENT_BYTES},
        "description": "The site's own id of the image; characters that a path cannot hold percent-encoded.",
    }


def _body(name: str) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": _ref(name)}}}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _get_reasons() -> dict[str, Any]:
    return {
        "operationId": "getReasons",
        "summary": "What a report may say",
        "security": [],
        "parameters": [{"name": "Accept-Language", "in": "header", "schema": {"type": "string"}}],
        "responses": {"200": _answer("The reasons of the policy, with labels in a language.", _ref("Reasons"))},
    }


def _decide() -> dict[str, Any]:
    return {
        "operationId": "decide",
        "summary": "Uphold, block or clear an image",
        "description": "Needs the scope `moderate`. Deciding what is so already changes nothing.",
        "parameters": [_image_id()],
        "requestBody": _body("Decision"),
        "responses": {
            "200": _answer("Decided.", _ref("ImageState")),
            **_problems("400", "401", "403", "409", "413", "415", "422", "503"),
        },
    }


def _get_queue() -> dict[str, Any]:
    return {
        "operationId": "getQueue",
        "summary": "What waits for a moderator",
        "description": "Needs the scope `moderate`.",
        "parameters": [
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_EVENTS, "default": DEFAULT_EVENTS},
            }
        ],
        "responses": {
            "200": _answer("Held images, those that wait longest first.", _ref("Queue")),
            **_problems("400", "401", "403", "503"),
        },
    }


def _tell_views() -> dict[str, Any]:
    return {
        "operationId": "tellViews",
        "summary": "Say how often images were seen",
        "description": "Views so far, in place of what was told before; for a policy with `views.least_ratio`.",
        "requestBody": _body("Views"),
        "responses": {
            "200": _answer(
                "Kept.", {"type": "object", "properties": {"images": {"type": "integer"}}, "required": ["images"]}
            ),
            **_problems("400", "401", "403", "413", "415", "422", "503"),
        },
    }


def _reporters_status() -> dict[str, Any]:
    return {
        "operationId": "reportersStatus",
        "summary": "What a site should tell its reporters",
        "description": "Whether reporters were warned or muted because of unfounded reports.",
        "requestBody": _body("ReporterIds"),
        "responses": {
            "200": _answer("In the order asked.", _ref("ReporterStandings")),
            **_problems("400", "401", "403", "413", "415", "422", "503"),
        },
    }


def _get_statuses() -> dict[str, Any]:
    return {
        "operationId": "getStatuses",
        "summary": "What became of many images",
        "security": [{"bearer": []}, {}],
        "requestBody": _body("ImageIds"),
        "responses": {
            "200": _answer("In the order asked.", _ref("ImageStatuses")),
            **_problems("400", "401", "403", "413", "415", "422", "503"),
        },
    }


def _get_blocklist() -> dict[str, Any]:
    return {
        "operationId": "getBlocklist",
        "summary": "What is blocked",
        "description": "Read all pages, then go on with the events after `cursor`: nothing is missed in between.",
        "security": [{"bearer": []}, {}],
        "parameters": [
            {"name": "page", "in": "query", "schema": {"type": "string"}, "description": "`next` of the page before."},
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_EVENTS, "default": DEFAULT_EVENTS},
            },
            {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}},
        ],
        "responses": {
            "200": {
                **_answer("A page.", _ref("Blocklist")),
                "headers": {"ETag": {"description": "Of this page.", "schema": {"type": "string"}}},
            },
            "304": {"description": "Nothing has changed since the ETag given in If-None-Match."},
            **_problems("400", "401", "403", "503"),
        },
    }


def _get_url_rules() -> dict[str, Any]:
    return {
        "operationId": "getUrlRules",
        "summary": "Which spellings of a URL are one image",
        "description": "For clients that look images up in a copy of the blocklist. Answers of `/v1/blocklist` and "
        f"`/v1/events` name the version that holds in `{RULES_HEADER}`.",
        "security": [{"bearer": []}, {}],
        "parameters": [{"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}],
        "responses": {
            "200": {
                **_answer("The rules of the policy.", _ref("UrlRules")),
                "headers": {"ETag": {"description": "The version of the rules.", "schema": {"type": "string"}}},
            },
            "304": {"description": "They are those of the ETag given in If-None-Match."},
            **_problems("401", "403"),
        },
    }


def _webhook_id() -> dict[str, Any]:
    return {"name": "webhook_id", "in": "path", "required": True, "schema": {"type": "string"}}


def _webhook(summary: str, schema: str | None, *, one: bool = False) -> dict[str, Any]:
    """Return an operation on subscriptions that takes no body."""
    answer = _ref(schema) if schema else {"type": "object", "properties": {"event_id": {"type": "string"}}}
    problems = _problems("401", "403", "404", "409", "503") if one else _problems("401", "403", "503")
    operation: dict[str, Any] = {
        "summary": summary,
        "description": "Needs the scope `admin`.",
        "responses": {"200": _answer("Done.", answer), **problems},
    }
    return {**operation, "parameters": [_webhook_id()]} if one else operation


def _create_webhook() -> dict[str, Any]:
    return {
        "operationId": "createWebhook",
        "summary": "Subscribe an endpoint",
        "description": (
            "Needs the scope `admin`. Deliveries are signed as Standard Webhooks say. An endpoint that gets some of "
            "these types already is refused (409), and `first` is the id of the webhook that sends them."
        ),
        "requestBody": _body("Webhook"),
        "responses": {
            "201": _answer("Subscribed; the secret is shown here only.", _ref("Subscription")),
            **_problems("400", "401", "403", "409", "413", "415", "422", "503"),
        },
    }


def _delete_webhook() -> dict[str, Any]:
    return {
        "operationId": "deleteWebhook",
        "summary": "Forget a webhook",
        "parameters": [_webhook_id()],
        "responses": {"204": {"description": "Forgotten."}, **_problems("401", "403", "404", "503")},
    }


def _replay_webhook() -> dict[str, Any]:
    return {
        "operationId": "replayWebhook",
        "summary": "Send the events of a time range again",
        "parameters": [_webhook_id()],
        "requestBody": _body("Replay"),
        "responses": {
            "200": _answer("Queued.", {"type": "object", "properties": {"events": {"type": "integer"}}}),
            **_problems("400", "401", "403", "404", "409", "413", "415", "422", "503"),
        },
    }


def _deliveries() -> dict[str, Any]:
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_EVENTS, "default": DEFAULT_EVENTS}
    return {
        "operationId": "getDeliveries",
        "summary": "How its deliveries fare",
        "parameters": [_webhook_id(), {"name": "limit", "in": "query", "schema": limit}],
        "responses": {
            "200": _answer("The last attempts, newest first.", _ref("Deliveries")),
            **_problems("400", "401", "403", "404", "409", "503"),
        },
    }


def _gate() -> dict[str, Any]:
    problems = _problems("400", "401", "503")
    return {
        "operationId": "gate",
        "summary": "May an image be shown?",
        "description": "For web servers (nginx' auth_request): the status is the whole answer.",
        "security": [{"bearer": []}, {}],
        "parameters": [_image_id()],
        "responses": {
            "204": {"description": "Yes."},
            "403": {"description": "No, it is blocked; or, as a problem document: the API key may not ask."},
            **problems,
        },
    }
