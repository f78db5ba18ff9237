"""`GET /v1/events`: what happened since."""

import json
import time
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from quorum.errors import InvalidImageId
from quorum.events.event import BATCH_TYPE, EVENT_TYPES
from quorum.events.feed import NOW, Wanted
from quorum.schemas.events import CloudEventSchema
from report_api.resources.url_rules import rules_header
from report_api.web.describing import answer, documented, in_query, sent_header
from report_api.web.paging import LIMIT, page_limit
from report_api.web.problems import Refused
from report_api.web.querying import refuse_unknown
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
            f"The cursor of the last event seen; `{NOW}` for only what comes. Without it the feed begins with the "
            "oldest kept.",
        ),
        in_query(
            "type",
            {"type": "array", "items": {"type": "string", "enum": list(EVENT_TYPES)}},
            "Only events of this type; it may be given several times. An answer may hold fewer events than there are, "
            "even none: at the end `Quorum-Cursor` stays the same.",
        ),
        in_query(
            "subject", {"type": "string"}, "Only events of this image, in any spelling of its id, or of `shields`."
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
    refuse_unknown(get_events)
    parts, limit, seconds, wanted = services(), page_limit(), _wait(), _wanted()
    cursor = request.args.get("after")
    if cursor == NOW:
        cursor = parts.feed.end()
    with parts.waiting.turn(seconds) as deadline:
        while True:
            generation = parts.watch.generation() if deadline else 0
            events, after = parts.feed.wanted_after(cursor, limit, wanted)
            left = deadline - time.monotonic()
            if events or left <= 0:
                break
            if after == cursor:
                parts.watch.wait(generation, left)
            cursor = after
    return Response(
        json.dumps([event.as_cloudevent() for event in events], ensure_ascii=False),
        headers={
            "Quorum-Cursor": after,
            "Link": f'<{request.root_path}/v1/events?{_next(after)}>; rel="next"',
            "Cache-Control": "no-store",
            **rules_header(),
        },
        content_type=BATCH_TYPE,
    )


def _next(after: str) -> str:
    """Return the query of the next page: the same events, further on."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name in {"type", "subject"}]
    return urlencode([("after", after), *kept])


def _wanted() -> Wanted:
    """Return which events the caller wants. Raises Refused."""
    types = frozenset(request.args.getlist("type"))
    if not types <= set(EVENT_TYPES):
        raise Refused(400, "invalid-type", "There is no such type", f"must be one of {', '.join(EVENT_TYPES)}", "type")
    subject = request.args.get("subject")
    try:
        return Wanted(types, None if subject is None else services().image(subject).id)
    except InvalidImageId as error:
        raise Refused(400, "invalid-subject", "The subject is not valid", str(error), "subject") from error


def _wait() -> int:
    """Return for how many seconds the caller would wait. Raises Refused."""
    raw = request.args.get("wait", "0")
    if not raw.isascii() or not raw.isdigit() or int(raw) > MAX_WAIT_SECONDS:
        detail = f"must be a whole number of seconds from 0 to {MAX_WAIT_SECONDS}"
        raise Refused(400, "invalid-wait", "The wait is not valid", detail, "wait")
    return int(raw)
