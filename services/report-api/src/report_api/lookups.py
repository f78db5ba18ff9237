"""What became of an image, and what happened since: `GET /v1/images/{id}`, `GET /v1/events`."""

import json
from typing import Any

from flask import Blueprint, Response, request

from quorum.events import BATCH_TYPE, timestamp
from quorum.redis_store.statuses import ImageStatus
from report_api.problems import Refused
from report_api.services import services

DEFAULT_EVENTS = 100
MAX_EVENTS = 1000

blueprint = Blueprint("lookups", __name__)


@blueprint.before_request
def check_access() -> None:
    """Refuse callers who may not read."""
    services().access.check_read(request.headers.get("Authorization"))


@blueprint.get("/v1/images/<image_id:image_id>")
def get_image(image_id: str) -> dict[str, Any]:
    """Return the state of an image; one that nobody reported is open."""
    parts = services()
    [status] = parts.statuses.of([parts.image(image_id)], parts.policy)
    return status_body(status)


@blueprint.get("/v1/events")
def get_events() -> Response:
    """Return the events after a cursor, oldest first."""
    events, cursor = services().feed.after(request.args.get("after"), page_limit())
    return Response(
        json.dumps([event.as_cloudevent() for event in events], ensure_ascii=False),
        headers={
            "Quorum-Cursor": cursor,
            "Link": f'</v1/events?after={cursor}>; rel="next"',
            "Cache-Control": "no-store",
        },
        content_type=BATCH_TYPE,
    )


def page_limit() -> int:
    """Return how many the caller wants at most. Raises Refused."""
    raw = request.args.get("limit", str(DEFAULT_EVENTS))
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= MAX_EVENTS:
        detail = f"must be a whole number from 1 to {MAX_EVENTS}"
        raise Refused(400, "invalid-limit", "The limit is not valid", detail, "limit")
    return int(raw)


def status_body(status: ImageStatus) -> dict[str, Any]:
    """Return what is known of an image as it goes over the wire."""
    return {
        "image_id": status.image_id,
        "state": status.state.public_name,
        "protected": status.protected,
        "epoch": status.epoch,
        "score": status.score,
        "reporters": status.reporters,
        "reasons": status.reasons,
        "first_reported_at": _time(status.first_reported_ms),
        "last_reported_at": _time(status.last_reported_ms),
        "blocked_at": _time(status.blocked_ms),
    }


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else timestamp(milliseconds)
