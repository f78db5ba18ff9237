"""Somebody who is signed in to the console and sends its forms, without a browser."""

import re
from collections.abc import Mapping
from typing import Any

from console_site import Console
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from quorum.accounts.roles import Role

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Person:
    """A person in a browser of their own."""

    def __init__(self, console: Console, role: Role, name: str = "") -> None:
        self.name = name or f"{role}@example.org"
        self.client: FlaskClient = console.app.test_client()
        self.client.set_cookie("quorum", console.cookie(role, name), domain="localhost")

    def look(self, path: str, status: int = 200, query: Mapping[str, str] | None = None) -> str:
        """Return a page as text."""
        answer = self.client.get(path, query_string=dict(query or {}))
        assert answer.status_code == status, answer.text[:2000]
        return answer.text

    def send(self, path: str, status: int = 303, page: str = "/shields", **fields: Any) -> TestResponse:
        """Send a form with the token that a page has; return the answer."""
        found = _TOKEN.search(self.look(page))
        assert found
        answer = self.client.post(path, data={"csrf_token": found[1], **fields})
        assert answer.status_code == status, f"{answer.status_code}: {answer.text[:2000]}"
        return answer

    def told(self, path: str, status: int = 303, **fields: Any) -> str:
        """Send a form and return the page that it leads to."""
        return self.look(self.send(path, status, **fields).location)
