"""One image, one name: whichever side is told a spelling, it means the same image by it, or refuses it."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from conftest import NO_CAPS, ROOT, claimed_app, environment, make_settings
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.cli.main import cli
from quorum.client import Blocklist
from quorum.client.calls import Snapshot
from quorum.errors import InvalidImageId, PolicyError
from quorum.images.urls import UrlRules
from quorum.images.urls.rules import read_document
from quorum.policy import load_policy, parse_policy
from quorum.settings import Settings
from quorum.store.connection import connect

REFUSED = "refused"
URLS = """
[urls.keep_query]
"news.example/image.php" = ["id"]
[urls.drop_query]
"cdn.example/*" = ["w"]
[[urls.same]]
match = "https://cdn.example/{path...}-{width:number}x{height:number}.{format}"
to = "https://cdn.example/{path...}"
"""
PHOTO = "https://cdn.example/a/b.jpg"
SPELLINGS = {  # named spellings, and the image that each is; None: it is refused
    "an id of the site": ("img-1", "img-1"),
    "a path": ("photos/2026/1.jpg", "photos/2026/1.jpg"),
    "decomposed (NFD)": ("cafe\u0301.jpg", "café.jpg"),
    "a new emoji": ("x-\U0001fae8.jpg", "x-\U0001fae8.jpg"),
    "Persian with ZWNJ": ("\u0645\u06cc\u200c\u0631\u0648\u0645.jpg", "\u0645\u06cc\u200c\u0631\u0648\u0645.jpg"),
    "http, a default port": ("http://cdn.example:80/a/b.jpg", PHOTO),
    "host in upper case": ("HTTPS://CDN.Example./a/b.jpg", PHOTO),
    "dot segments": ("https://cdn.example/x/../a/./b.jpg", PHOTO),
    "escapes that need not be": ("https://cdn.example/%61/b%2ejpg", PHOTO),
    "a fragment, trackers": ("https://cdn.example/a/b.jpg?utm_source=x&fbclid=1#top", PHOTO),
    "a dropped parameter": ("https://cdn.example/a/b.jpg?w=300", PHOTO),
    "parameters in another order": ("https://cdn.example/a/b.jpg?z=1&id=%37", PHOTO + "?id=7&z=1"),
    "another id in the query": ("https://news.example/image.php?id=8&w=3", "https://news.example/image.php?id=8"),
    "a size of a CDN": ("https://cdn.example/a/c-300x200.webp", "https://cdn.example/a/c"),
    "another script": ("https://bücher.example/ü.jpg", "https://xn--bcher-kva.example/%C3%BC.jpg"),
    "NFD, encoded": ("https://cdn.example/e%CC%81.jpg", "https://cdn.example/%C3%A9.jpg"),
    "escapes that are not UTF-8": ("https://cdn.example/caf%e9.jpg", "https://cdn.example/caf%E9.jpg"),
    "a slash that is encoded": ("https://cdn.example/a%2fb.jpg", "https://cdn.example/a%2Fb.jpg"),
    "79 Arabic letters": ("https://cdn.example/" + "ص" * 79, "https://cdn.example/" + "%D8%B5" * 79),
    "a bidi override": ("abc\u202egpj.exe", None),
    "a user name": ("https://user@cdn.example/a/b.jpg", None),
    "a space in a URL": ("https://cdn.example/a b.jpg", None),
    "a replacement character": ("caf\ufffd.jpg", None),
}


@dataclass
class Copy:
    """A client of the API that needs no network."""

    images: set[str]
    rules: UrlRules
    url_rules_version: str | None

    def snapshot(self) -> Snapshot:
        return Snapshot(dict.fromkeys(self.images, datetime.now(UTC)), "0")

    def url_rules(self) -> UrlRules:
        return self.rules


@pytest.fixture(scope="module")
def settings(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    path = tmp_path_factory.mktemp("policy") / "policy.toml"
    path.write_text(NO_CAPS.read_text() + URLS)
    return make_settings(redis_url, policy_path=path)


@pytest.fixture(scope="module")
def sides(settings: Settings) -> Iterator["Sides"]:
    app = claimed_app(settings, lambda _: None)
    with app.test_client() as client, connect(settings.redis_url, 5.0) as redis:
        _, whole = ApiKeys(redis, settings.namespace).create("m", frozenset(Scope))
        yield Sides(client, whole, settings)


class Sides:
    """Every side of quorum that is told image ids; each returns what it takes a spelling for, or REFUSED."""

    def __init__(self, client: FlaskClient, key: str, settings: Settings) -> None:
        self._client, self._settings = client, settings
        self._key = {"Authorization": f"Bearer {key}"}
        self._rules = read_document(client.get("/v1/url-rules", headers=self._key).get_json())
        self._text = Path(str(settings.policy_path)).read_text()
        self._count = 0

    def names(self) -> list[str]:
        return [name for name in vars(Sides) if not name.startswith("_") and name not in {"names", "all"}]

    def all(self, spelling: str) -> dict[str, str]:
        return {name.replace("_", " "): getattr(self, name)(spelling) for name in self.names()}

    def body(self, spelling: str) -> str:
        return self._named(self._post("/v1/reports", self._report(spelling)), 202)

    def batch(self, spelling: str) -> str:
        [result] = self._post("/v1/reports/batch", [self._report(spelling)]).get_json()["results"]
        return str(result["image_id"]) if result["status"] == 202 else REFUSED

    def problem(self, spelling: str) -> str:
        answer = self._post("/v1/reports", {**self._report(spelling), "reason": "none"})
        return str(answer.get_json().get("image_id", REFUSED))

    def status(self, spelling: str) -> str:
        answer = self._post("/v1/images/status", {"image_ids": [spelling]})
        return str(answer.get_json()["images"][0]["image_id"]) if answer.status_code == 200 else REFUSED

    def path(self, spelling: str) -> str:
        return self._named(self._client.get(f"/v1/images/{quote(spelling, safe='')}", headers=self._key), 200)

    def decision(self, spelling: str) -> str:
        made = self._post(f"/v1/images/{quote(spelling, safe='')}/decisions", {"decision": "block"})
        return self._named(made, made.status_code if made.status_code == 409 else 200)  # 409: it is blocked

    def gate(self, spelling: str) -> str:
        """Let the spelling's canonical form be blocked, and ask the gate about the spelling."""
        image = self.decision(spelling)
        answer = self._client.get(f"/v1/gate/{quote(spelling, safe='')}", headers=self._key)
        return {403: image, 400: REFUSED, 404: REFUSED}.get(answer.status_code, f"{answer.status_code}")

    def policy_file(self, spelling: str) -> str:
        try:
            policy = parse_policy(
                f"{self._text}\n[[images]]\nmatch = {json.dumps(spelling, ensure_ascii=False)}\n", "p.toml"
            )
        except PolicyError:
            return REFUSED
        return policy.images[0].match

    def client(self, spelling: str) -> str:
        image = self.status(spelling)
        blocklist = Blocklist(Copy({image}, self._rules, self._rules.version))  # type: ignore[arg-type]
        blocklist.sync()
        try:
            return image if spelling in blocklist else "another"
        except InvalidImageId:
            return REFUSED

    def command_line(self, spelling: str) -> str:
        return self._run("policy", "check", "--explain", spelling)

    def _run(self, *words: str) -> str:
        done = CliRunner().invoke(cli, words, env=environment(self._settings))
        return done.stdout.splitlines()[0] if done.exit_code == 0 else REFUSED

    def _report(self, spelling: str) -> dict[str, str]:
        self._count += 1
        return {"image_id": spelling, "reason": "violence", "reporter_id": f"reader-{self._count}"}

    def _post(self, path: str, body: Any) -> Any:
        return self._client.post(path, json=body, headers=self._key)

    @staticmethod
    def _named(answer: Any, status: int) -> str:
        return str(answer.get_json()["image_id"]) if answer.status_code == status else REFUSED


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_side_means_the_same_image_by_a_spelling(sides: Sides, name: str) -> None:
    spelling, image = SPELLINGS[name]
    assert set(sides.all(spelling).values()) == {image or REFUSED}


