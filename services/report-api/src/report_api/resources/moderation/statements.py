"""`GET /v1/statements/{id}`: why an image is blocked, for its uploader (Digital Services Act, Article 17)."""

from urllib.parse import quote

from flask import Blueprint, Response, jsonify, request

from quorum.images.image import Image
from quorum.languages import THANK_YOU
from quorum.moderation.statements.statement import Block, statement, whole_text
from quorum.schemas.redress.statements import WhyBlockedSchema
from report_api.web.bodies import JSON
from report_api.web.describing import answer, documented, in_header, sent_header
from report_api.web.language import choose_language
from report_api.web.services import Services, services

TEXT = "text/plain"

blueprint = Blueprint("statements", __name__)

_LANGUAGE = {"Content-Language": sent_header({"type": "string", "enum": list(THANK_YOU)})}


@blueprint.get("/v1/statements/<image_id:image_id>")
@documented(
    "Why an image is blocked",
    "The statement of reasons for the uploader, in words and in the vocabulary of the EU's DSA Transparency Database; "
    "with `Accept: text/plain` the words alone. 404 for an image that is not blocked, or not any more.",
    parameters=(in_header("Accept-Language", {"type": "string"}, f"Language of the words: {', '.join(THANK_YOU)}."),),
    answers={
        200: {
            **answer("Blocked for this.", WhyBlockedSchema, headers=_LANGUAGE),
            "content": {JSON: {"schema": WhyBlockedSchema}, TEXT: {"schema": {"type": "string"}}},
        }
    },
    problems=(400, 404),
)
def get_statement(image_id: str) -> Response:
    """Return the statement of reasons of a blocked image."""
    parts = services()
    image = parts.image_in_path(image_id)
    block = parts.statements.block(image, parts.policy)
    language = choose_language(request.environ.get("HTTP_ACCEPT_LANGUAGE"))
    text = whole_text(block, parts.policy, language)
    if request.accept_mimetypes.best_match([JSON, TEXT]) == TEXT:
        response = Response(text, content_type=f"{TEXT}; charset=utf-8")
    else:
        response = jsonify(
            {
                "image_id": image.id,
                "language": language,
                "text": text,
                "statement": statement(block, parts.policy, language),
                "redress": _redress(parts, image, block),
            }
        )
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept, Accept-Language"
    return response


def _redress(parts: Services, image: Image, block: Block) -> dict[str, str | None]:
    heard = [one for one in parts.appeals.of(image) if one.epoch == block.epoch and not one.has_lapsed]
    given = heard[-1].answer if heard else None
    return {
        "appeal": given.outcome.value if given else "open" if heard else "possible",
        "appeal_path": f"/v1/images/{quote(image.id, safe='')}/appeals",
        "appeal_url": parts.policy.legal.appeal_url or None,
    }
