"""`POST /v1/images/{id}/decisions`: what a moderator decides about an image."""

from flask import Blueprint, Response, jsonify, request

from quorum.schemas.moderation import DecisionSchema, ImageStateSchema
from report_api.access.guard import key_of_caller
from report_api.web.bodies import json_object
from report_api.web.describing import answer, documented, in_header, sent_header
from report_api.web.services import services

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
