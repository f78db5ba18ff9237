"""`POST /v1/images/{id}/decisions`: what a moderator decides about an image."""

from typing import Any

from flask import Blueprint, request

from quorum.schemas.moderation import DecisionSchema, ImageStateSchema
from report_api.access.guard import key_of_caller
from report_api.web.bodies import json_object
from report_api.web.describing import answer, documented
from report_api.web.services import services

blueprint = Blueprint("decisions", __name__)


@blueprint.post("/v1/images/<image_id:image_id>/decisions")
@documented(
    "Uphold, block or clear an image",
    "Needs the scope `moderate`. Deciding what is so already changes nothing.",
    takes=DecisionSchema,
    answers={200: answer("Decided.", ImageStateSchema)},
    problems=(409,),
)
def decide(image_id: str) -> dict[str, Any]:
    """Uphold, block or clear an image. The API key's name stands for the moderator."""
    parts = services()
    key = key_of_caller()
    image = parts.image_in_path(image_id)
    decision = DecisionSchema().load(json_object(request.get_data(), request.environ))
    action = decision.pop("decision")
    state = parts.decisions.decide(image, action, key.name, parts.policy, **decision)
    return {"image_id": image.id, "state": state.public_name}
