"""What a person needs for each page and action: one table, enforced before a view runs.

A route that is not in the table stops the start.
"""

from flask import Flask, Response, abort, g, request, session, url_for

from console.web.going import see_other
from console.web.htmx import is_part
from console.web.services import services
from quorum.accounts.account import Account
from quorum.accounts.roles import Role

ANYONE = None

NEEDS: dict[str, Role | None] = {
    "static": ANYONE,
    "livez": ANYONE,
    "readyz": ANYONE,
    "sign_in.page": ANYONE,
    "sign_in.sign_in": ANYONE,
    "oidc.begin": ANYONE,
    "oidc.end": ANYONE,
    "mine.page": Role.VIEWER,
    "mine.change_password": Role.VIEWER,
    "mine.sign_out": Role.VIEWER,
    "mine.close_session": Role.VIEWER,
    "mine.close_others": Role.VIEWER,
    "queue.home": Role.VIEWER,
    "queue.page": Role.VIEWER,
    "operations.page": Role.VIEWER,
    "operations.state": Role.VIEWER,
    "operations.points": Role.VIEWER,
    "statistics.page": Role.VIEWER,
    "statistics.download": Role.LEAD,
    "queue.find": Role.VIEWER,
    "images.page": Role.VIEWER,
    "elsewhere.page": Role.MODERATOR,
    "deciding.decide": Role.MODERATOR,
    "deciding.undo": Role.MODERATOR,
    "deciding.claim": Role.MODERATOR,
    "deciding.preview": Role.MODERATOR,
    "deciding.decide_many": Role.MODERATOR,
    "reporters.ask": Role.MODERATOR,
    "reporters.find": Role.MODERATOR,
    "reporters.page": Role.MODERATOR,
    "reporters.mute": Role.LEAD,
    "audit.page": Role.MODERATOR,
    "audit.export": Role.LEAD,
    "audit.administration": Role.LEAD,
    "policy.page": Role.VIEWER,
    "policy.draft": Role.LEAD,
    "policy.check": Role.LEAD,
    "shields.page": Role.VIEWER,
    "shields.up": Role.LEAD,
    "shields.down": Role.LEAD,
    "webhooks.page": Role.ADMIN,
    "webhooks.add": Role.ADMIN,
    "webhooks.one": Role.ADMIN,
    "webhooks.remove": Role.ADMIN,
    "webhooks.enable": Role.ADMIN,
    "webhooks.rotate": Role.ADMIN,
    "webhooks.test": Role.ADMIN,
    "webhooks.replay": Role.ADMIN,
    "webhooks.resend": Role.ADMIN,
    "keys.page": Role.ADMIN,
    "keys.create": Role.ADMIN,
    "keys.revoke": Role.ADMIN,
    "accounts.page": Role.ADMIN,
    "accounts.add": Role.ADMIN,
    "accounts.one": Role.ADMIN,
    "accounts.reset": Role.ADMIN,
    "accounts.disable": Role.ADMIN,
    "accounts.enable": Role.ADMIN,
    "accounts.change_role": Role.ADMIN,
    "accounts.close_session": Role.ADMIN,
    "accounts.close_all": Role.ADMIN,
}
ASKED_BY_MACHINES = frozenset({"static", "livez", "readyz"})
ASKED_BY_PAGES = frozenset({"operations.state", "operations.points"})  # again and again, while nobody may be there
WITH_AN_OLD_PASSWORD = frozenset({"mine.page", "mine.change_password", "mine.sign_out", "static"})


def may(endpoint: str) -> bool:
    """Tell whether the person who is signed in may do what an endpoint does."""
    needed = NEEDS[endpoint]
    account: Account | None = g.get("account")
    return needed is ANYONE or (account is not None and account.role.may(needed))


def guard(app: Flask) -> None:
    """Put the table before every view, once all are registered. Raises LookupError."""
    for endpoint in app.view_functions:
        if endpoint not in NEEDS:
            raise LookupError(f"{endpoint} is not in the table of what people need")
    app.before_request(_check)


def _check() -> Response | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in ASKED_BY_MACHINES:
        return None
    _know_who()
    needed = NEEDS[endpoint]
    if needed is ANYONE:
        return None
    if "account" not in g:
        return to_sign_in()
    if g.account.must_change and endpoint not in WITH_AN_OLD_PASSWORD:
        return see_other(url_for("mine.page"))
    if not g.account.role.may(needed):
        abort(403)
    return None


def _know_who() -> None:
    token = session.get("token")
    used = request.endpoint not in ASKED_BY_PAGES
    found = services().sessions.find(token, used=used) if isinstance(token, str) else None
    if found:
        g.session, g.account = found
    elif token:
        session.pop("token")
    _look_for_redis(is_known=bool(found))


def _look_for_redis(*, is_known: bool) -> None:
    """Raise StoreUnavailable where nobody can sign in, so that it is said before anybody tries."""
    if not is_known and request.method == "GET":
        services().readiness.ready()


def to_sign_in() -> Response:
    """Send somebody to sign in, and back here afterwards."""
    if is_part():
        return Response(status=401, headers={"HX-Redirect": url_for("sign_in.page")})
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return see_other(url_for("sign_in.page", next=back))
