"""What became of images, and what happened since: status, blocklist and events."""

import json
import time
from hashlib import blake2b
from typing import Any

from flask import Blueprint, Response, request

from quorum.events.event import BATCH_TYPE, timestamp
from quorum.images.urls.rules import RULES_HEADER
from quorum.tally.statuses import ImageStatus
from quorum.wire import (
    BlocklistSchema,
    CloudEventSchema,
    ImageIdsSchema,
    ImageStatusesSchema,
    ImageStatusSchema,
    UrlRulesSchema,
)
from report_api.bodies import JSON, json_list_body
from report_api.describing import answer, documented, in_header, in_query, sent_header
from report_api.paging import LIMIT, page_limit
from report_api.problems import Refused
from report_api.services import services
from report_api.waiting import MAX_WAIT_SECONDS

blueprint = Blueprint("lookups", __name__)


@blueprint.get("/v1/images/<image_id:image_id>")
@documented(
    "What became of an image",
    answers={200: answer("Its state; an image that nobody reported is open.", ImageStatusSchema)},
    problems=(400,),
)
def get_image(image_id: str) -> dict[str, Any]:
    """Return the state of an image; one that nobody reported is open."""
    parts = services()
    [status] = parts.statuses.of([parts.image_in_path(image_id)], parts.policy)
    return status_body(status)


@blueprint.get("/v1/gate/<image_id:image_id>")
@documented(
    "May an image be shown?",
    "For web servers (nginx' auth_request): the status is the whole answer.",
    answers={
        204: answer("Yes."),
        403: answer("No, it is blocked; or, as a problem document: the API key may not ask."),
    },
    problems=(400,),
)
def gate(image_id: str) -> Response:
    """Say by the status alone whether an image may be shown: 204, or 403 when it is blocked. For web servers.

    nginx counts whole seconds: an answer that expires with the present one is never older than a second there.
    """
    parts = services()
    [status] = parts.statuses.of([parts.image_in_path(image_id)], parts.policy)
    headers = {"Cache-Control": "max-age=1", "X-Accel-Expires": f"@{int(time.time())}"}
    return Response(status=403 if status.state.is_blocked else 204, headers=headers)


@blueprint.post("/v1/images/status")
@documented(
    "What became of many images",
    takes=ImageIdsSchema,
    answers={200: answer("In the order asked.", ImageStatusesSchema)},
)
def get_statuses() -> dict[str, Any]:
    """Return the state of many images, in the order asked."""
    parts = services()
    ids = ImageIdsSchema(parts.policy).load(json_list_body())["image_ids"]
    return {"images": [status_body(status) for status in parts.statuses.of(ids, parts.policy)]}


@blueprint.get("/v1/blocklist")
@documented(
    "What is blocked",
    "Read all pages, then go on with the events after `cursor`: nothing is missed in between.",
    parameters=(
        in_query("page", {"type": "string"}, "`next` of the page before."),
        LIMIT,
        in_header("If-None-Match", {"type": "string"}),
    ),
    answers={
        200: answer("A page.", BlocklistSchema, headers={"ETag": sent_header({"type": "string"}, "Of this page.")}),
        304: answer("Nothing has changed since the ETag given in If-None-Match."),
    },
    problems=(400,),
)
def get_blocklist() -> Response:
    """Return what is blocked, a page at a time; 304 while nothing has changed."""
    parts, token, limit = services(), request.args.get("page"), page_limit()
    tag = _tag(parts.blocklist.version(), token, limit)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization", **_rules_header()}
    if request.if_none_match.contains_weak(tag.removeprefix("W/").strip('"')):
        return Response(status=304, headers=headers)
    page = parts.blocklist.page(token, limit)
    body = {
        "images": [{"image_id": image_id, "blocked_at": timestamp(at)} for image_id, at in page.images],
        "cursor": page.cursor,
        "next": page.next,
    }
    if page.next:
        headers["Link"] = f'<{request.root_path}/v1/blocklist?page={page.next}&limit={limit}>; rel="next"'
    return Response(json.dumps(body, ensure_ascii=False), headers=headers, content_type=JSON)


@blueprint.get("/v1/url-rules")
@documented(
    "Which spellings of a URL are one image",
    "For clients that look images up in a copy of the blocklist. Answers of `/v1/blocklist` and `/v1/events` name the "
    f"version that holds in `{RULES_HEADER}`.",
    parameters=(in_header("If-None-Match", {"type": "string"}),),
    answers={
        200: answer(
            "The rules of the policy.",
            UrlRulesSchema,
            headers={"ETag": sent_header({"type": "string"}, "The version of the rules.")},
        ),
        304: answer("They are those of the ETag given in If-None-Match."),
    },
    asks_redis=False,
)
def get_url_rules() -> Response:
    """Return what the policy says of URLs, for clients that look images up in a copy of the blocklist."""
    urls = services().policy.urls
    headers = {"Cache-Control": "private, no-cache", "Vary": "Authorization", **_rules_header()}
    response = Response(json.dumps(urls.document(), ensure_ascii=False), headers=headers, content_type=JSON)
    response.set_etag(headers[RULES_HEADER])
    response.make_conditional(request)
    return response


def _rules_header() -> dict[str, str]:
    """Tell which rules for URLs hold now, so that a client with a copy of the blocklist asks when they have changed."""
    return {RULES_HEADER: services().policy.url_rules_version}


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
            **_rules_header(),
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


def _tag(version: str, token: str | None, limit: int) -> str:
    return f'W/"{blake2b(f"{version} {token} {limit}".encode(), digest_size=12).hexdigest()}"'


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
