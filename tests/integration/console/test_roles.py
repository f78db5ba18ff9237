"""Who may do what: every route with every role, without a session, and without the token of a form."""

import re

import pytest
from console_site import Console
from console_visits import Visit, visits
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.access.guard import ANYONE, NEEDS
from quorum.accounts.roles import Role

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
SAFE = "GET"


def as_somebody(console: Console, role: Role | None) -> tuple[FlaskClient, str]:
    """Return a browser of somebody with a role, and the token that its forms have."""
    client = console.app.test_client()
    if role:
        client.set_cookie("quorum", console.cookie(role))
    found = TOKEN.search(client.get("/mine" if role else "/sign-in").text)
    assert found
    return client, found[1]


def visit(client: FlaskClient, one: Visit, **data: str) -> TestResponse:
    answer = client.open(one.path, method=one.method, data=data or None)
    answer.close()  # it may be a file
    return answer


def test_every_route_is_in_the_table_and_no_more(console: Console) -> None:
    assert set(console.app.view_functions) == set(NEEDS)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_what_the_table_says(filled: Console, role: Role) -> None:
    for one in visits(filled.app):
        client, token = as_somebody(filled, role)
        answer = visit(client, one, csrf_token=token)
        needed = NEEDS[one.endpoint]
        if needed is ANYONE or role.may(needed):
            refused = {403, 500} if one.endpoint == "sign_in.sign_in" else {401, 403, 500}
            assert answer.status_code not in refused, (one, answer.status_code)
        else:
            assert answer.status_code == 403, one


def test_without_a_session_everything_leads_to_the_door(filled: Console) -> None:
    client, token = as_somebody(filled, None)
    for one in visits(filled.app):
        if NEEDS[one.endpoint] is ANYONE:
            continue
        answer = visit(client, one, csrf_token=token)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in"), one
        part = client.open(one.path, method=one.method, data={"csrf_token": token}, headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/sign-in"), one


def test_nothing_is_done_without_the_token_of_a_form(filled: Console) -> None:
    client, _ = as_somebody(filled, Role.ADMIN)
    other, foreign = as_somebody(filled, Role.LEAD)
    assert other is not client
    done = [one for one in visits(filled.app) if one.method != SAFE]
    assert len(done) > 10
    for one in done:
        assert visit(client, one).status_code == 400, one
        assert visit(client, one, csrf_token=foreign).status_code == 400, one


def test_no_page_changes_anything_by_being_looked_at(filled: Console) -> None:
    client, _ = as_somebody(filled, Role.ADMIN)
    before = filled.bench.client.xlen(filled.bench.keys.audit), len(filled.bench.events())
    for one in visits(filled.app):
        if one.method == SAFE:
            visit(client, one)
    assert (filled.bench.client.xlen(filled.bench.keys.audit), len(filled.bench.events())) == before


def test_every_answer_has_the_headers(filled: Console) -> None:
    client, _ = as_somebody(filled, Role.ADMIN)
    for one in (*visits(filled.app), Visit("/nothing", "GET", ""), Visit("/queue", "DELETE", "")):
        answer = visit(client, one)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert one.endpoint == "static" or answer.headers["Cache-Control"] == "no-store", one
        assert "Cookie" in answer.headers["Vary"] or one.endpoint == "static"


def test_who_was_given_a_password_chooses_one_first(console: Console) -> None:
    console.parts.accounts.add("newcomer", Role.ADMIN)
    token, _ = console.parts.sessions.open("newcomer", "")
    client = console.app.test_client()
    with client.session_transaction() as kept:
        kept["token"] = token
    for one in visits(console.app):
        if one.method == SAFE and NEEDS[one.endpoint] is not ANYONE and one.endpoint != "mine.page":
            assert visit(client, one).headers["Location"] == "/mine", one


def test_a_session_ends_where_it_is_closed(console: Console) -> None:
    client, _ = as_somebody(console, Role.MODERATOR)
    assert client.get("/queue").status_code == 200
    console.parts.sessions.close_all("moderator@example.org")
    assert client.get("/queue").headers["Location"].startswith("/sign-in")
