"""What moderators decide here: about one image, about many, and that it was wrong."""

from typing import Any

from flask import Blueprint, Response, g, request, session, url_for

from console.access.signing_in import safe_place
from console.images.review import claimant
from console.images.words import ACTIONS, STATES
from console.web.going import see_other
from console.web.pages import notice, show
from console.web.problems import Wrong
from console.web.services import services
from console.words.refusals import why
from console.words.translating import gettext as _
from console.words.translating import ngettext
from quorum.errors import AppealNeedsAnother, ClaimedByAnother, DecisionRefused, StateHasPassed
from quorum.images.image import Image
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decided
from quorum.schemas.moderation import MAX_NOTE_CHARACTERS

MOST = 200  # images at once
MOST_REMEMBERED = 600  # characters of an id, in a cookie

blueprint = Blueprint("deciding", __name__)


@blueprint.post("/images/<image_id:image_id>/decisions")
def decide(image_id: str) -> Response:
    """Decide about the state that was looked at, and go on to the next image."""
    parts = services()
    image = parts.image(image_id)
    action = _action()
    if request.form.get("known") != "yes" and not parts.statuses.knows(image):
        raise Wrong(404, _("Nobody has reported this image: is its id right?"))
    try:
        decided = parts.decisions.decide(
            image,
            action,
            g.account.name,
            parts.policy,
            expected=frozenset({request.form.get("expected", "")}),
            note=_note(),
            unfounded="well_meant" not in request.form,
        )
    except StateHasPassed as error:
        return _passed(image, error)
    except (AppealNeedsAnother, DecisionRefused) as error:
        raise _refused(error) from error
    _let_go(image)
    told = _("%(image)s: %(decision)s.", image=_short(image.id), decision=_(ACTIONS[action]))
    undo = {"image": image.id, "expected": decided.tag} if _may_undo(image.id, action, decided) else None
    notice(told, undo=undo)
    return see_other(safe_place(request.form.get("next")))


@blueprint.post("/images/<image_id:image_id>/undo")
def undo(image_id: str) -> Response:
    """Take the last decision back, if nothing has happened since."""
    parts = services()
    image = parts.image(image_id)
    expected = frozenset({request.form.get("expected", "")})
    try:
        decided = parts.decisions.decide(image, Action.REOPEN, g.account.name, parts.policy, expected=expected)
    except StateHasPassed as error:
        return _passed(image, error)
    except (AppealNeedsAnother, DecisionRefused) as error:
        raise _refused(error) from error
    notice(
        _("%(image)s is as before: %(state)s.", image=_short(image.id), state=_(STATES[decided.state])),
    )
    return see_other(safe_place(request.form.get("next")))


@blueprint.post("/images/<image_id:image_id>/claim")
def claim(image_id: str) -> Response:
    """Tell others that one looks at an image; what one looked at before is let go."""
    parts = services()
    image = parts.image(image_id)
    before = session.get("claimed")
    if before and before != image.id:
        _let_go(parts.image(before))
    other = None
    try:
        made = parts.claims.claim(image, claimant(), g.account.name)
        if len(image.id) <= MOST_REMEMBERED:
            session["claimed"] = image.id
    except ClaimedByAnother as error:
        other, made = error, None
    if request.headers.get("HX-Request") == "true":
        return show("images/claim.html", claim=made, other=other)
    return see_other(safe_place(request.form.get("next")))


@blueprint.post("/decisions/preview")
def preview() -> Response:
    """Show what would come of a decision about many images; nothing is written."""
    action, images = _action(), _images()
    rows = [_tried(image, action, dry_run=True) for image in images]
    changing = [row for row in rows if row["decided"] and row["decided"].changed]
    return show(
        "images/preview.html",
        action=action,
        actions=ACTIONS,
        states=STATES,
        rows=rows,
        changing=changing,
        note=_note(),
        people=sum(row["decided"].credited + row["decided"].blamed for row in changing),
        next=safe_place(request.form.get("next")),
    )


@blueprint.post("/decisions")
def decide_many() -> Response:
    """Decide about many images, each only if it is as it was in the preview."""
    action = _action()
    rows = [_tried(image, action, dry_run=False) for image in _images()]
    done = sum(bool(row["decided"]) for row in rows)
    notice(ngettext("%(num)s image decided.", "%(num)s images decided.", done))
    for row in [row for row in rows if not row["decided"]][:5]:
        notice(f"{_short(row['image'].id)}: {row['why']}", "bad")
    return see_other(safe_place(request.form.get("next")))


def _tried(image: Image, action: Action, *, dry_run: bool) -> dict[str, Any]:
    parts = services()
    tag = request.form.get(f"expected {image.id}")
    try:
        decided = parts.decisions.decide(
            image,
            action,
            g.account.name,
            parts.policy,
            expected=None if tag is None else frozenset({tag}),
            note=_note(),
            dry_run=dry_run,
        )
    except StateHasPassed:
        return {"image": image, "decided": None, "why": _("somebody was faster; nothing was changed")}
    except (AppealNeedsAnother, DecisionRefused) as error:
        return {"image": image, "decided": None, "why": _refused(error).words}
    return {"image": image, "decided": decided, "why": ""}


def _note() -> str:
    """Return the note of a form, whose lines end as browsers end them."""
    text = request.form.get("note", "").replace("\r\n", "\n").strip()
    if len(text) > MAX_NOTE_CHARACTERS:
        raise Wrong(422, _("This is too large."))
    return text


def _action() -> Action:
    try:
        return Action(request.form.get("decision", ""))
    except ValueError:
        raise Wrong(422, _("Please choose what to decide.")) from None


def _images() -> list[Image]:
    parts = services()
    ids = list(dict.fromkeys(request.form.getlist("image")))[:MOST]
    if not ids:
        raise Wrong(422, _("Please choose images first."))
    return [parts.image(image_id) for image_id in ids]


def _passed(image: Image, error: StateHasPassed) -> Response:
    states = {"blocked": _("blocked"), "held": _("held"), "cleared": _("cleared"), "open": _("open")}
    notice(
        _(
            "Somebody was faster: %(image)s is %(state)s now. Nothing was changed.",
            image=_short(image.id),
            state=states.get(error.state, error.state),
        ),
        "bad",
    )
    return see_other(url_for("images.page", image_id=image.id))


def _may_undo(image_id: str, action: Action, decided: Decided) -> bool:
    """Tell whether taking the last decision back takes this one back: not where nothing moved."""
    moved = decided.changed and (decided.before is not decided.state or decided.appeal is not None)
    return moved and len(image_id) <= MOST_REMEMBERED and action in {Action.UPHOLD, Action.BLOCK, Action.CLEAR}


def _refused(error: DecisionRefused | AppealNeedsAnother) -> Wrong:
    if isinstance(error, AppealNeedsAnother):
        words = _("This block is appealed against, and it was your decision: another moderator must decide.")
        return Wrong(409, words)
    return Wrong(409, _("This cannot be decided: %(why)s", why=why(error)))


def _let_go(image: Image) -> None:
    try:
        services().claims.release(image, claimant())
    except ClaimedByAnother:
        return
    finally:
        if session.get("claimed") == image.id:
            session.pop("claimed")


def _short(image_id: str) -> str:
    """Return an id that fits into a notice: its end tells images apart."""
    longest = 60
    return image_id if len(image_id) <= longest else f"…{image_id[-longest:]}"
