"""`/demo`: a small news page on which one person can be several readers. It plays a site: its page and its backend."""

import uuid

from flask import Blueprint, Response, request

from quorum.errors import StoreUnavailable
from quorum.events.feed import BEGINNING
from quorum.reporters.tokens import mint_token
from report_api.demo.stories import STORIES
from report_api.demo.texts import TEXTS
from report_api.web.describing import left_out
from report_api.web.pages import language_of_reader, show_page
from report_api.web.services import services

TOKEN_SECONDS = 900
MAX_EDITION = 1_000_000
_PAGE = "The demo is a site that uses the API."

blueprint = Blueprint(
    "demo", __name__, url_prefix="/demo", static_folder="static", static_url_path="/static", template_folder="templates"
)


@blueprint.get("")
@left_out(_PAGE)
def page() -> Response:
    """Show the news page in the reader's language; `edition` gives the pictures fresh ids."""
    language = language_of_reader()
    edition = _edition()
    policy = services().policy
    return show_page(
        "demo.html",
        language,
        text=TEXTS[language],
        stories=STORIES[language],
        edition=edition,
        next_edition=edition % MAX_EDITION + 1,
        reasons={reason.name: reason.label(language) for reason in policy.reasons},
        threshold=f"{policy.threshold:g}",
        cursor=_cursor(),
    )


@blueprint.post("/readers")
@left_out(_PAGE)
def new_reader() -> dict[str, str]:
    """Name a fresh reader, as a site does for somebody who signs up there."""
    return _named(uuid.uuid4())


@blueprint.post("/readers/<uuid:reader>")
@left_out(_PAGE)
def known_reader(reader: uuid.UUID) -> dict[str, str]:
    """Name a reader again, whose token has expired."""
    return _named(reader)


def _named(reader: uuid.UUID) -> dict[str, str]:
    parts = services()
    settings, seconds = parts.settings, min(TOKEN_SECONDS, int(parts.policy.tokens.max_hours * 3600))
    token = mint_token(settings.token_secret, settings.token_audience, f"demo-{reader}", seconds)
    return {"reader": str(reader), "token": token}


def _edition() -> int:
    raw = request.args.get("edition", "")
    small = raw.isascii() and raw.isdigit() and len(raw) <= len(str(MAX_EDITION))
    return min(max(int(raw), 1), MAX_EDITION) if small else 1


def _cursor() -> str:
    """Return where the page begins to listen; it must still open, and say so, while Redis is away."""
    try:
        return services().feed.end()
    except StoreUnavailable:
        return BEGINNING
