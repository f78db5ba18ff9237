"""`POST /v1/images/visibility`: which pictures of a page a reader's browser hides, and what became of their reports."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from quorum.languages import REDRESS
from quorum.network.forwarding import client_of
from quorum.policy import Policy
from quorum.reporters.fingerprints import Reporter
from quorum.schemas.visibility import MAX_PICTURES, LookedUpSchema, LookUpSchema
from quorum.tally.visibility import Outcome, Seen
from report_api.access.callers import NOTHING_CLAIMED, Shown
from report_api.web.bodies import json_list_body
from report_api.web.describing import answer, documented
from report_api.web.language import choose_language
from report_api.web.services import Services, services

FRESH_SECONDS = 60
DECIDED = frozenset({Outcome.BLOCKED, Outcome.KEPT})

blueprint = Blueprint("visibility", __name__)


@blueprint.post("/v1/images/visibility")
@documented(
    "Which pictures of a page to hide",
    f"For a reader's browser: up to {MAX_PICTURES} pictures, each `visible`, `held` or `blocked` without any count, "
    "and what became of the reader's own reports. With an API key nobody's reports are known.",
    takes=LookUpSchema,
    answers={200: answer("In the order asked; for this reader alone.", LookedUpSchema)},
    problems=(429,),
)
def look_up() -> Response:
    """Tell a reader's browser which pictures of its page to hide."""
    parts, environ = services(), request.environ
    policy = parts.policy
    shown = parts.access.shown(environ.get("HTTP_AUTHORIZATION"), lambda: client_of(parts.forwarding, environ), policy)
    reader = _counted(parts, shown, policy)
    asked = LookUpSchema(policy).load(json_list_body())
    seen = parts.visibilities.of(asked["image_ids"], reader, frozenset(asked.get("receipts", ())), policy)
    response = jsonify(images=[_body(one) for one in seen])
    if any(one.outcome in DECIDED for one in seen):
        language = choose_language(environ.get("HTTP_ACCEPT_LANGUAGE"))
        redress = " ".join(filter(None, (REDRESS[language], policy.legal.complaint_url)))
        response = jsonify(images=[_body(one) for one in seen], redress=redress)
        response.headers["Content-Language"] = language
    response.headers["Cache-Control"] = f"private, max-age={FRESH_SECONDS}"
    response.headers.add("Vary", "Authorization")
    response.headers.add("Vary", "Accept-Language")
    return response


def _counted(parts: Services, shown: Shown, policy: Policy) -> Reporter | None:
    """Return the reader who asks, None for a backend, within their limit. Raises RateLimited, StoreUnavailable."""
    if shown.key:
        parts.looks.count_key(shown.key.id, policy.limits.key)
        return None
    reader = parts.access.caller(shown, NOTHING_CLAIMED, policy).reporter
    parts.looks.count_reader(reader, policy.limits.looks)
    return reader


def _body(seen: Seen) -> dict[str, Any]:
    return {
        "image_id": seen.image_id,
        "visibility": seen.visibility,
        "own_report": seen.outcome,
        "receipt": seen.receipt,
    }
