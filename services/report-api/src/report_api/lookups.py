"""What became of images, and what happened since: status, blocklist and events."""

import json
import time
from hashlib import blake2b
from typing import Any

from flask import Blueprint, Response, request

from quorum.events.event import BATCH_TYPE, timestamp
from quorum.images.urls.rules import RULES_HEADER
from quorum.tally.statuses import ImageStatus
from quorum.wire import ImageIdsSchema
from report_api.bodies import JSON, json_list_body
from report_api.problems import Refused
from report_api.services import services
from report_api.waiting import MAX_WAIT_SECONDS

DEFAULT_EVENTS = 100
MAX_EVENTS = 1000

blueprint = Blueprint("lookups", __name__)


@blueprint.get("/v1/images/<image_id:image_id>")
def get_image(image_id: str) -> dict[str, Any]:
    """Return the state of an image; one that nobody reported is open."""
    parts = services()
    [status] = parts.statuses.of([parts.image_in_path(image_id)], parts.policy)
    return status_body(status)


@blueprint.get("/v1/gate/<image_id:image_id>")
def gate(image_id: str) -> Response:
    """Say by the status alone whether an image may be shown: 204, or 403 when it is blocked. For web servers.

    nginx counts whole seconds: an answer that expires with the present one is never older than a second there.
    """
    parts = services()
    [status] = parts.statuses.of([parts.image_in_path(image_id)], parts.policy)
    headers = {"Cache-Control": "max-age=1", "X-Accel-Expires": f"@{int(time.time())}"}
    return Response(status=403 if status.state.is_blocked else 204, headers=headers)


@blueprint.post("/v1/images/status")
def get_statuses() -> dict[str, Any]:
    """Return the state of many images, in the order asked."""
    parts = services()
    ids = ImageIdsSchema(parts.policy).load(json_list_body())["image_ids"]
    return {"images": [status_body(status) for status in parts.statuses.of(ids, parts.policy)]}


@blueprint.get("/v1/blocklist")
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
