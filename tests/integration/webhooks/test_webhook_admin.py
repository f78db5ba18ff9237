"""Webhooks over the API and at the keyboard: an endpoint twice, and a row that cannot be read."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import claimed_app, environment
from flask.testing import FlaskClient
from store import Bench

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.settings import Settings

URL = "https://cms.example.org/hook"
AGAIN = "HTTPS://cms.example.org:443/hook"
BLOCKED, HELD = "quorum.image.blocked.v1", "quorum.image.held.v1"


class Admin:
    """Calls the API with a key for everything."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, status: int, body: Any = None) -> Any:
        answer = self._client.open(f"/v1/webhooks{path}", method=method, json=body, headers=self._headers)
        assert answer.status_code == status, answer.text
        return answer.get_json(silent=True)


@pytest.fixture
def admin(settings: Settings, bench: Bench) -> Iterator[Admin]:
    _, whole = ApiKeys(bench.client, settings.namespace).create("admin", frozenset({Scope.ADMIN}))
    with claimed_app(settings, lambda _: None).test_client() as client:
        yield Admin(client, whole)


def quorum(settings: Settings, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "quorum.cli.main", "webhooks", *words]
    return subprocess.run(command, env=environment(settings), capture_output=True, text=True, check=False)


def test_a_second_webhook_for_the_same_events_of_an_endpoint_is_refused_and_names_the_first(
    admin: Admin, settings: Settings
) -> None:
    first = admin.ask("POST", "", 201, {"url": URL})["id"]
    refused = admin.ask("POST", "", 409, {"url": AGAIN, "types": [BLOCKED, HELD]})
    assert (refused["type"], refused["first"]) == ("urn:quorum:problem:webhook-exists", first)
    assert first in refused["detail"]
    done = quorum(settings, "add", AGAIN)
    assert done.returncode != 0
    assert first in done.stderr
    admin.ask("POST", "", 201, {"url": URL, "types": [HELD]})


def test_a_row_that_cannot_be_read_is_told_and_can_be_removed(admin: Admin, bench: Bench, settings: Settings) -> None:
    broken, well = (admin.ask("POST", "", 201, {"url": f"{URL}/{number}"})["id"] for number in range(2))
    bench.client.hset(f"{bench.keys.webhooks}subscriptions", broken, "{")
    assert admin.ask("POST", f"/{broken}/test", 409)["type"] == "urn:quorum:problem:webhook-unreadable"
    assert [one["id"] for one in admin.ask("GET", "", 200)["webhooks"]] == [well]
    assert f"{broken}  cannot be read" in quorum(settings, "list").stdout
    admin.ask("DELETE", f"/{broken}", 204)
    assert quorum(settings, "list").stdout.count("\n") == 1
