"""`GET /v1/blocklist`: what is blocked, a page at a time."""

import json
from hashlib import blake2b

from flask import Blueprint, Response, request

from quorum.events.event import timestamp
from quorum.schemas.images import BlocklistSchema
from report_api.resources.url_rules import rules_header
from report_api.web.bodies import JSON
from report_api.web.describing import answer, documented, in_header, in_query, sent_header
from report_api.web.paging import LIMIT, page_limit
from report_api.web.services import services

blueprint = Blueprint("blocklist", __name__)


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
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization", **rules_header()}
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


def _tag(version: str, token: str | None, limit: int) -> str:
    return f'W/"{blake2b(f"{version} {token} {limit}".encode(), digest_size=12).hexdigest()}"'
