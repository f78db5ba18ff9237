"""Accounts of people inside, in the console."""

import re

from console_forms import Person
from console_site import Console

from quorum.accounts.roles import Role

PASSWORD = re.compile(r'value="([a-z0-9]{4}(?:-[a-z0-9]{4}){4})"')


def test_an_account_is_made_and_its_password_shown_once(console: Console) -> None:
    admin = Person(console, Role.ADMIN)
    answer = admin.send("/accounts", 201, name="Amina", role="moderator")
    found = PASSWORD.search(answer.text)
    assert found
    assert found[1] not in str(answer.headers)
    assert console.parts.sign_in.check("amina", found[1], "192.0.2.1").must_change
    assert "already" in admin.send("/accounts", 422, name="amina", role="viewer").text
    assert "cannot be a name" in admin.send("/accounts", 422, name="a b", role="viewer").text
    assert admin.send("/accounts", 422, name="somebody", role="king").status_code == 422
    assert "has not chosen a password yet" in admin.look("/accounts/amina")


def test_a_reset_ends_sessions_and_shows_another_password(console: Console) -> None:
    admin, other = Person(console, Role.ADMIN), Person(console, Role.MODERATOR, "reset-me")
    assert PASSWORD.search(admin.send("/accounts/reset-me/reset", 200).text)
    assert other.client.get("/shields").status_code == 303


def test_disabling_lets_nobody_in_until_it_is_enabled(console: Console) -> None:
    admin, other = Person(console, Role.ADMIN), Person(console, Role.MODERATOR, "comes-and-goes")
    assert "is disabled" in admin.told("/accounts/comes-and-goes/disable")
    assert other.client.get("/shields").status_code == 303
    assert "may sign in again" in admin.told("/accounts/comes-and-goes/enable")
    account = console.parts.accounts.get("comes-and-goes")
    assert account is not None
    assert account.disabled_ms is None


def test_a_role_changes_and_the_last_admin_stays(console: Console) -> None:
    admin = Person(console, Role.ADMIN)
    Person(console, Role.VIEWER, "climber")
    assert "now has the role: lead" in admin.told("/accounts/climber/role", role="lead")
    for name in {one.name for one in console.parts.accounts.list() if one.role is Role.ADMIN} - {admin.name}:
        console.parts.accounts.disable(name)
    assert "last admin" in admin.send(f"/accounts/{admin.name}/disable", 409).text
    assert "last admin" in admin.send(f"/accounts/{admin.name}/role", 409, role="viewer").text
    assert admin.look("/accounts")


def test_sessions_of_somebody_are_ended(console: Console) -> None:
    admin = Person(console, Role.ADMIN)
    first, second = (Person(console, Role.MODERATOR, "wanderer") for _ in range(2))
    one, _ = console.parts.sessions.list("wanderer")
    assert "The session has ended" in admin.told(f"/accounts/wanderer/sessions/{one.id}/close")
    assert "Where they are signed in" in admin.look("/accounts/wanderer")
    assert "1 session has ended" in admin.told("/accounts/wanderer/sessions/close")
    assert {person.client.get("/shields").status_code for person in (first, second)} == {303}


def test_a_name_that_nobody_has_is_said(console: Console) -> None:
    admin = Person(console, Role.ADMIN)
    admin.look("/accounts/nobody", 404)
    for action in ("reset", "disable", "enable", "sessions/close"):
        admin.send(f"/accounts/nobody/{action}", 404)
    admin.send("/accounts/nobody/role", 404, role="lead")


def test_what_was_done_is_noted(console: Console) -> None:
    Person(console, Role.ADMIN).send("/accounts", 201, name="noted-one", role="viewer")
    assert "noted-one" in Person(console, Role.LEAD).look("/audit/administration")
