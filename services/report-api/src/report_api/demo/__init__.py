"""`/demo`: a small news page on which one person can be several readers. It plays a site: its page and its backend."""

import uuid

from flask import Blueprint, Response, render_template, request

from quorum.errors import StoreUnavailable
from quorum.messages import choose_language
from quorum.redis_store.feed import BEGINNING
from quorum.tokens import mint_token
from report_api.demo.stories import STORIES
from report_api.demo.texts import TEXTS
from report_api.languages import LANGUAGES, RIGHT_TO_LEFT
from report_api.services import services

TOKEN_SECONDS = 900
MAX_EDITION = 1_000_000

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

blueprint = Blueprint(
    "demo", __name__, url_prefix="/demo", static_folder="static", static_url_path="/static", template_folder="templates"
)


@blueprint.get("")
def page() -> Response:
    """Show the news page in the reader's language; `edition` gives the pictures fresh ids."""
    language = _language()
    edition = _edition()
    policy = services().policy
    html = render_template(
        "demo.html",
        language=language,
        languages=LANGUAGES,
        direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
        text=TEXTS[language],
        stories=STORIES[language],
        edition=edition,
        next_edition=edition % MAX_EDITION + 1,
        reasons={reason.name: reason.label(language) for reason in policy.reasons},
        threshold=f"{policy.threshold:g}",
        cursor=_cursor(),
    )
    headers = {
        "Content-Language": language,
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
    return Response(html, headers=headers)


@blueprint.post("/readers")
def new_reader() -> dict[str, str]:
    """Name a fresh reader, as a site does for somebody who signs up there."""
    return _named(uuid.uuid4())


@blueprint.post("/readers/<uuid:reader>")
def known_reader(reader: uuid.UUID) -> dict[str, str]:
    """Name a reader again, whose token has expired."""
    return _named(reader)


def _named(reader: uuid.UUID) -> dict[str, str]:
    settings = services().settings
    token = mint_token(settings.token_secret, settings.token_audience, f"demo-{reader}", TOKEN_SECONDS)
    return {"reader": str(reader), "token": token}


def _language() -> str:
    wanted = request.args.get("lang")
    return wanted if wanted in LANGUAGES else choose_language(request.headers.get("Accept-Language"))


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
