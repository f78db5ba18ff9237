"""Accounts of people inside: who there is, what they may do, and where they are signed in."""

from typing import Any

from flask import Blueprint, Response, request, url_for

from console.accounts.roles import MAY
from console.images.words import ROLES
from console.web.deeds import Did, note_deed
from console.web.going import see_other
from console.web.pages import notice, show
from console.web.problems import Wrong
from console.web.services import services
from console.words.refusals import why
from console.words.translating import gettext as _
from console.words.translating import ngettext
from quorum.accounts.account import MAX_NAME, Account
from quorum.accounts.roles import Role
from quorum.errors import AccountExists, InvalidAccount, LastAdmin

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/accounts")
def page() -> Response:
    """Show all accounts, those that let nobody in at the end."""
    return _page(200)


@blueprint.post("/accounts")
def add() -> Response:
    """Make an account, and show its password: here and never again."""
    name, role = request.form.get("name", "")[: 4 * MAX_NAME], _role()
    try:
        account, password = services().accounts.add(name, role)
    except InvalidAccount as error:
        return _page(422, _("This cannot be a name: %(why)s.", why=why(error)), name, role)
    except AccountExists:
        return _page(422, _("There is an account of this name already."), name, role)
    note_deed(Did.ACCOUNT_ADDED, account.name, account.role)
    return show("accounts/password.html", 201, one=account, password=password)


@blueprint.get("/accounts/<name>")
def one(name: str) -> Response:
    """Show an account and its sessions."""
    account = _account(name)
    return show("accounts/one.html", one=account, sessions=services().sessions.list(account.name), **_words())


@blueprint.post("/accounts/<name>/reset")
def reset(name: str) -> Response:
    """Give an account another password, and show it: here and never again."""
    account = _account(name)
    if account.password is None:
        raise Wrong(409, _("This account has no password: its owner signs in with your organisation."))
    password = services().accounts.reset(account.name)
    note_deed(Did.ACCOUNT_RESET, account.name)
    return show("accounts/password.html", one=account, password=password)


@blueprint.post("/accounts/<name>/disable")
def disable(name: str) -> Response:
    """Let nobody in by an account any more."""
    try:
        account = services().accounts.disable(_account(name).name)
    except LastAdmin as error:
        raise _last_admin() from error
    note_deed(Did.ACCOUNT_DISABLED, account.name)
    notice(_("%(name)s is disabled, and signed out everywhere.", name=account.name))
    return _to(account)


@blueprint.post("/accounts/<name>/enable")
def enable(name: str) -> Response:
    """Let the owner of an account in again."""
    account = services().accounts.enable(_account(name).name)
    note_deed(Did.ACCOUNT_ENABLED, account.name)
    notice(_("%(name)s may sign in again.", name=account.name))
    return _to(account)


@blueprint.post("/accounts/<name>/role")
def change_role(name: str) -> Response:
    """Give an account another role."""
    before = _account(name)
    try:
        account = services().accounts.set_role(before.name, _role())
    except LastAdmin as error:
        raise _last_admin() from error
    if account.role is not before.role:
        note_deed(Did.ACCOUNT_ROLE, account.name, f"{before.role} → {account.role}")
    notice(_("%(name)s now has the role: %(role)s.", name=account.name, role=_(ROLES[account.role])))
    return _to(account)


@blueprint.post("/accounts/<name>/sessions/<session_id>/close")
def close_session(name: str, session_id: str) -> Response:
    """End a session of somebody."""
    account = _account(name)
    if services().sessions.close_id(account.name, session_id[:64]):
        note_deed(Did.SESSIONS_CLOSED, account.name, "1")
    notice(_("The session has ended."))
    return _to(account)


@blueprint.post("/accounts/<name>/sessions/close")
def close_all(name: str) -> Response:
    """End all sessions of somebody."""
    account = _account(name)
    closed = services().sessions.close_all(account.name)
    note_deed(Did.SESSIONS_CLOSED, account.name, str(closed))
    notice(ngettext("%(num)s session has ended.", "%(num)s sessions have ended.", closed))
    return _to(account)


def _account(name: str) -> Account:
    """Return an account. Raises Wrong when there is none."""
    try:
        found = services().accounts.get(name)
    except InvalidAccount:
        found = None
    if found is None:
        raise Wrong(404, _("There is no account of this name."))
    return found


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError as error:
        raise Wrong(422, _("Please choose a role.")) from error


def _last_admin() -> Wrong:
    return Wrong(409, _("This is the last admin who can sign in: make somebody else an admin first."))


def _to(account: Account) -> Response:
    return see_other(url_for("accounts.one", name=account.name))


def _page(status: int, words: str = "", name: str = "", role: Role = Role.MODERATOR) -> Response:
    stored = sorted(services().accounts.list(), key=lambda account: (account.disabled_ms is not None, account.name))
    texts = _words()
    return show("accounts/page.html", status, accounts=stored, words=words, name=name[:MAX_NAME], role=role, **texts)


def _words() -> dict[str, Any]:
    return {"role_names": {role: _(text) for role, text in ROLES.items()}, "may_do": {r: _(t) for r, t in MAY.items()}}
