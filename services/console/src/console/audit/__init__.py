"""The trail of decisions: who decided what about which image, when, and why; and what else was done by hand."""

from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from console.audit.exporting import MOST_EXPORTED, exported
from console.audit.finding import STATES, Filters, find
from console.images.words import ACTIONS
from console.web.deeds import NAMES, Did, note_deed
from console.web.pages import show
from console.web.problems import Wrong
from console.web.services import services
from console.words.moments import moment
from console.words.translating import gettext as _
from quorum.errors import InvalidCursor

PAGE = 50
DEEDS = 200
MAX_FIELD = 300
FIELDS = ("moderator", "decision", "image", "since", "until")

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
def page() -> Response:
    """Show decisions, newest first."""
    filters, cursor = _filters(), request.args.get("before") or None
    try:
        found = find(services().trail, filters, cursor, PAGE)
    except InvalidCursor as error:
        raise Wrong(422, _("This address is not one that the page gave. Begin with the newest decisions.")) from error
    asked: dict[str, Any] = {name: request.args[name] for name in FIELDS if request.args.get(name)}
    return show(
        "audit/page.html",
        found=found,
        asked=asked,
        filters=filters,
        is_first=cursor is None,
        older=url_for("audit.page", **asked, before=found.older) if found.older else None,
        actions={action.value: _(text) for action, text in ACTIONS.items()},
        states={state: _(text) for state, text in STATES.items()},
        most=MOST_EXPORTED,
    )


@blueprint.get("/audit/export/<kind>")
def export(kind: str) -> Response:
    """Stream decisions as a file, newest first: at most MOST_EXPORTED of them."""
    if kind not in {"csv", "ndjson"}:
        abort(404)
    answer = exported(services().trail, _filters(), kind)
    note_deed(Did.AUDIT_EXPORTED, kind)
    return answer


@blueprint.get("/audit/administration")
def administration() -> Response:
    """Show what was done to accounts, keys, webhooks and shields, newest first."""
    names = {did.value: _(text) for did, text in NAMES.items()}
    return show("audit/administration.html", deeds=services().deeds.last(DEEDS), names=names)


def _filters() -> Filters:
    """Return what is asked for. Raises Wrong, InvalidImageId."""
    told = {name: request.args.get(name, "")[: MAX_FIELD if name != "image" else 2048].strip() for name in FIELDS}
    if told["decision"] and told["decision"] not in set(ACTIONS):
        raise Wrong(422, _("There is no such decision."))
    return Filters(
        moderator=told["moderator"].casefold(),
        decision=told["decision"],
        image=services().image(told["image"]).id if told["image"] else "",
        since_ms=moment(told["since"]) or 0,
        until_ms=moment(told["until"]),
    )
