"""`/v1/images`, `/v1/gate`, `/v1/copies`: what became of images; may one be shown; how often was it seen."""

import time
from typing import Any

from flask import Blueprint, Response, jsonify
from marshmallow import ValidationError

from quorum.errors import InvalidImageId
from quorum.events.event import timestamp
from quorum.images.image import Image, parse_image, stored_image
from quorum.schemas.images import CopiesSchema, ImageIdsSchema, ImageStatusesSchema, ImageStatusSchema, ViewsSchema
from quorum.tally.statuses import ImageStatus
from report_api.web.bodies import json_list_body
from report_api.web.describing import answer, documented, sent_header
from report_api.web.services import services

blueprint = Blueprint("images", __name__)


@blueprint.get("/v1/images/<image_id:image_id>")
@documented(
    "What became of an image",
    answers={
        200: answer(
            "Its state; an image that nobody reported is open.",
            ImageStatusSchema,
            headers={"ETag": sent_header({"type": "string"}, "For the `If-Match` of a decision about this state.")},
        )
    },
    problems=(400,),
)
def get_image(image_id: str) -> Response:
    """Return the state of an image; one that nobody reported is open."""
    parts = services()
    [status] = parts.statuses.of([parts.image_in_path(image_id)], parts.policy)
    response = jsonify(status_body(status))
    response.set_etag(status.tag)
    return response


@blueprint.get("/v1/copies/<image_id:image_id>")
@documented(
    "Which images show the same picture",
    "By `content_hash`. They share their reports unless something was decided about the picture before one of them was "
    "reported: that one stays beside it.",
    answers={200: answer("The others, in the order in which they came.", CopiesSchema)},
    problems=(400,),
)
def get_copies(image_id: str) -> dict[str, Any]:
    """Return the images that show the same picture, for moderators."""
    parts = services()
    image = parts.image_in_path(image_id)
    shared, ids = parts.copies.of(image)
    statuses = parts.statuses.of([stored_image(each) for each in ids], parts.policy) if ids else []
    copies = [{"image_id": status.image_id, "state": status.state.public_name} for status in statuses]
    return {"image_id": image.id, "shared": shared, "copies": copies}


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
