"""Appeals against blocks: by the site's backend for an uploader, read and decided by moderators.

What is read has a path that begins with `/v1/appeals/`: an image id may be a URL that ends in any word.
"""

from typing import Any

from flask import Blueprint, request

from quorum.events.event import timestamp
from quorum.images.image import Image
from quorum.moderation.appeals.appeals import Appeal, appeal_id
from quorum.schemas.redress.appeals import (
    AppealDecidedSchema,
    AppealDecisionSchema,
    AppealsSchema,
    LodgedSchema,
    TakenSchema,
)
from report_api.access.guard import key_of_caller
from report_api.web.bodies import json_object
from report_api.web.describing import answer, documented
from report_api.web.idempotency import KEY_HEADER, once
from report_api.web.querying import refuse_unknown_beside
from report_api.web.services import services

blueprint = Blueprint("appeals", __name__)


@blueprint.post("/v1/images/<image_id:image_id>/appeals")
@documented(
    "Appeal against a block",
    "For the uploader, by the site's backend; one is heard against each block. 409 with `not-blocked` or "
    "`appeal-exists` where there is none to hear, 404 for an image that nobody reported or decided about. It waits for "
    "a moderator, other than the one who decided before; `quorum.appeal.decided.v1` tells the outcome.",
    parameters=(KEY_HEADER,),
    takes=LodgedSchema,
    answers={201: answer("Taken.", TakenSchema)},
    problems=(400, 404, 409),
)
def lodge_appeal(image_id: str) -> tuple[dict[str, Any], int]:
    """Take an appeal; 201 only once it is safely kept."""
    refuse_unknown_beside(lodge_appeal, image_id)
    parts, raw = services(), request.get_data()
    image = parts.image_in_path(image_id)
    with once(parts, f"key {key_of_caller().id}", request.environ, raw) as again:
        kept = parts.appeals.of(image) if again else []
        if kept:
            return taken_body(image, kept[-1]), 201
        given = LodgedSchema(parts.policy).load(json_object(raw, request.environ))
        uploader = given.get("uploader")
        fingerprint = parts.access.fingerprints([uploader])[0][0] if uploader else b""
        appeal = parts.appeals.lodge(image, given["text"], fingerprint)
    return taken_body(image, appeal), 201


@blueprint.get("/v1/appeals/<image_id:image_id>")
@documented(
    "Appeals against blocks of an image",
    "Also those that were decided, for `appeals.keep_days` of the policy, the last eight.",
    answers={200: answer("Oldest first; empty where there are none.", AppealsSchema)},
    problems=(400,),
)
def get_appeals(image_id: str) -> dict[str, Any]:
    """Return the appeals against blocks of an image, for moderators."""
    refuse_unknown_beside(get_appeals, image_id)
    parts = services()
    image = parts.image_in_path(image_id)
    return {"image_id": image.id, "appeals": [_appeal_body(image, one) for one in parts.appeals.of(image)]}


@blueprint.post("/v1/images/<image_id:image_id>/appeals/decision")
@documented(
    "Decide an appeal",
    "A decision about the image like any other, which asks for an open appeal (409 `no-open-appeal`): whatever is "
    "decided about the image decides its appeal. Who decided before gets 409 `appeal-needs-another`, unless "
    "`appeals.another_moderator` of the policy is false.",
    takes=AppealDecisionSchema,
    answers={200: answer("Decided.", AppealDecidedSchema)},
    problems=(400, 409),
)
def decide_appeal(image_id: str) -> dict[str, Any]:
    """Uphold or clear an image against whose block there is an appeal."""
    refuse_unknown_beside(decide_appeal, image_id)
    parts = services()
    image = parts.image_in_path(image_id)
    given = AppealDecisionSchema().load(json_object(request.get_data(), request.environ))
    action = given.pop("decision")
    decided = parts.decisions.decide(image, action, key_of_caller().name, parts.policy, of_appeal=True, **given)
    assert decided.appeal is not None
    return {"image_id": image.id, "state": decided.state.public_name, "outcome": decided.appeal.value}


def taken_body(image: Image, appeal: Appeal) -> dict[str, Any]:
    """Return what anybody may know of an appeal, with its image."""
    return {"image_id": image.id, **present_body(image, appeal)}


def present_body(image: Image, appeal: Appeal) -> dict[str, Any]:
    """Return what anybody may know of an appeal."""
    state = appeal.answer.outcome.value if appeal.answer else "open"
    return {"id": appeal_id(image.digest, appeal), "at": timestamp(appeal.at_ms), "state": state}


def _appeal_body(image: Image, appeal: Appeal) -> dict[str, Any]:
    given = appeal.answer
    return {
        "id": appeal_id(image.digest, appeal),
        "at": timestamp(appeal.at_ms),
        "epoch": appeal.epoch,
        "text": appeal.text,
        "against": appeal.against or None,
        "outcome": given.outcome.value if given else None,
        "decided_at": timestamp(given.at_ms) if given else None,
        "moderator": given.moderator or None if given else None,
        "note": given.note or None if given else None,
    }
