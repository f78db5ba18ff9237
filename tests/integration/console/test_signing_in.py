"""Signing in: what a cookie is like, what a stranger learns, and where one comes out."""

import re

import pytest
from console_site import PASSWORD, Console
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from console.access.signing_in import label_of, safe_place
from quorum.accounts.roles import Role

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def sign_in(client: FlaskClient, name: str, password: str, **more: str) -> TestResponse:
    found = TOKEN.search(client.get("/sign-in").text)
    assert found
    return client.post("/sign-in", data={"name": name, "password": password, "csrf_token": found[1], **more})


def test_who_signs_in_gets_a_cookie_that_no_script_reads_and_comes_back_to_the_page(console: Console) -> None:
    name = console.account(Role.MODERATOR)
    client = console.app.test_client()
    asked = client.get("/images/img-1?lang=fr")
    assert asked.headers["Location"] == "/sign-in?next=/images/img-1?lang%3Dfr"
    answer = sign_in(client, name.upper(), PASSWORD, next="/images/img-1?lang=fr")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/images/img-1?lang=fr")
    cookie = answer.headers["Set-Cookie"]
    assert re.match(r"quorum=[^;]+; HttpOnly; Path=/; SameSite=Lax$", cookie)
    assert PASSWORD not in cookie
    [session] = [one for one in console.parts.sessions.list(name) if one.agent != "Chromium, Linux"]
    assert session.name == name


def test_over_https_the_cookie_is_for_this_host_alone(console: Console) -> None:
    client = console.app.test_client()
    page = client.get("/sign-in", base_url="https://console.example.org")
    assert re.match(r"__Host-quorum=[^;]+; Secure; HttpOnly; Path=/; SameSite=Lax$", page.headers["Set-Cookie"])


def test_nobody_learns_which_names_there_are(console: Console) -> None:
    client = console.app.test_client()
    name = console.account(Role.VIEWER)
    wrong, unknown, empty = (sign_in(client, one, "x" * 12) for one in (name, "nobody@example.org", ""))
    assert [one.status_code for one in (wrong, unknown, empty)] == [401] * 3
    told = [re.sub(r'value="[^"]*"', "", one.text) for one in (wrong, unknown, empty)]
    assert told[0] == told[1] == told[2]


def test_who_guesses_is_slowed_down_in_words(console: Console) -> None:
    client = console.app.test_client()
    name = console.account(Role.LEAD)
    answers = [sign_in(client, name, "x" * 12) for _ in range(8)]
    assert {one.status_code for one in answers} == {401, 429}
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "minute" in answers[-1].text


def test_a_session_begins_with_a_cookie_of_its_own(console: Console) -> None:
    client = console.app.test_client()
    with client.session_transaction() as kept:
        kept.update(token="planted", next="planted")
    sign_in(client, console.account(Role.ADMIN), PASSWORD)
    with client.session_transaction() as kept:
        assert kept["token"] != "planted"
        assert "next" not in kept


def test_signing_out_ends_the_session_and_not_the_cookie_alone(console: Console) -> None:
    client = console.app.test_client()
    sign_in(client, console.account(Role.ADMIN, "leaver"), PASSWORD)
    with client.session_transaction() as kept:
        token = kept["token"]
    found = TOKEN.search(client.get("/mine").text)
    assert found
    client.post("/mine/sign-out", data={"csrf_token": found[1]})
    assert console.parts.sessions.find(token) is None


@given(st.text(max_size=60) | st.sampled_from(["//evil.example", "/\\evil.example", "https://evil.example", "/a\nb"]))
@pytest.mark.usefixtures("console")
def test_no_way_back_leaves_the_console(console: Console, wanted: str) -> None:
    with console.app.test_request_context("/sign-in"):
        place = safe_place(wanted)
    assert re.match(r"/(?![/\\])", place)
    assert not re.search(r"[\x00-\x20\\]", place)


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("", "?"),
        ("<script>", "?"),
    ],
)
def test_browsers_are_called_by_name(agent: str, label: str) -> None:
    assert label_of(agent) == label
