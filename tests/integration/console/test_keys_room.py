"""API keys in the console: shown once, revoked for good, and noted."""

import logging
import re

import pytest
from console_forms import Person
from console_site import Console

from quorum.access.keys import Scope
from quorum.access.stored_keys import KeyRing
from quorum.accounts.roles import Role
from quorum.telemetry.discretion import discreet

WHOLE = re.compile(r'value="(qk_[0-9a-f]{12}\.[\w-]{43})"')


def test_a_key_is_shown_once_and_works(console: Console) -> None:
    admin = Person(console, Role.ADMIN)
    answer = admin.send("/keys", 201, name="news <site>", scopes=["read", "report", "nonsense"])
    found = WHOLE.search(answer.text)
    assert found
    assert "news &lt;site&gt;" in answer.text
    assert found[1] not in str(answer.headers)
    key = KeyRing(console.parts.keys).find(found[1])
    assert key is not None
    assert key.scopes == {Scope.READ, Scope.REPORT}
    assert found[1].partition(".")[2] not in admin.look("/keys")


def test_a_key_needs_somebody_and_a_scope(console: Console) -> None:
    admin = Person(console, Role.ADMIN)
    before = len(console.parts.keys.list())
    for fields in ({"name": " ", "scopes": "read"}, {"name": "x" * 101, "scopes": "read"}, {"name": "no scope"}):
        assert 'role="alert"' in admin.send("/keys", 422, **fields).text
    assert len(console.parts.keys.list()) == before


def test_a_revoked_key_opens_nothing_and_the_list_says_so(console: Console) -> None:
    admin = Person(console, Role.ADMIN)
    key, whole = console.parts.keys.create("old backend", frozenset({Scope.READ}))
    assert "The key of old backend is revoked" in admin.told(f"/keys/{key.id}/revoke")
    assert KeyRing(console.parts.keys).find(whole) is None
    assert "there is no API key" in admin.send("/keys/none/revoke", 409).text


def test_who_did_it_is_noted_and_logged(console: Console, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "console.web.deeds"):
        Person(console, Role.ADMIN).send("/keys", 201, name="a noted one", scopes="read")
    [line] = [discreet(record) for record in caplog.records if record.name == "console.web.deeds"]
    assert line.getMessage() == "key created"
    told = line.__dict__
    assert (told["account"], told["detail"]) == ("admin@example.org", "read")
    assert told["about"].startswith("a noted one (")
    page = Person(console, Role.LEAD).look("/audit/administration")
    assert "a noted one" in page
    assert "created an API key" in page
    assert "admin@example.org" in page
