"""`/v1/claims`: who looks at an image just now, so that two moderators do not work on one."""

from typing import Any

from flask import Blueprint, request

from quorum.schemas.waiting import ClaimedImageSchema, ClaimSchema
from report_api.access.guard import key_of_caller
from report_api.resources.moderation.waiting import claim_body
from report_api.web.bodies import json_object
from report_api.web.describing import answer, documented
from report_api.web.querying import refuse_unknown_beside
from report_api.web.services import services

blueprint = Blueprint("claims", __name__)


@blueprint.post("/v1/claims/<image_id:image_id>")
@documented(
    "Say that one looks at an image",
    "For some minutes, again from now on for who has it already; others get 409 with `name` and `until`. It is a "
    "courtesy: it is shown in the queue, ends by itself, and stops no decision.",
    takes=ClaimSchema,
    answers={200: answer("It is the caller's.", ClaimedImageSchema)},
    problems=(400, 409),
)
def claim(image_id: str) -> dict[str, Any]:
    """Claim an image for the API key that asks."""
    refuse_unknown_beside(claim, image_id)
    parts, key = services(), key_of_caller()
    image = parts.image_in_path(image_id)
    raw = request.get_data()
    asked = ClaimSchema().load(json_object(raw, request.environ) if raw else {})
    return {"image_id": image.id, **claim_body(parts.claims.claim(image, key.id, key.name, asked["minutes"]))}


@blueprint.delete("/v1/claims/<image_id:image_id>")
@documented(
    "Say that one does not look at an image any more",
    answers={204: answer("Nobody does; also when nobody did.")},
    problems=(400, 409),
)
def release(image_id: str) -> tuple[str, int]:
    """Release a claim of the API key that asks."""
    refuse_unknown_beside(release, image_id)
    parts = services()
    parts.claims.release(parts.image_in_path(image_id), key_of_caller().id)
    return "", 204
