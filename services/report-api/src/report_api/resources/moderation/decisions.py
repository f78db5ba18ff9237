"""`POST /v1/images/{id}/decisions`, `POST /v1/decisions`: what a moderator decides about an image, and about many."""

import time
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request
from marshmallow import ValidationError

from quorum.errors import DecisionRefused, StateHasPassed, StoreUnavailable
from quorum.images.image import Image
from quorum.moderation.stored_decisions import Decided
from quorum.schemas.moderation import DecisionResultsSchema, DecisionSchema, DecisionsSchema, ImageStateSchema
from report_api.access.guard import key_of_caller
from report_api.web.bodies import json_list_body, json_object
from report_api.web.describing import answer, documented, in_header, sent_header
from report_api.web.problems import field_errors, valid_image
from report_api.web.querying import refuse_unknown, refuse_unknown_beside
from report_api.web.services import services

DECIDED, REFUSED, PASSED, INVALID, UNAVAILABLE = 200, 409, 412, 422, 503
MOST_SECONDS = 10.0  # for many decisions; pictures with many copies take long

Result = dict[str, Any]

blueprint = Blueprint("decisions", __name__)


@blueprint.post("/v1/images/<image_id:image_id>/decisions")
@documented(
    "Decide about an image",
    "Deciding what is so already changes nothing. With the `ETag` of the state that was "
    "looked at in `If-Match`, a decision about a state that has passed is refused.",
    parameters=(in_header("If-Match", {"type": "string"}, "The `ETag` of `GET /v1/images/{id}`, or several, or `*`."),),
    takes=DecisionSchema,
    answers={
        200: answer(
            "Decided.",
            ImageStateSchema,
            headers={"ETag": sent_header({"type": "string"}, "Of the state now.")},
        )
    },
    problems=(409, 412),
)
def decide(image_id: str) -> Response:
    """Decide about an image. The API key's name stands for the moderator."""
    refuse_unknown_beside(decide, image_id)
    parts = services()
    key = key_of_caller()
    image = parts.image_in_path(image_id)
    decision = DecisionSchema().load(json_object(request.get_data(), request.environ))
    action = decision.pop("decision")
    seen = request.if_match
    expected = None if not seen or seen.star_tag else frozenset(seen.as_set())
    decided = parts.decisions.decide(image, action, key.name, parts.policy, expected=expected, **decision)
    response = jsonify({"image_id": image.id, "state": decided.state.public_name})
    response.set_etag(decided.tag)
    return response


@blueprint.post("/v1/decisions")
@documented(
    "Decide about many images",
    "By the rules of a single decision, one after another: one that is refused hinders no other. With `dry_run` "
    "nothing is written, and each result is what would come of that decision alone. What is not reached within "
    f"{MOST_SECONDS:g} s has 503.",
    takes=DecisionsSchema,
    answers={
        200: answer(
            "A result for each, in order: 200, 409 (it does not fit the state), 412 (the state has passed; `state` and "
            "`tag` are the present ones), 422 with `errors`, or 503 (send it again).",
            DecisionResultsSchema,
        )
    },
)
def decide_many() -> dict[str, Any]:
    """Decide about many images, or say what would come of it."""
    refuse_unknown(decide_many)
    parts = services()
    body = DecisionsSchema(parts.policy).load(json_list_body())
    results = _results(body["decisions"], dry_run=body["dry_run"])
    decided = sum(result["status"] == DECIDED for result in results)
    return {
        "decided": decided,
        "refused": len(results) - decided,
        "dry_run": body["dry_run"],
        "results": [{"index": place, **result} for place, result in enumerate(results)],
    }


def _results(items: Sequence[Any], *, dry_run: bool) -> list[Result]:
    """Return what became of each. Raises StoreUnavailable when nothing could be looked at."""
    end, results, reached = time.monotonic() + MOST_SECONDS, list[Result](), False
    for item in items:
        if isinstance(item, ValidationError):
            results.append(_invalid(item))
        elif time.monotonic() > end:
            results.append(_unreached(item["image_id"], "there was no time for it; send it again"))
        else:
            try:
                results.append(_result(item, dry_run=dry_run))
                reached = True
            except StoreUnavailable:
                if not reached:
                    raise
                end = 0  # it does not come back while others wait
                results.append(_unreached(item["image_id"], "the data cannot be reached just now; send it again"))
    return results


def _result(item: dict[str, Any], *, dry_run: bool) -> Result:
    parts, moderator = services(), key_of_caller().name
    given = dict(item)
    image, action, tag = given.pop("image_id"), given.pop("decision"), given.pop("expected", None)
    expected = None if tag is None else frozenset({tag})
    try:
        decided = parts.decisions.decide(
            image, action, moderator, parts.policy, expected=expected, dry_run=dry_run, **given
        )
    except DecisionRefused as error:
        return {"status": REFUSED, "image_id": image.id, "detail": str(error)}
    except StateHasPassed as error:
        return {
            "status": PASSED,
            "image_id": image.id,
            "state": error.state,
            "tag": error.tag,
            "detail": str(error),
        }
    return {"status": DECIDED, "image_id": image.id, **_decided(decided)}


def _decided(decided: Decided) -> Result:
    return {
        "state": decided.state.public_name,
        "tag": decided.tag,
        "before": decided.before.public_name,
        "changed": decided.changed,
        "events": list(decided.events),
        "images": decided.images,
        "credited": decided.credited,
        "blamed": decided.blamed,
    }


def _invalid(error: ValidationError) -> Result:
    image = valid_image(error)
    named = {"image_id": image.id} if image else {}
    return {"status": INVALID, **named, "errors": list(field_errors(error.messages))}


def _unreached(image: Image, detail: str) -> Result:
    return {"status": UNAVAILABLE, "image_id": image.id, "detail": detail}
