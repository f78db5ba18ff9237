"""`/statistics`: what was reported, blocked and decided, by day and by reason, and how long it took."""

from datetime import timedelta

from flask import Blueprint, Response, request

from console.statistics.curves import curves
from console.statistics.download import csv_of
from console.statistics.rows import by_reason, by_time, in_large
from console.web.pages import show
from console.web.services import Services, services
from console.words.formats import day_of
from console.words.translating import language
from quorum.telemetry.days import Period

RANGES = (7, 30, 90, 365)
USUAL = 30
WEEKS_FROM = 365  # days: so many are told by week
WEEKS = 53

blueprint = Blueprint("statistics", __name__)


@blueprint.get("/statistics")
def page() -> Response:
    """Show the page."""
    parts, asked = services(), _asked()
    period = _read(parts, asked)
    rows = by_time(period)
    names = {reason.name: reason.label(language()) for reason in parts.policy.reasons}
    return show(
        "statistics/page.html",
        asked=asked,
        ranges=RANGES,
        by_week=asked >= WEEKS_FROM,
        period=period,
        tiles=in_large(period.figures),
        reasons=by_reason(period.figures, names),
        rows=rows[::-1],
        curves=curves(rows),
        first=day_of(period.days[0].date),
        last=day_of(period.days[-1].date),
    )


@blueprint.get("/statistics.csv")
def download() -> Response:
    """Hand out the same by day and reason, as a file for spreadsheets."""
    parts, asked = services(), _asked()
    last = parts.days.today()
    period = parts.days.read(last - timedelta(days=asked - 1), last)
    name = f"quorum-{period.days[0].date}-{last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(csv_of(period), mimetype="text/csv", headers=headers)


def _asked() -> int:
    asked = request.args.get("days", "")
    return int(asked) if asked in map(str, RANGES) else USUAL


def _read(parts: Services, asked: int) -> Period:
    last = parts.days.today()
    if asked >= WEEKS_FROM:
        return parts.days.read_weeks(last, WEEKS)
    return parts.days.read(last - timedelta(days=asked - 1), last)
