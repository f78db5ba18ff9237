"""What moderators do: `GET /v1/queue`, `POST /v1/images/{id}/decisions`; and `POST /v1/images/views`."""

from typing import Any

from flask import Blueprint, request
from marshmallow import ValidationError

from quorum.errors import InvalidImageId
from quorum.images.image import Image, parse_image
from quorum.wire import DecisionSchema, ImageStateSchema, QueueSchema, ViewsSchema
from report_api.bodies import json_list_body, json_object
from report_api.describing import answer, documented
from report_api.guard import key_of_caller
from report_api.lookups import status_body
from report_api.paging import LIMIT, page_limit
from report_api.services import services

blueprint = Blueprint("moderation", __name__)


@blueprint.get("/v1/queue")
@documented(
    "What waits for a moderator",
    "Needs the scope `moderate`.",
    parameters=(LIMIT,),
    answers={200: answer("Held images, those that wait longest first.", QueueSchema)},
    problems=(400,),
)
def get_queue() -> dict[str, Any]:
    """Return the images that wait for a moderator, those that wait longest first."""
    parts = services()
    limit = page_limit()
    images, total = parts.decisions.held(limit)
    return {"images": [status_body(status) for status in parts.statuses.of(images, parts.policy)], "held": total}


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


@blueprint.post("/v1/images/views")
@documented(
    "Say how often images were seen",
    "Views so far, in place of what was told before; for a policy with `views.least_ratio`.",
    takes=ViewsSchema,
    answers={
        200: answer("Kept.", {"type": "object", "properties": {"images": {"type": "integer"}}, "required": ["images"]})
    },
)
def tell_views() -> dict[str, Any]:
    """Take how often images were seen so far; a policy with `views.least_ratio` asks for it."""
    parts = services()
    told = ViewsSchema().load(json_list_body())["views"]
    views: dict[Image, int] = {}
    for image_id, count in told.items():
        try:
            views[parse_image(image_id, parts.policy.urls)] = count
        except InvalidImageId as error:
            raise ValidationError({"views": {image_id[:40]: [str(error)]}}) from error
    parts.views.tell(views)
    return {"images": len(views)}
