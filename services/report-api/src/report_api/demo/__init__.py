"""`/demo`: a news page with the report button, and readers to send. It plays a site: its page and its backend."""

import uuid
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, request

from quorum.errors import StoreUnavailable
from quorum.events.feed import BEGINNING
from quorum.reporters.tokens import mint_token
from report_api.button.files import scripts
from report_api.demo.crew_texts import CREW_TEXTS
from report_api.demo.crews import crews_under, send_wave, waves
from report_api.demo.stories import STORIES
from report_api.demo.texts import CAUSES, STATES, TEXTS
from report_api.translating import translated
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
    crews = crews_under(policy)
    text = translated(TEXTS, language)
    return show_page(
        "demo.html",
        language,
        text=text,
        crews={crew.name: (crew, translated(CREW_TEXTS[crew.name], language)) for crew in crews},
        people=policy.people,
        archive=max(crew.archive for crew in crews),
        stories={name: translated(story, language) for name, story in STORIES.items()},
        edition=edition,
        next_edition=edition % MAX_EDITION + 1,
        threshold=f"{policy.threshold:g}",
        button=next(iter(scripts())),
        data={
            "edition": edition,
            "threshold": policy.threshold,
            "cursor": _cursor(),
            "beginning": BEGINNING,
            "crews": {crew.name: asdict(crew) for crew in crews},
            "text": text,
            "states": translated(STATES, language),
            "causes": translated(CAUSES, language),
        },
    )


@blueprint.get("/readers/<uuid:reader>")
@left_out(_PAGE)
def name_reader(reader: uuid.UUID) -> tuple[dict[str, str], dict[str, str]]:
    """Give the page's reader a token, as a site does for somebody who is signed in there."""
    parts = services()
    settings, seconds = parts.settings, min(TOKEN_SECONDS, int(parts.policy.tokens.max_hours * 3600))
    token = mint_token(settings.token_secret, settings.token_audience, f"demo-{reader}", seconds)
    return {"token": token}, {"Cache-Control": "no-store"}


@blueprint.post("/reports")
@left_out(_PAGE)
def send_crew() -> tuple[dict[str, Any], int]:
    """Let a wave of a crew report a picture, as the backend of a site reports for its readers."""
    parts = services()
    picture, wave = request.args.get("picture", ""), request.args.get("wave", "")
    crew = next((one for one in crews_under(parts.policy) if one.name == request.args.get("crew")), None)
    if crew is None or picture not in STORIES:
        abort(404)
    planned = waves(crew, _edition(), picture)
    if wave not in map(str, range(len(planned))):
        abort(404)
    sent = send_wave(parts, crew, _edition(), planned[int(wave)])
    return {"sent": sent}, 202


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
