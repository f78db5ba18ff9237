"""The client's copy of the blocklist follows the server's rules for URLs."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quorum.client import Blocklist
from quorum.client.calls import Snapshot
from quorum.errors import StoreUnavailable
from quorum.events.event import Event
from quorum.images.urls import KEEP_ALL, UrlRules
from quorum.images.urls.rules import query_rules

PICTURE = "https://e.org/image.php"
BY_ID = UrlRules(keep=query_rules({"*": ["id"]}))


@dataclass
class Server:
    """What a client hears, in the order of `tells`: the rules that the server then has."""

    images: list[str]
    rules: UrlRules | None
    url_rules_version: str | None = None
    asked: int = 0
    fails: list[Exception] = field(default_factory=list)

    def snapshot(self) -> Snapshot:
        self.url_rules_version = self.rules.version if self.rules else None
        return Snapshot(dict.fromkeys(self.images, datetime.now(UTC)), "c")

    def events(self, after: str, *, limit: int, wait: int) -> tuple[list[Event], str]:  # noqa: ARG002
        self.url_rules_version = self.rules.version if self.rules else None
        return [], after

    def url_rules(self) -> UrlRules:
        self.asked += 1
        if self.fails:
            raise self.fails.pop()
        assert self.rules
        return self.rules


def listening(server: Server, path: Path | None = None) -> Blocklist:
    return Blocklist(server, path)  # type: ignore[arg-type]


def test_a_url_is_looked_up_as_the_server_would() -> None:
    blocklist = listening(Server([f"{PICTURE}?id=1"], BY_ID))
    blocklist.sync()
    assert "http://E.org/image.php?w=3&id=1" in blocklist
    assert f"{PICTURE}?id=2" not in blocklist


def test_rules_that_change_are_asked_for_once() -> None:
    server = Server([f"{PICTURE}?id=1"], KEEP_ALL)
    blocklist = listening(server)
    for _ in range(3):
        blocklist.sync()
    assert (f"{PICTURE}?id=1&w=3" in blocklist, server.asked) == (False, 1)
    server.rules = BY_ID
    for _ in range(3):
        blocklist.sync()
    assert (f"{PICTURE}?id=1&w=3" in blocklist, server.asked) == (True, 2)


def test_a_server_that_tells_no_rules_drops_queries_as_it_always_did() -> None:
    server = Server([PICTURE], None)
    blocklist = listening(server)
    blocklist.sync()
    assert f"{PICTURE}?id=1" in blocklist
    assert server.asked == 0


def test_rules_that_could_not_be_read_are_asked_for_again_and_those_of_a_later_release_are_not() -> None:
    server = Server([f"{PICTURE}?id=1"], BY_ID, fails=[ValueError("format 2"), StoreUnavailable("down")])
    blocklist = listening(server)
    with pytest.raises(StoreUnavailable):
        blocklist.sync()
    for _ in range(3):
        blocklist.sync()
    assert server.asked == 2


def test_the_rules_are_kept_with_the_list(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    server = Server([f"{PICTURE}?id=1"], BY_ID)
    listening(server, path).sync()
    assert f"{PICTURE}?id=1&w=3" in listening(server, path)
    kept = json.loads(path.read_text())
    del kept["url_rules"]  # as a file of an earlier release
    path.write_text(json.dumps(kept))
    again = listening(server, path)
    again.sync()
    assert f"{PICTURE}?id=1&w=3" in again
    assert server.asked == 2
