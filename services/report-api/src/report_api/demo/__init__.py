"""`/demo`: a small news page on which one person can be several readers. It plays a site: its page and its backend."""

from flask import Blueprint, Response, render_template, request

from quorum.messages import choose_language
from quorum.tokens import mint_token
from report_api.demo.texts import LANGUAGES, RIGHT_TO_LEFT, STORIES, TEXTS
from report_api.services import services

TOKEN_SECONDS = 900
MAX_READERS = 1000
MAX_EDITION = 1_000_000

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

blueprint = Blueprint(
    "demo", __name__, url_prefix="/demo", static_folder="static", static_url_path="/static", template_folder="templates"
)


@blueprint.get("")
def page() -> Response:
    """Show the news page in the reader's language; `edition` gives the pictures fresh ids."""
    wanted = request.args.get("lang")
    language = wanted if wanted in LANGUAGES else choose_language(request.headers.get("Accept-Language"))
    edition = _bounded(request.args.get("edition"), MAX_EDITION)
    parts = services()
    html = render_template(
        "demo.html",
        language=language,
        languages=LANGUAGES,
        direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
        text=TEXTS[language],
        stories=STORIES,
        edition=edition,
        reasons=[reason.name for reason in parts.policy.reasons],
        threshold=parts.policy.threshold,
        start=parts.feed.end(),
    )
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
    return Response(html, headers=headers)


@blueprint.post("/readers/<int:number>")
def reader_token(number: int) -> dict[str, str]:
    """Name a reader, as a site's backend would for somebody who is signed in there."""
    settings = services().settings
    subject = f"demo-reader-{min(number, MAX_READERS)}"
    return {"token": mint_token(settings.token_secret, settings.token_audience, subject, TOKEN_SECONDS)}


def _bounded(raw: str | None, most: int) -> int:
    if not raw or not raw.isascii() or not raw.isdigit() or len(raw) > len(str(most)):
        return 1
    return min(int(raw), most)
