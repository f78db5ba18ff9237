"""`/ops`: what is wrong now and what to do, in one look; below it the vital charts, live and of the last hour."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request

from quorum.errors import CommandDenied, StoreUnavailable
from quorum.telemetry.health import EVENT_DELAYS_MS
from report_api.ops.finding_texts import FINDINGS, SECTIONS
from report_api.ops.findings import Finding, findings
from report_api.ops.state import read_state
from report_api.ops.texts import CHARTS, NUMBERS, TEXTS
from report_api.web.describing import left_out
from report_api.web.pages import language_of_reader, show_page
from report_api.web.services import services

_PAGE = "The page of operators, and what it asks for."

blueprint = Blueprint(
    "ops", __name__, url_prefix="/ops", static_folder="static", static_url_path="/static", template_folder="templates"
)


@blueprint.get("")
@left_out(_PAGE)
def page() -> Response:
    """Show the page; it opens while Redis is away, too."""
    language = language_of_reader()
    return show_page(
        "ops.html",
        language,
        text=TEXTS[language],
        charts=CHARTS[language],
        numbers=NUMBERS[language],
        data={
            "language": language,
            "text": TEXTS[language],
            "findings": FINDINGS[language],
            "sections": SECTIONS,
            "bounds": [bound / 1000 for bound in EVENT_DELAYS_MS],
        },
    )


@blueprint.get("/state")
@left_out(_PAGE)
def state() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Return how quorum is doing and what is wrong; with `history=1` also the last hour. 200 even without Redis."""
    parts = services()
    fresh = {"Cache-Control": "no-store"}
    try:
        now = read_state(parts)
        points = parts.history.points() if request.args.get("history") == "1" else []
    except StoreUnavailable as error:
        name = "redis_denies" if isinstance(error, CommandDenied) else "redis_down"
        down = asdict(Finding(name, urgent=True))
        return {"findings": [down], "numbers": None, "vitals": None, "points": []}, 200, fresh
    found = [asdict(one) for one in findings(now)]
    return {"findings": found, "numbers": now.numbers(), "vitals": asdict(now.vitals), "points": points}, 200, fresh