_TEXTS = ["a", "B", "/", "//", ".", "..", "+", " ", "é", "e\u0301", "ص", "\u200c", "\U0001fae8"]
_PIECES = st.sampled_from([*_TEXTS, "%", "%2e", "%2F", "%E9", "%C3%A9"])
_HEADS = st.sampled_from(["", "/", "http://cdn.example/", "HTTPS://CDN.example:443/", "https://bücher.example./a/"])
_TAILS = st.sampled_from(["", "?", "?id=1", "?b=2&a=1&w=3", "?utm_x=1", "?q=%E9", "?a=b c", "#x", "-30x20.jpg"])


@hypothesis_settings(deadline=None, max_examples=60)
@given(head=_HEADS, middle=st.lists(_PIECES, max_size=6), tail=_TAILS)
def test_every_side_means_the_same_image_by_any_spelling(head: str, middle: list[str], tail: str, sides: Sides) -> None:
    spelling = head + "".join(middle) + tail
    said = sides.all(spelling)
    assert len(set(said.values())) == 1, (spelling, said)
    [image] = set(said.values())
    if image != REFUSED:
        assert set(sides.all(image).values()) == {image}


def test_a_url_in_a_path_may_have_its_query_as_it_is(sides: Sides) -> None:
    for url in ("https://news.example/image.php?id=8", "http://NEWS.example/image.php?w=3&id=8"):
        answer = sides._client.get(f"/v1/images/{url}", headers=sides._key)
        assert answer.get_json()["image_id"] == "https://news.example/image.php?id=8"
    assert sides._client.get("/v1/images/img-1?_=123", headers=sides._key).get_json()["image_id"] == "img-1"


