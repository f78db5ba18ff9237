"""`/v1/images`, `/v1/gate`, `/v1/copies`: what became of images, may one be shown, what the site says of one."""

import time
from typing import Any

from flask import Blueprint, Response, jsonify, request
from marshmallow import ValidationError

from quorum.errors import InvalidImageId
from quorum.events.event import timestamp
from quorum.images.image import Image, parse_image, stored_image
from quorum.judgement.records import Kind, Report
from quorum.policy.classes import VERIFIED
from quorum.reporters.fingerprints import FINGERPRINT_BYTES, Reporter
from quorum.schemas.content import ShownSchema
from quorum.schemas.images import CopiesSchema, ImageIdsSchema, ImageStatusesSchema, ViewsSchema
from quorum.schemas.redress.appeals import ImageSchema
from quorum.schemas.reports import WithdrawnSchema
from quorum.tally.statuses import ImageStatus
from report_api.access.callers import Caller
from report_api.access.guard import key_of_caller
from report_api.resources.moderation.appeals import present_body
from report_api.resources.reports import check_content, send
from report_api.telemetry.correlation import trace_of
from report_api.web.bodies import json_list_body, json_object
from report_api.web.describing import answer, documented, sent_header
from report_api.web.services import Services, services

blueprint = Blueprint("images", __name__)


@blueprint.get("/v1/images/<image_id:image_id>")
@documented(
    "What became of an image",
    answers={
        200: answer(
            "Its state; an image that nobody reported is open.",
            ImageSchema,
            headers={"ETag": sent_header({"type": "string"}, "For the `If-Match` of a decision about this state.")},
        )
    },
    problems=(400,),
)
def get_image(image_id: str) -> Response:
    """Return the state of an image; one that nobody reported is open."""
    parts = services()
    image = parts.image_in_path(image_id)
    [status] = parts.statuses.of([image], parts.policy)
    appeal = parts.appeals.present(image, status.state, status.epoch) if status.state.is_blocked else None
    response = jsonify({**status_body(status), "appeal": present_body(image, appeal) if appeal else None})
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


@blueprint.put("/v1/images/<image_id:image_id>")
@documented(
    "Say which picture an image shows",
    "Where quorum knew it by another content hash, all that was reported and decided of it is over, a block included: "
    "the next epoch begins. Images of the same picture share their reports, and each is judged by its own rules.",
    takes=ShownSchema,
    answers={202: answer("Stored; it is done after what was sent before.", WithdrawnSchema)},
    problems=(400, 429),
)
def put_content(image_id: str) -> tuple[dict[str, Any], int]:
    """Take the site's word on which picture an image shows now."""
    parts = services()
    image = parts.image_in_path(image_id)
    content = ShownSchema().load(json_object(request.get_data(), request.environ))["content_hash"]
    check_content(parts.settings.partitions)
    told = Report(image, _site(image), "", content=content.digest, pdq=content.pdq, kind=Kind.CONTENT)
    return _tell(parts, told)


@blueprint.delete("/v1/images/<image_id:image_id>")
@documented(
    "Say that an image is gone",
    "It leaves the blocklist and the queue, and consumers hear of it; reports of it are forgotten.",
    answers={202: answer("Stored; also when nothing was known of it.", WithdrawnSchema)},
    problems=(400, 429),
)
def delete_image(image_id: str) -> tuple[dict[str, Any], int]:
    """Take the site's word that there is no such image any more."""
    parts = services()
    image = parts.image_in_path(image_id)
    return _tell(parts, Report(image, _site(image), "", kind=Kind.GONE))


def _tell(parts: Services, told: Report) -> tuple[dict[str, Any], int]:
    """Put the site's word among the reports. Its limit is that of the key; that of a reporter is one an image."""
    told = told._replace(trace=trace_of(request.environ))
    send(parts, told, Caller(told.reporter, key_of_caller().id))
    return {"status": "accepted", "image_id": told.image.id}, 202


def _site(image: Image) -> Reporter:
    return Reporter(VERIFIED, image.digest[:FINGERPRINT_BYTES])


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
