"""`/`: what runs here, what to click and what to paste, where it is a trial; elsewhere one sentence and the documents.

On a server that readers reach, nobody learns here what insiders have, nor which version runs.
"""

from flask import Blueprint, Response, request

from quorum.errors import QuorumError
from report_api.landing.snippets import snippets
from report_api.landing.texts import TEXTS
from report_api.translating import translated
from report_api.web.describing import left_out
from report_api.web.pages import language_of_reader, show_page
from report_api.web.services import services

blueprint = Blueprint(
    "landing", __name__, static_folder="static", static_url_path="/landing", template_folder="templates"
)


@blueprint.get("/")
@left_out("It is for people, who come by here first.")
def page() -> Response:
    """Show the page; it opens while Redis is away, too."""
    language = language_of_reader()
    text = translated(TEXTS, language)
    parts = services()
    if not parts.settings.demo:
        return show_page("public.html", language, text=text)
    return show_page(
        "landing.html",
        language,
        text=text,
        ready=_is_ready(),
        policy=parts.policy,
        snippets=snippets(request.url_root.rstrip("/"), parts.settings.cors_origins),
    )


def _is_ready() -> bool:
    try:
        services().readiness.ready()
    except QuorumError:
        return False
    return True
