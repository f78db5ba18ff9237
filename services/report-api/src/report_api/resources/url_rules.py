"""`GET /v1/url-rules`: which spellings of a URL are one image, for clients with a copy of the blocklist."""

import json

from flask import Blueprint, Response, request

from quorum.images.urls.rules import RULES_HEADER
from quorum.schemas.images import UrlRulesSchema
from report_api.web.bodies import JSON
from report_api.web.describing import answer, documented, in_header, sent_header
from report_api.web.services import services

blueprint = Blueprint("url_rules", __name__)


@blueprint.get("/v1/url-rules")
@documented(
    "Which spellings of a URL are one image",
    "For clients that look images up in a copy of the blocklist. Answers of `/v1/blocklist` and `/v1/events` name the "
    f"version that holds in `{RULES_HEADER}`.",
    parameters=(in_header("If-None-Match", {"type": "string"}),),
    answers={
        200: answer(
            "The rules of the policy.",
            UrlRulesSchema,
            headers={"ETag": sent_header({"type": "string"}, "The version of the rules.")},
        ),
        304: answer("They are those of the ETag given in If-None-Match."),
    },
    asks_redis=False,
)
def get_url_rules() -> Response:
    """Return what the policy says of URLs, for clients that look images up in a copy of the blocklist."""
    urls = services().policy.urls
    headers = {"Cache-Control": "private, no-cache", "Vary": "Authorization", **rules_header()}
    response = Response(json.dumps(urls.document(), ensure_ascii=False), headers=headers, content_type=JSON)
    response.set_etag(headers[RULES_HEADER])
    response.make_conditional(request)
    return response


def rules_header() -> dict[str, str]:
    """Tell which rules for URLs hold now, so that a client with a copy of the blocklist asks when they have changed."""
    return {RULES_HEADER: services().policy.url_rules_version}
