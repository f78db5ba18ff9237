"""`/operations`: what is wrong now and what to do, in one look; below it vital numbers, and charts of the last hour.

Verdict and numbers are in the page as it comes; scripts keep them fresh and draw the charts.
"""

from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, request, url_for

from console.operations.charts import CHARTS, Series, latest, series, span
from console.operations.findings import findings
from console.operations.numbers import tiles
from console.operations.state import State, read_state
from console.web.going import see_other
from console.web.htmx import is_part
from console.web.outages import finding_of, outage
from console.web.pages import show
from console.web.services import services
from console.words.findings import Finding
from console.words.formats import measured
from quorum.errors import StoreUnavailable

blueprint = Blueprint("operations", __name__)


@blueprint.get("/operations")
def page() -> Response:
    """Show the page."""
    now = read_state(services())
    return show("operations/page.html", charts=CHARTS, latest=latest(_drawn()), **_shown(findings(now), now))


@blueprint.get("/operations/state")
def state() -> Response:
    """Show what is fresh: the numbers, and the verdict unless it is the one that was seen."""
    if not is_part():
        return see_other(url_for("operations.page"))
    now = read_state(services())
    return _fresh(findings(now), now)


@blueprint.get("/operations/points")
def points() -> dict[str, Any]:
    """Return what the charts draw: of each the times, Unix seconds, and the values, null where nothing is known.

    Beside them stand the newest value as it is said, and from when to when they reach.
    """
    drawn = _drawn()
    newest = latest(drawn)
    said = {chart.name: measured(newest[chart.name], chart.unit) for chart in CHARTS}
    return {"charts": drawn, "latest": said, "span": span(drawn, services().health.now_ms() / 1000)}


@blueprint.errorhandler(StoreUnavailable)
def away(error: StoreUnavailable) -> Response:
    """Tell an open page, which asks for what is fresh, that nothing is known and why: it goes on by itself."""
    if request.endpoint == "operations.state" and is_part():
        return _fresh([finding_of(error)], None)
    return outage(error)


def _fresh(found: Sequence[Finding], now: State | None) -> Response:
    return show("operations/fresh.html", seen=request.args.get("seen"), **_shown(found, now))


def _shown(found: Sequence[Finding], now: State | None) -> dict[str, Any]:
    verdict = sha256(repr(found).encode()).hexdigest()[:12]
    return {"found": found, "tiles": tiles(now), "verdict": verdict}


def _drawn() -> dict[str, Series]:
    history = services().history
    return series([*history.points(), asdict(history.now())])
