"""How a page is made of its template, and a part of it for htmx."""

from typing import Any

from flask import Flask, Response, g, render_template, request, session, url_for
from flask_wtf.csrf import generate_csrf

from console.access.guard import may
from console.images.words import LOOKS, ROLES, STATES, happened, letter, outcome, reason_name
from console.web.menu import menu
from console.web.services import services
from console.words.formats import FILTERS
from console.words.refusals import why
from console.words.translating import gettext, language
from quorum.languages import LANGUAGES, RIGHT_TO_LEFT

MOST_NOTICES, MOST_CHARACTERS = 3, 300


def show(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page from its template."""
    return Response(render_template(template, **values), status, headers={"Content-Language": language()})


def notice(text: str, kind: str = "good", **more: Any) -> None:
    """Say something on the next page that is shown; `kind` is `good` or `bad`.

    It waits in the cookie, which must stay small: browsers drop one of over 4 KB, and with it the session.
    """
    waiting = [{**one, "undo": None} for one in session.get("notices", [])[-MOST_NOTICES:]]
    session["notices"] = [*waiting, {"text": text[:MOST_CHARACTERS], "kind": kind, **more}]


def prepare_templates(app: Flask) -> None:
    """Give all templates what they have in common."""
    app.jinja_env.filters.update(FILTERS)

    @app.context_processor
    def common() -> dict[str, Any]:
        tongue = language()
        return {
            "language": tongue,
            "languages": LANGUAGES,
            "direction": "rtl" if tongue in RIGHT_TO_LEFT else "ltr",
            "account": g.get("account"),
            "may": may,
            "menu": menu,
            "csrf_token": generate_csrf,
            "notices": lambda: session.pop("notices", []),
            "here_in": here_in,
            "here": lambda: request.full_path.rstrip("?"),
            "state_names": STATES,
            "looks": LOOKS,
            "happened": happened,
            "letter": letter,
            "outcome": outcome,
            "why": why,
            "reason_name": lambda name: reason_name(services().policy, name),
            "role_name": lambda role: gettext(ROLES[role]),
        }


def here_in(code: str) -> str:
    """Return the address of this page in another language; of what is not asked for by GET, that of the first page."""
    if request.method != "GET" or request.endpoint is None:
        return url_for("queue.page", lang=code)
    return url_for(request.endpoint, **{**request.args.to_dict(flat=False), **(request.view_args or {}), "lang": code})
