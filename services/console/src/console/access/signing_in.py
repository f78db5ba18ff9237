"""`/sign-in`: a name and a password, and a session begins."""

import re

from flask import Blueprint, Response, g, request, session, url_for
from flask_wtf.csrf import generate_csrf

from console.web.going import see_other
from console.web.pages import show
from console.web.services import services
from console.words.translating import gettext as _
from console.words.translating import ngettext
from quorum.accounts.account import Account
from quorum.errors import SignInRefused, SignInThrottled
from quorum.network.forwarding import client_of

MAX_FIELD = 256

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
def page() -> Response:
    """Show the form."""
    if g.get("account"):
        return see_other(safe_place(request.args.get("next")))
    return form(200)


@blueprint.post("/sign-in")
def sign_in() -> Response:
    """Begin a session, or say why not: never whether the name or the password was wrong."""
    name, password = (request.form.get(field, "")[: MAX_FIELD + 1] for field in ("name", "password"))
    try:
        begin(services().sign_in.check(name, password, _address()))
    except SignInRefused:
        return form(401, _("Name and password do not belong together."), name)
    except SignInThrottled as error:
        minutes = max(-(-error.seconds // 60), 1)
        words = ngettext(
            "Too many attempts. Please try again in a minute.",
            "Too many attempts. Please try again in %(num)s minutes.",
            round(minutes),
        )
        answer = form(429, words, name)
        answer.headers["Retry-After"] = str(round(error.seconds))
        return answer
    return see_other(safe_place(request.form.get("next")))


def begin(account: Account) -> None:
    """Begin a session of an account in this browser; of what its cookie held before the language is kept."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    label = label_of(request.headers.get("User-Agent", ""))
    session["token"], _opened = services().sessions.open(account.name, label, account=account)
    generate_csrf()


def safe_place(wanted: str | None) -> str:
    """Return where to go after signing in: a path of the console, never another site."""
    if wanted and re.fullmatch(r"/(?![/\\])[^\\\x00-\x20]{0,1000}", wanted):
        return wanted
    return url_for("queue.page")


def label_of(agent: str) -> str:
    """Return what a list of sessions calls a browser: its name and its system, of what it says of itself."""
    known = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
    browser = next((name for mark, name in known if mark in agent), "")
    system = next((name for name in systems if name in agent), "")
    return ", ".join(part for part in (browser, system) if part) or "?"


def _address() -> str:
    return str(client_of(services().forwarding, request.environ) or "unknown")


def form(status: int, words: str = "", name: str = "") -> Response:
    """Return the form, with words that say what is wrong."""
    return show(
        "access/sign_in.html",
        status,
        words=words,
        name=name[:64],
        next=request.values.get("next", ""),
        oidc=bool(services().settings.oidc_issuer),
    )