def test_a_path_with_escapes_that_are_not_utf8_is_400(sides: Sides) -> None:
    for path in ("/v1/images/caf%E9.jpg", "/v1/gate/caf%E9.jpg", "/v1/images/https://cdn.example/caf%E9.jpg"):
        assert sides._client.get(path, headers=sides._key).status_code == 400


def test_views_and_decisions_by_hand_mean_the_same_image(sides: Sides) -> None:
    for spelling, image in SPELLINGS.values():
        told = sides._post("/v1/images/views", {"views": {spelling: 7}})
        assert told.status_code == (200 if image else 422)
        assert sides._run("decide", spelling, "block", "--unknown") == (f"{image} is blocked" if image else REFUSED)


def test_the_table_in_the_docs_is_what_every_side_says(sides: Sides) -> None:
    """With GENERATE=1 the table is made anew instead."""
    path = ROOT / "docs" / "names.md"
    text = path.read_text()
    start, rest = text.split("<!-- begin: spellings -->\n")
    made = f"{start}<!-- begin: spellings -->\n{table(sides)}<!-- end -->{rest.split('<!-- end -->', 1)[1]}"
    if os.environ.get("GENERATE"):
        path.write_text(made)
    assert made == path.read_text()


def table(sides: Sides) -> str:
    names = [name.replace("_", " ") for name in sides.names()]
    rows = ["| spelling | written | image | " + " | ".join(names) + " |", "|---" * (len(names) + 3) + "|"]
    for name, (spelling, image) in SPELLINGS.items():
        said = ["same" if one == image else one for one in sides.all(spelling).values()]
        means = f"`{shown(image)}`" if image else "-"
        rows.append(f"| {name} | `{shown(spelling)}` | {means} | " + " | ".join(said) + " |")
    return "\n".join(rows) + "\n"


def shown(text: str) -> str:
    """Write what cannot be seen as an escape, and the middle of what is long as dots."""
    seen = "".join(f"\\u{ord(one):04x}" if not one.isprintable() or 0x300 <= ord(one) < 0x370 else one for one in text)
    return seen if len(seen) <= 70 else f"{seen[:40]}...{seen[-12:]}"


def test_the_rules_in_use_are_those_of_the_file(sides: Sides, settings: Settings) -> None:
    assert sides._rules == load_policy(settings.policy_path).urls
