"""`GET /v1/events`: what happened since."""

import json
import time

from flask import Blueprint, Response, request

from quorum.events.event import BATCH_TYPE
from quorum.schemas.events import CloudEventSchema
from report_api.resources.url_rules import rules_header
from report_api.web.describing import answer, documented, in_query, sent_header
from report_api.web.paging import LIMIT, page_limit
from report_api.web.problems import Refused
from report_api.web.services import services
from report_api.web.waiting import MAX_WAIT_SECONDS

blueprint = Blueprint("events", __name__)


@blueprint.get("/v1/events")
@documented(
    "What happened since",
    parameters=(
        in_query(
            "after",
            {"type": "string"},
            "The cursor of the last event seen; without it the feed begins with the oldest kept.",
        ),
        LIMIT,
        in_query(
            "wait",
            {"type": "integer", "minimum": 0, "maximum": MAX_WAIT_SECONDS, "default": 0},
            "Seconds to wait for the first event. When many wait already, the answer comes at once.",
        ),
    ),
    answers={
        200: answer(
            "CloudEvents, oldest first; empty when there is nothing new.",
            {"type": "array", "items": CloudEventSchema},
            media=BATCH_TYPE,
            headers={
                "Quorum-Cursor": sent_header({"type": "string"}, "Where to go on from."),
                "Link": sent_header({"type": "string"}, "The next page."),
            },
        )
    },
    problems=(400, 410),
)
def get_events() -> Response:
    """Return the events after a cursor, oldest first; with `wait`, wait a while for the first."""
    parts, limit, seconds = services(), page_limit(), _wait()
    cursor = request.args.get("after")
    with parts.waiting.turn(seconds) as deadline:
        while True:
            generation = parts.watch.generation() if deadline else 0
            events, after = parts.feed.after(cursor, limit)
            left = deadline - time.monotonic()
            if events or left <= 0:
                break
            parts.watch.wait(generation, left)
    return Response(
        json.dumps([event.as_cloudevent() for event in events], ensure_ascii=False),
        headers={
            "Quorum-Cursor": after,
            "Link": f'<{request.root_path}/v1/events?after={after}>; rel="next"',
            "Cache-Control": "no-store",
            **rules_header(),
        },
        content_type=BATCH_TYPE,
    )


def _wait() -> int:
    """Return for how many seconds the caller would wait. Raises Refused."""
    raw = request.args.get("wait", "0")
    if not raw.isascii() or not raw.isdigit() or int(raw) > MAX_WAIT_SECONDS:
        detail = f"must be a whole number of seconds from 0 to {MAX_WAIT_SECONDS}"
        raise Refused(400, "invalid-wait", "The wait is not valid", detail, "wait")
    return int(raw)
