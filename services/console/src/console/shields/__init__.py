"""The shields: whether automatic blocks need a higher bar just now, why, and how near they are to rising."""

import time
from dataclasses import dataclass

from flask import Blueprint, Response, g, request, url_for

from console.web.deeds import Did, note_deed
from console.web.going import see_other
from console.web.pages import notice, show
from console.web.problems import Wrong
from console.web.services import services
from console.words.translating import gettext as _
from console.words.translating import later
from quorum.errors import QuorumError
from quorum.events.event import SHIELDS_RAISED, Event
from quorum.judgement.caps.shields import DAY_MS, HOUR_MS, Shield
from quorum.moderation.shields import FOR_EVER_MS

MAX_MINUTES = 525_600  # a year

CAUSES = {
    "by_hand": later("raised by hand"),
    "blocks_per_hour": later("too many automatic blocks in an hour"),
    "blocks_per_day": later("too many automatic blocks in a day"),
}

blueprint = Blueprint("shields", __name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Automatic blocks in a span of time against the number that raises the shields; 0 is none."""

    blocks: int
    cap: int


@dataclass(frozen=True, slots=True)
class Part:
    """The shields of one partition; times in Unix ms. `until_ms` is None while they are up until they are lowered."""

    number: int
    is_up: bool
    since_ms: int | None
    until_ms: int | None
    cause: str | None
    who: str | None
    hour: Pace
    day: Pace


@blueprint.get("/shields")
def page() -> Response:
    """Show the shields of all partitions."""
    return show("shields/page.html", parts=_parts(), caps=services().policy.shields, policy=services().policy)


@blueprint.post("/shields/up")
def up() -> Response:
    """Ask for the higher bar from now on."""
    minutes = _minutes(request.form.get("minutes", ""))
    raised = services().shields.raise_(minutes, g.account.name)
    note_deed(Did.SHIELDS_RAISED, _span(minutes))
    notice(_("The shields are up.") if raised else _("The shields were up already; their time is the new one."))
    return see_other(url_for("shields.page"))


@blueprint.post("/shields/down")
def down() -> Response:
    """Go back to the usual bar."""
    lowered = services().shields.lower(g.account.name)
    note_deed(Did.SHIELDS_LOWERED, "")
    notice(_("The shields are down. What is held is judged again.") if lowered else _("The shields were down already."))
    return see_other(url_for("shields.page"))


def _minutes(text: str) -> float | None:
    """Return for how long, None for until they are lowered. Raises Wrong."""
    if not text.strip():
        return None
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0
    if not 1 <= minutes <= MAX_MINUTES:
        raise Wrong(422, _("Please give from 1 to %(most)s minutes, or none.", most=MAX_MINUTES))
    return minutes


def _span(minutes: float | None) -> str:
    return "" if minutes is None else f"{minutes:g} min"


def _parts() -> list[Part]:
    states, now = services().shields.states(), round(time.time() * 1000)
    caps = services().policy.numbers(len(states))
    try:
        causes = services().shields.causes()
    except QuorumError:
        causes = [None] * len(states)
    pairs = zip(states, causes, strict=True)
    return [_part(number, shield, event, now, caps) for number, (shield, event) in enumerate(pairs)]


def _part(number: int, shield: Shield, event: Event | None, now: int, caps: dict[str, int]) -> Part:
    is_up = shield.up_until > now
    told = event if event and is_up and event.type == SHIELDS_RAISED else None
    by = told.data.get("decided_by") if told else None
    return Part(
        number=number,
        is_up=is_up,
        since_ms=round(told.time.timestamp() * 1000) if told else None,
        until_ms=shield.up_until if is_up and shield.up_until < FOR_EVER_MS else None,
        cause=_cause(told),
        who=by.get("name") if isinstance(by, dict) else None,
        hour=Pace(shield.blocks_since(now - HOUR_MS), caps["hour_cap"]),
        day=Pace(shield.blocks_since(now - DAY_MS), caps["day_cap"]),
    )


def _cause(event: Event | None) -> str | None:
    found = CAUSES.get(str(event.data.get("cause"))) if event else None
    return _(found) if found else None
