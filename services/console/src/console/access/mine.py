"""`/mine`: one's own password, one's sessions, and the way out."""

from flask import Blueprint, Response, g, request, session, url_for

from console.web.going import see_other
from console.web.pages import notice, show
from console.web.services import services
from console.words.refusals import why
from console.words.translating import gettext as _
from quorum.errors import SignInThrottled, WeakPassword, WrongPassword

blueprint = Blueprint("mine", __name__)


@blueprint.get("/mine")
def page() -> Response:
    """Show one's account."""
    return _show(200)


@blueprint.post("/mine/password")
def change_password() -> Response:
    """Change one's password; every other session of one's own ends."""
    old, new, again = (request.form.get(field, "")[:300] for field in ("old", "new", "again"))
    if new != again:
        return _show(422, _("The two new passwords differ."))
    try:
        services().accounts.change_password(g.account.name, old, new, keep=g.session.id)
    except SignInThrottled:
        return _show(429, _("Too many attempts. Please try again later."))
    except WrongPassword:
        return _show(422, _("The old password is wrong."))
    except WeakPassword as error:
        return _show(422, _("Please choose another password: %(why)s", why=why(error)))
    notice(_("The password is changed, and your other sessions have ended."))
    return see_other(url_for("queue.page"))


@blueprint.post("/mine/sign-out")
def sign_out() -> Response:
    """End this session."""
    services().sessions.close(session["token"])
    session.pop("token")
    return see_other(url_for("sign_in.page"))


@blueprint.post("/mine/sessions/<session_id>/close")
def close_session(session_id: str) -> Response:
    """End one of one's sessions."""
    services().sessions.close_id(g.account.name, session_id)
    notice(_("The session has ended."))
    return see_other(url_for("mine.page"))


@blueprint.post("/mine/sessions/close")
def close_others() -> Response:
    """End all of one's other sessions."""
    services().sessions.close_all(g.account.name, keep=g.session.id)
    notice(_("All other sessions have ended."))
    return see_other(url_for("mine.page"))


def _show(status: int, words: str = "") -> Response:
    sessions = [] if g.account.must_change else services().sessions.list(g.account.name)
    return show("access/mine.html", status, words=words, sessions=sessions, here=g.session.id)
