"""`GET /v1/history/{id}`: what happened to an image. `GET /v1/audit`: every decision that moderators made."""

import json
from typing import Any

from flask import Blueprint, Response, jsonify, request

from quorum.events.event import timestamp
from quorum.moderation.stories import DECISION, Told
from quorum.moderation.trail import Said
from quorum.schemas.moderation import AuditSchema, HistorySchema
from report_api.web.bodies import JSON, NDJSON
from report_api.web.describing import answer, documented, in_query, sent_header
from report_api.web.paging import LIMIT, page_limit
from report_api.web.querying import refuse_unknown, refuse_unknown_beside
from report_api.web.services import services

ALWAYS_KEPT = ("image_id", "decision", "moderator", "note")
KEPT_SINCE = ("state", "after", "epoch", "images", "credited", "blamed", "policy")  # by later releases

blueprint = Blueprint("history", __name__)


@blueprint.get("/v1/history/<image_id:image_id>")
@documented(
    "What happened to an image",
    "Its events and what was decided about it or about the picture that it shows, the last fifty. What an event said "
    "is kept as long as events are, what was decided as long as the audit trail.",
    answers={200: answer("Oldest first; empty when nothing happened.", HistorySchema)},
    problems=(400,),
)
def get_history(image_id: str) -> dict[str, Any]:
    """Return what happened to an image, oldest first."""
    refuse_unknown_beside(get_history, image_id)
    parts = services()
    image = parts.image_in_path(image_id)
    return {"image_id": image.id, "history": [told_body(told) for told in parts.stories.of(image)]}


@blueprint.get("/v1/audit")
@documented(
    "Every decision of moderators",
    "As JSON, or with `Accept: application/x-ndjson` one decision a line.",
    parameters=(
        in_query(
            "after", {"type": "string"}, "The cursor of the page before; without it the trail begins with the oldest."
        ),
        LIMIT,
    ),
    answers={
        200: {
            **answer(
                "Decisions, oldest first; empty when there is nothing new, and then the cursor stays the same.",
                AuditSchema,
                headers={
                    "Quorum-Cursor": sent_header({"type": "string"}, "Where to go on from."),
                    "Link": sent_header({"type": "string"}, "The next page."),
                },
            ),
            "content": {JSON: {"schema": AuditSchema}, NDJSON: {"schema": {"type": "string"}}},
        }
    },
    problems=(400,),
)
def get_audit() -> Response:
    """Return decisions of moderators, oldest first."""
    refuse_unknown(get_audit)
    said, cursor = services().trail.after(request.args.get("after"), page_limit())
    decisions = [body for one in said if (body := said_body(one))]
    if request.accept_mimetypes.best_match([JSON, NDJSON]) == NDJSON:
        lines = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in decisions)
        response = Response(lines, content_type=NDJSON)
    else:
        response = jsonify({"decisions": decisions, "cursor": cursor})
    response.headers["Quorum-Cursor"] = cursor
    response.headers["Link"] = f'<{request.root_path}/v1/audit?after={cursor}>; rel="next"'
    response.headers["Vary"] = "Accept"
    return response


def told_body(told: Told) -> dict[str, Any]:
    """Return what happened to an image as it goes over the wire."""
    said = told.said
    decided = told.what == DECISION
    return {
        "at": timestamp(told.at_ms),
        "what": told.what,
        "by": told.by,
        "name": told.name,
        "why": told.why,
        "policy": told.policy,
        "decision": said.get("decision") if decided else None,
        "unfounded": said.get("unfounded") if decided else None,
        "state": said.get("after") if decided else None,
        **{name: said.get(name) for name in ("epoch", "score", "reporters", "reasons")},
    }


def said_body(one: Said) -> dict[str, Any] | None:
    """Return a decision as it goes over the wire; None for what is not one."""
    said = one.said
    try:
        return {
            "id": one.id,
            "at": timestamp(said["at_ms"]),
            **{name: said[name] for name in ALWAYS_KEPT},
            "unfounded": said.get("unfounded", True),
            **{name: said.get(name) for name in KEPT_SINCE},
        }
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
