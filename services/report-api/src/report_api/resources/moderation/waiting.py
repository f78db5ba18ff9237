"""`GET /v1/queue`: what moderators should look at."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from quorum.events.event import timestamp
from quorum.judgement.waiting import Cause
from quorum.moderation.claims import Claim
from quorum.moderation.waiting.entries import Entry
from quorum.moderation.waiting.stored_queue import WINDOW
from quorum.moderation.waiting.wanted import WAITING, Listed, Sort, Wanted
from quorum.moderation.waiting.weights import Share, Weights
from quorum.policy import Policy
from quorum.schemas.waiting import QueueSchema
from report_api.resources.images import status_body
from report_api.resources.moderation.appeals import present_body
from report_api.web.describing import answer, documented, in_query, sent_header
from report_api.web.paging import whole_number
from report_api.web.problems import Refused
from report_api.web.querying import chosen, moment, number, refuse_unknown
from report_api.web.services import services

DEFAULT_IMAGES = 50
MAX_IMAGES = 200  # all that there is to know of each is read, with each of its reporters
DISPLAYED_CAUSES = [cause.value for cause in Cause]

blueprint = Blueprint("waiting", __name__)


@blueprint.get("/v1/queue")
@documented(
    "What moderators should look at",
    "Without `state` what waits for a moderator. A page looks at "
    f"{WINDOW:,} images at most: it may hold fewer than `limit`, even none, before the last one. "
    "`sort=priority` puts each thousand of those that wait longest into order.",
    parameters=(
        in_query(
            "state",
            {"type": "array", "items": {"type": "string", "enum": [one.value for one in Listed]}},
            "`held` and `contested` (cleared, and reported by many since) wait for a moderator. By themselves: "
            "`open`, what is reported and may cross the bar, in no order but within a page; `blocked`, what reports "
            "blocked and no moderator has decided about; `appealed`, what has an open appeal.",
        ),
        in_query(
            "cause",
            {"type": "array", "items": {"type": "string", "enum": DISPLAYED_CAUSES}},
            "Only what waits for this; it may be given several times.",
        ),
        in_query(
            "reason",
            {"type": "array", "items": {"type": "string"}},
            "Only what somebody reports for this; it may be given several times.",
        ),
        in_query("since", {"type": "string", "format": "date-time"}, "Only what is in the list since then, or later."),
        in_query("min_score", {"type": "number", "minimum": 0}, "Only what has so many points, or more."),
        in_query("sort", {"type": "string", "enum": [one.value for one in Sort], "default": Sort.OLDEST.value}),
        in_query("page", {"type": "string"}, "`next` of the page before."),
        in_query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_IMAGES, "default": DEFAULT_IMAGES}),
    ),
    answers={
        200: answer("A page.", QueueSchema, headers={"Link": sent_header({"type": "string"}, "The next page.")}),
    },
    problems=(400,),
)
def get_queue() -> Response:
    """Return a page of what moderators should look at."""
    refuse_unknown(get_queue)
    parts = services()
    policy, wanted, limit = parts.policy, _wanted(parts.policy), whole_number("limit", DEFAULT_IMAGES, MAX_IMAGES)
    page = parts.queue.page(wanted, request.args.get("page"), limit, policy)
    waiting = parts.queue.waiting()
    response = jsonify(
        {
            "images": [entry_body(entry, policy) for entry in page.entries],
            "held": waiting.total,
            "counts": waiting.by_cause,
            "appealed": waiting.appealed,
            "next": page.next,
        }
    )
    if page.next:
        response.headers["Link"] = f'<{request.root_path}/v1/queue?{_next(page.next)}>; rel="next"'
    return response


def entry_body(entry: Entry, policy: Policy) -> dict[str, Any]:
    """Return an image of the queue as it goes over the wire."""
    facts = entry.facts
    return {
        **status_body(facts.status),
        "tag": facts.status.tag,
        "cause": facts.cause,
        "since": timestamp(facts.since_ms),
        "priority": facts.priority,
        "weights": _weights(entry.weights),
        "history": entry.history,
        "claim": claim_body(entry.claim) if entry.claim else None,
        "appeal": present_body(facts.image, entry.appeal) if entry.appeal else None,
        "picture_url": policy.pictures.url_of(facts.image.id),
    }


def claim_body(claim: Claim) -> dict[str, Any]:
    """Return who looks at an image as it goes over the wire."""
    return {"name": claim.name, "until": timestamp(claim.until_ms)}


def _weights(weights: Weights) -> Mapping[str, Any]:
    return {
        "by_class": {name: _share(one) for name, one in weights.by_class.items()},
        "groups": [_share(one) for one in weights.groups],
        "other_groups": _share(weights.other_groups),
        "no_network": _share(weights.no_network),
    }


def _share(share: Share) -> Mapping[str, Any]:
    return {"reporters": share.reporters, "points": share.points}


def _wanted(policy: Policy) -> Wanted:
    """Return what the caller asks for. Raises Refused."""
    lists = frozenset(map(Listed, chosen("state", [one.value for one in Listed]))) or WAITING
    if not lists <= WAITING and len(lists) > 1:
        detail = "must be held, contested, both of these, or one of the others by itself"
        raise Refused(400, "invalid-state", "The state is not valid", detail, "state")
    causes = frozenset(map(Cause, chosen("cause", DISPLAYED_CAUSES)))
    if causes and not lists <= WAITING:
        raise Refused(400, "invalid-cause", "The cause is not valid", "is of what waits for a moderator alone", "cause")
    sorts = chosen("sort", [one.value for one in Sort])
    return Wanted(
        lists,
        causes,
        frozenset(chosen("reason", sorted(policy.reason_names))),
        moment("since"),
        number("min_score"),
        Sort(sorts[0]) if sorts else Sort.OLDEST,
    )


def _next(page: str) -> str:
    """Return the query of the next page: the same, further on."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "page"]
    return urlencode([*kept, ("page", page)])
