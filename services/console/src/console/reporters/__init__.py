"""`/reporters/…`: somebody who reports, by a fingerprint: how often they were right, and whether they are muted."""

import time

from flask import Blueprint, Response, request, url_for

from console.web.deeds import Did, note_deed
from console.web.going import see_other
from console.web.pages import notice, show
from console.web.problems import Wrong
from console.web.services import services
from console.words.refusals import why
from console.words.translating import gettext as _
from quorum.errors import InvalidName
from quorum.policy.accuracy import MINUTE_MS, accuracy_factor
from quorum.policy.model import POINT
from quorum.reporters.fingerprints import FINGERPRINT_BYTES

LOOKED_AT = 5_000  # of the last reports of each partition
MOST_SHOWN = 100
MAX_DAYS = 3650
SHOWN = 8  # signs of a fingerprint by which pages, and the list of deeds, name a reporter

blueprint = Blueprint("reporters", __name__)


@blueprint.get("/reporters")
def ask() -> Response:
    """Ask for a reporter by the name that the site gives them."""
    return show("reporters/ask.html")


@blueprint.post("/reporters")
def find() -> Response:
    """Go to the page of a reporter; the name stands in no address, and is not kept."""
    parts = services()
    try:
        person = parts.policy.people.person(request.form.get("name", ""))
    except InvalidName as error:
        raise Wrong(422, _("This cannot be the name of a reporter: %(why)s", why=why(error))) from error
    fingerprint = parts.identities.fingerprints_of(person)[0]
    return see_other(url_for("reporters.page", reporter=fingerprint.hex()))


@blueprint.get("/reporters/<reporter>")
def page(reporter: str) -> Response:
    """Show what is known of a reporter."""
    parts = services()
    fingerprint = _fingerprint(reporter)
    [standing] = parts.reporters.standings([[fingerprint]])
    now = round(time.time() * 1000)
    reports = parts.journal.last_of({fingerprint}, LOOKED_AT, MOST_SHOWN)
    statuses = parts.statuses.of([report.image for report in reports], parts.policy) if reports else []
    return show(
        "reporters/page.html",
        reporter=reporter,
        standing=standing,
        factor=accuracy_factor(standing, parts.policy) / POINT,
        muted_until=standing.muted_until * MINUTE_MS if standing.is_muted(now) else None,
        warned_at=standing.warned * MINUTE_MS if standing.is_warned(now, parts.policy) else None,
        reports=list(zip(reports, statuses, strict=True)),
        looked_at=LOOKED_AT,
        abuse=parts.policy.abuse,
    )


@blueprint.post("/reporters/<reporter>/mute")
def mute(reporter: str) -> Response:
    """Let somebody's reports count for nothing for some days; 0 ends a mute and a warning."""
    fingerprint = _fingerprint(reporter)
    try:
        days = int(request.form.get("days", ""))
    except ValueError:
        days = -1
    if not 0 <= days <= MAX_DAYS:
        raise Wrong(422, _("Please choose a number of days from 0 to %(most)s.", most=MAX_DAYS))
    services().reporters.mute(fingerprint, int(time.time() / 60 + days * 1440) + 1 if days else 0)
    did = Did.REPORTER_MUTED if days else Did.REPORTER_UNMUTED
    note_deed(did, reporter[:SHOWN], str(days) if days else "")
    notice(_("Their reports count for nothing from now on.") if days else _("They are neither muted nor warned now."))
    return see_other(url_for("reporters.page", reporter=reporter))


def _fingerprint(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != FINGERPRINT_BYTES:
        raise Wrong(404, _("There is no such reporter."))
    return found
