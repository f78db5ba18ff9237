"""`GET /v1/queue`: what waits for a moderator."""

from typing import Any

from flask import Blueprint

from quorum.schemas.moderation import QueueSchema
from report_api.resources.images import status_body
from report_api.web.describing import answer, documented
from report_api.web.paging import LIMIT, page_limit
from report_api.web.services import services

blueprint = Blueprint("moderation_queue", __name__)


@blueprint.get("/v1/queue")
@documented(
    "What waits for a moderator",
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
