"""API keys: who has which, a new one, and the end of one."""

from flask import Blueprint, Response, request, url_for

from console.web.deeds import Did, note_deed
from console.web.going import see_other
from console.web.pages import notice, show
from console.web.services import services
from console.words.translating import gettext as _
from console.words.translating import later
from quorum.access.keys import Scope

MAX_NAME = 100  # characters, as `quorum keys create` has it
MOST_SHOWN = 500

MAY = {
    Scope.REPORT: later("name readers, and report for them"),
    Scope.CONTENT: later("say which picture an image shows, and that there is no such image any more"),
    Scope.READ: later("read the state of images, events, and the list of what is blocked"),
    Scope.MODERATE: later("decide about images"),
    Scope.ADMIN: later("everything else, webhooks too"),
}

blueprint = Blueprint("keys", __name__)


@blueprint.get("/keys")
def page() -> Response:
    """Show all keys, the newest first; those that are revoked at the end."""
    return _page(200)


@blueprint.post("/keys")
def create() -> Response:
    """Make a key, and show it: here and never again, so nothing of it is put anywhere else."""
    name = request.form.get("name", "").strip()
    scopes = {scope for scope in Scope if scope.value in request.form.getlist("scopes")}
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        words = _("Please say whom the key is for, in 1 to %(most)s characters.", most=MAX_NAME)
        return _page(422, words, name, scopes)
    if not scopes:
        return _page(422, _("Please choose what the key may do."), name, scopes)
    key, whole = services().keys.create(name, frozenset(scopes))
    note_deed(Did.KEY_CREATED, f"{key.name} ({key.id})", ", ".join(sorted(scopes)))
    return show("keys/created.html", 201, key=key, whole=whole)


@blueprint.post("/keys/<key_id>/revoke")
def revoke(key_id: str) -> Response:
    """Make a key useless. Raises UnknownApiKey."""
    key = services().keys.revoke(key_id)
    note_deed(Did.KEY_REVOKED, f"{key.name} ({key.id})")
    notice(_("The key of %(name)s is revoked. Running services follow within seconds.", name=key.name))
    return see_other(url_for("keys.page"))


def _page(status: int, words: str = "", name: str = "", scopes: set[Scope] | None = None) -> Response:
    stored = sorted(services().keys.list(), key=lambda key: (key.revoked_ms is not None, -key.created_ms))
    return show(
        "keys/page.html",
        status,
        keys=stored[:MOST_SHOWN],
        more=max(len(stored) - MOST_SHOWN, 0),
        may_do={scope: _(text) for scope, text in MAY.items()},
        most=MAX_NAME,
        words=words,
        name=name[:MAX_NAME],
        chosen=scopes or set(),
    )
