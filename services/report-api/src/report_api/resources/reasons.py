"""`GET /v1/reasons`: what a reader may say is wrong, in their language, for the page that asks them."""

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from quorum.schemas.reasons import ReasonsSchema
from report_api.web.describing import answer, documented, in_header
from report_api.web.language import choose_language
from report_api.web.services import services

blueprint = Blueprint("reasons", __name__)


@blueprint.get("/v1/reasons")
@documented(
    "What a report may say",
    parameters=(in_header("Accept-Language", {"type": "string"}),),
    answers={200: answer("The reasons of the policy, with labels in a language.", ReasonsSchema)},
    asks_redis=False,
)
def get_reasons() -> ResponseReturnValue:
    """Return the reasons of the policy with their labels, in the policy's order."""
    language = choose_language(request.headers.get("Accept-Language"))
    reasons: list[dict[str, Any]] = [
        {"name": reason.name, "label": reason.label(language)} for reason in services().policy.reasons
    ]
    headers = {"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "max-age=60"}
    return jsonify(reasons=reasons), headers
