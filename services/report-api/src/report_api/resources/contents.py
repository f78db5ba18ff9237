"""`PUT` and `DELETE /v1/images/{id}`: which picture an image shows now, and that there is no such image any more."""

from typing import Any

from flask import Blueprint, request

from quorum.images.image import Image
from quorum.judgement.records import Kind, Report
from quorum.policy.classes import VERIFIED
from quorum.reporters.fingerprints import FINGERPRINT_BYTES, Reporter
from quorum.schemas.content import ShownSchema
from quorum.schemas.reports import WithdrawnSchema
from report_api.access.callers import Caller
from report_api.access.guard import key_of_caller
from report_api.resources.reports import check_content, send
from report_api.telemetry.correlation import trace_of
from report_api.web.bodies import json_object
from report_api.web.describing import answer, documented
from report_api.web.services import Services, services

blueprint = Blueprint("contents", __name__)


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
