"""The AsyncAPI 3 document of the events, made from the same schemas as everything else; served at `/asyncapi.json`.

Versioning: a type's name ends in its version. Fields may be added to a version; nothing is removed or changes its
meaning. What would break a consumer is a new type beside the old one, and both are sent for a
release.
"""

import json
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response

from quorum import __version__
from quorum.events.event import (
    APPEAL_DECIDED,
    BLOCKED,
    DELETED,
    HELD,
    RELEASED,
    SHIELDS_LOWERED,
    SHIELDS_RAISED,
    UNBLOCKED,
)
from quorum.schemas.events import AppealDataSchema, CloudEventSchema, EventDataSchema, ShieldsDataSchema
from report_api.web.describing import left_out

DOCUMENT_URL = "/asyncapi.json"

_MEANINGS = {
    BLOCKED: ("imageBlocked", "An image is blocked: do not show it.", "EventData"),
    UNBLOCKED: ("imageUnblocked", "A block is over: show the image again.", "EventData"),
    HELD: (
        "imageHeld",
        "An image has crossed the threshold and waits for a moderator; it is not blocked.",
        "EventData",
    ),
    RELEASED: ("imageReleased", "An image is not held any more, and was not blocked.", "EventData"),
    DELETED: ("imageDeleted", "There is no such image any more: forget what was said of it.", "EventData"),
    SHIELDS_RAISED: ("shieldsRaised", "The bar of automatic blocks is higher from now on.", "ShieldsData"),
    SHIELDS_LOWERED: ("shieldsLowered", "The bar of automatic blocks is the usual one again.", "ShieldsData"),
    APPEAL_DECIDED: ("appealDecided", "An appeal against a block is decided, or over with the block.", "AppealData"),
}


@cache
def asyncapi() -> dict[str, Any]:
    """Return the document."""
    messages = {name: _message(kind, title, data) for kind, (name, title, data) in _MEANINGS.items()}
    references = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    channels = {
        "feed": ("/v1/events", "Read or streamed over HTTP: /v1/events, /v1/events/stream (server-sent events)."),
        "webhook": ("{url}", "Posted to subscribed endpoints, signed as Standard Webhooks 1.0 say."),
        "bus": ("quorum", "Published to a durable topic exchange; the routing key is the type."),
        "redis": ("quorum:{partition}:events", "The Redis stream itself, field `event`."),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "quorum events",
            "version": __version__,
            "description": "CloudEvents 1.0, at least once, in order for each image; one decision has one id.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {
            name: {"address": address, "description": meaning, "messages": references, **_parameters(address)}
            for name, (address, meaning) in channels.items()
        },
        "operations": {
            f"send{name.capitalize()}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{name}"},
                "messages": [{"$ref": f"#/channels/{name}/messages/{message}"} for message in messages],
            }
            for name in channels
        },
        "components": {"messages": messages, "schemas": _schemas()},
    }


def event_schema(kind: str) -> dict[str, Any]:
    """Return a JSON Schema (2020-12) of one type of event, complete in itself."""
    _, title, data = _MEANINGS[kind]
    payload = _payload(kind, data)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind,
        "description": title,
        **payload,
        "components": {"schemas": _schemas()},
    }


def register(app: Flask) -> None:
    """Serve the document."""

    @app.get(DOCUMENT_URL)
    @left_out("It is the document of the events.")
    def asyncapi_document() -> Response:
        return Response(json.dumps(asyncapi()), content_type="application/json")


def _message(kind: str, title: str, data: str) -> dict[str, Any]:
    return {
        "name": kind,
        "title": title,
        "contentType": "application/cloudevents+json",
        "payload": _payload(kind, data),
    }


def _payload(kind: str, data: str) -> dict[str, Any]:
    return {
        "allOf": [
            {"$ref": "#/components/schemas/Event"},
            {
                "type": "object",
                "properties": {"type": {"const": kind}, "data": {"$ref": f"#/components/schemas/{data}"}},
            },
        ]
    }


def _parameters(address: str) -> dict[str, Any]:
    names = [part.split("}")[0] for part in address.split("{")[1:]]
    return {"parameters": {name: {} for name in names}} if names else {}


@cache
def _schemas() -> dict[str, Any]:
    spec = APISpec(title="events", version=__version__, openapi_version="3.1.0", plugins=[MarshmallowPlugin()])
    spec.components.schema("EventData", schema=EventDataSchema)
    spec.components.schema("ShieldsData", schema=ShieldsDataSchema)
    spec.components.schema("AppealData", schema=AppealDataSchema)
    spec.components.schema("Event", schema=CloudEventSchema(exclude=("cursor",)))
    schemas: dict[str, Any] = spec.to_dict()["components"]["schemas"]
    return schemas
