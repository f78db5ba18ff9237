"""One person, one name: whichever side is told a spelling, it means the same person by it, or refuses it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import NO_CAPS, ROOT, SITE_KEY, TOKEN_SECRET, claimed_app, environment, make_settings
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis import Redis

from quorum.cli.main import cli
from quorum.client import ApiError, Client
from quorum.errors import InvalidName, InvalidRecord, PolicyError
from quorum.judgement.records import Report
from quorum.people import Person
from quorum.policy import parse_policy
from quorum.reporters.fingerprints import NAMED, fingerprint
from quorum.reporters.identities import Identities
from quorum.reporters.tokens import mint_token
from quorum.settings import Settings
from quorum.simulation.recorded import from_lines
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.tally.codec import decode_entry

REFUSED = "refused"
RENEE = "Ren\u00e9e"
SPELLINGS = {  # named spellings, whose each is; None: it is refused
    "as the site writes it": ("Alice", "Alice"),
    "in lower case": ("alice", "alice"),
    "in upper case": ("ALICE", "ALICE"),
    "a blank at the end": ("alice ", "alice"),
    "blanks of other kinds": ("\u00a0Alice\u3000", "Alice"),
    "composed (NFC)": (RENEE, RENEE),
    "decomposed (NFD)": ("Rene\u0301e", RENEE),
    "another case, decomposed": ("RENE\u0301E", "REN\u00c9E"),
    "sharp s": ("stra\u00dfe", "stra\u00dfe"),
    "its upper case": ("STRASSE", "STRASSE"),
    "Persian with ZWNJ": ("\u0645\u06cc\u200c\u0631\u0648\u0645", "\u0645\u06cc\u200c\u0631\u0648\u0645"),
    "a family": ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    "a heart of a phone": ("x\u2764\ufe0f", "x\u2764"),
    "a heart": ("x\u2764", "x\u2764"),
    "a new emoji": ("user-\U0001fae8", "user-\U0001fae8"),
    "200 letters, 600 bytes": ("\u5b57" * 200, "\u5b57" * 200),
    "a Hangul filler": ("alice\u3164", None),
    "a variation selector": ("alice\ufe0f", None),
    "a zero-width space": ("ali\u200bce", None),
    "a joiner between Latin letters": ("ali\u200dce", None),
    "a bidi override": ("\u202eecila", None),
    "a soft hyphen": ("ali\u00adce", None),
    "a line break": ("alice\n", None),
    "a lone surrogate": ("alice\ud800", None),
    "a noncharacter": ("alice\ufdd0", None),
    "a blank": ("\u3000", None),
    "2,050 bytes": ("\u00e9" * 1025, None),
}


class FlaskCalls(Client):
    """The Python client, asking an application instead of a network."""

    def __init__(self, app: FlaskClient) -> None:
        super().__init__("http://quorum.example", SITE_KEY)
        self._app = app

    def _ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        answer = self._app.open(
            path, method=method, json=body, headers={"Authorization": f"Bearer {SITE_KEY}", **(headers or {})}
        )
        if answer.status_code >= 400:
            raise ApiError(answer.status_code, answer.get_json())
        return answer.get_json()


class Sides:
    """Every side of quorum that is told names; each returns whom it takes a spelling for, or REFUSED.

    A side that keeps a fingerprint says who by looking it up among the `known` names.
    """

    def __init__(self, client: FlaskClient, redis: Redis, settings: Settings, *, fold_case: bool) -> None:
        self._client, self._redis, self._settings, self._fold_case = client, redis, settings, fold_case
        self._key = {"Authorization": f"Bearer {SITE_KEY}"}
        self._text = Path(str(settings.policy_path)).read_text()
        self._inbox = keys_of(settings.namespace, 0).inbox
        self._identities = Identities(settings.pepper)
        self._calls = FlaskCalls(client)

    def names(self) -> list[str]:
        return [name for name in vars(Sides) if not name.startswith("_") and name not in {"names", "all"}]

    def all(self, spelling: str, known: list[str]) -> dict[str, str]:
        self._known = {fingerprint(self._settings.pepper.encode(), NAMED, name): name for name in known}
        return {name.replace("_", " "): getattr(self, name)(spelling) for name in self.names()}

    def body(self, spelling: str) -> str:
        answer = self._client.post("/v1/reports", json=self._report(spelling), headers=self._key)
        return self._kept(answer.status_code == 202)

    def batch(self, spelling: str) -> str:
        answer = self._client.post("/v1/reports/batch", json=[self._report(spelling)], headers=self._key)
        return self._kept(answer.get_json()["accepted"] == 1)

    def token(self, spelling: str) -> str:
        token = mint_token(TOKEN_SECRET, "quorum", spelling, 600)
        body = {"image_id": "img-1", "reason": "violence"}
        answer = self._client.post("/v1/reports", json=body, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in {202, 401}
        return self._kept(answer.status_code == 202)

    def client(self, spelling: str) -> str:
        try:
            self._calls.report("img-1", "violence", spelling)
        except ApiError:
            return REFUSED
        return self._kept(accepted=True)

    def status(self, spelling: str) -> str:
        answer = self._client.post("/v1/reporters/status", json={"reporter_ids": [spelling]}, headers=self._key)
        return str(answer.get_json()["reporters"][0]["reporter_id"]) if answer.status_code == 200 else REFUSED

    def policy_file(self, spelling: str) -> str:
        written = "".join(f"\\U{ord(one):08x}" if not one.isprintable() else one for one in spelling)
        text = self._text.replace("[people]", f'[people]\nmuted = ["{written}"]')
        try:
            [name] = parse_policy(text, "p.toml").people.muted
        except PolicyError:
            return REFUSED
        return name

    def mute(self, spelling: str) -> str:
        """Mute by hand, and ask whom of the known that muted."""
        return self._standing(self._run("reporters", "mute", "--", spelling))

    def forget(self, spelling: str) -> str:
        """Let each of the known report, and see who is gone from the inbox when the spelling is forgotten."""
        self._redis.delete(self._inbox)
        for name in self._known.values():
            self._client.post("/v1/reports", json=self._report(name), headers=self._key)
        done = self._run("forget", "--", spelling)
        left = {decode_entry(entry).reporter.fingerprint for entry in self._entries()}
        gone = [name for mark, name in self._known.items() if mark not in left]
        self._redis.delete(self._inbox)
        return (gone[0] if len(gone) == 1 else f"{len(gone)} people") if done else REFUSED

    def quorum_token(self, spelling: str) -> str:
        done = CliRunner().invoke(cli, ["token", "--", spelling], env=environment(self._settings))
        if done.exit_code:
            return REFUSED
        headers = {"Authorization": f"Bearer {done.stdout.strip()}"}
        body = {"image_id": "img-1", "reason": "violence"}
        return self._kept(self._client.post("/v1/reports", json=body, headers=headers).status_code == 202)

    def simulation(self, spelling: str) -> str:
        lines = [
            json.dumps({"image_id": "a", "reporter": name, "reason": "violence", "received_at": 1})
            for name in (spelling, *self._known.values())
        ]
        try:
            read = from_lines(lines, fold_case=self._fold_case)
            said, *others = (report.reporter.fingerprint for report in read if isinstance(report, Report))
        except InvalidRecord:
            return REFUSED
        return list(self._known.values())[others.index(said)]

    def _report(self, spelling: str) -> dict[str, str]:
        return {"image_id": "img-1", "reason": "violence", "reporter_id": spelling}

    def _entries(self) -> list[bytes]:
        found: Any = self._redis.lrange(self._inbox, 0, -1)
        return list(found)

    def _kept(self, accepted: bool) -> str:  # noqa: FBT001
        entries = self._entries()
        self._redis.delete(self._inbox)
        assert len(entries) == accepted
        return self._known.get(decode_entry(entries[0]).reporter.fingerprint, "another") if accepted else REFUSED

    def _run(self, *words: str) -> bool:
        done = CliRunner().invoke(cli, words, env=environment(self._settings))
        assert done.exit_code == 0 or "SUBJECT: " in done.output, done.output
        return done.exit_code == 0

    def _standing(self, done: bool) -> str:  # noqa: FBT001
        names = list(self._known.values())
        answer = self._client.post("/v1/reporters/status", json={"reporter_ids": names}, headers=self._key)
        muted = [name for name, one in zip(names, answer.get_json()["reporters"], strict=True) if one["muted_until"]]
        for name in muted:
            self._run("reporters", "unmute", "--", name)
        return (muted[0] if len(muted) == 1 else f"{len(muted)} people") if done else REFUSED


@pytest.fixture(scope="module", params=[False, True], ids=["as written", "folded"])
def sides(
    request: pytest.FixtureRequest, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Sides, bool]]:
    path = tmp_path_factory.mktemp("policy") / "policy.toml"
    unlimited = "\n[limits]\nreporter = 0\nnetwork = 0\nkey = 0\n"
    text = NO_CAPS.read_text().replace("[people]\n", f"[people]\nfold_case = {str(request.param).lower()}\n")
    path.write_text(text + ("" if "[limits]" in text else unlimited))
    settings = make_settings(redis_url, policy_path=path)
    app = claimed_app(settings, lambda _: None)
    with app.test_client() as client, connect(settings.redis_url, 5.0) as redis:
        yield Sides(client, redis, settings, fold_case=request.param), request.param


def everybody(*, fold_case: bool) -> list[str]:
    people = [Person(name, fold_case=fold_case).name for _, name in SPELLINGS.values() if name]
    return list(dict.fromkeys(people))


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_side_means_the_same_person_by_a_spelling(sides: tuple[Sides, bool], name: str) -> None:
    asked, fold_case = sides
    spelling, person = SPELLINGS[name]
    expected = Person(person, fold_case=fold_case).name if person else REFUSED
    said = asked.all(spelling, everybody(fold_case=fold_case))
    assert said == dict.fromkeys(said, expected)


_PLAIN = [
    "a",
    "B",
    "ß",
    "é",
    "e\u0301",
    "\u0301",
    " ",
    "\u00a0",
    "\u3000",
    "ص",
    "❤",
    "\U0001fae8",
    "İ",
    "Σ",
    "-",
    "'",
    "1",
]
_PIECES = st.sampled_from([*_PLAIN, "\u200c", "\u200d", "\ufe0f", "\u3164", "\u202e", "\x01", "\ud800", "\ufdd0"])


@hypothesis_settings(deadline=None, max_examples=60)
@given(pieces=st.lists(_PIECES, max_size=6))
def test_every_side_means_the_same_person_by_any_spelling(pieces: list[str], sides: tuple[Sides, bool]) -> None:
    asked, fold_case = sides
    spelling = "".join(pieces)
    try:
        person = Person(spelling, fold_case=fold_case).name
    except InvalidName:
        person = REFUSED
    said = asked.all(spelling, [person, "somebody else"] if person != REFUSED else ["somebody else"])
    assert said == dict.fromkeys(said, person)


def test_the_table_in_the_docs_is_what_every_side_says(sides: tuple[Sides, bool]) -> None:
    """With GENERATE=1 the table is made anew instead. It is of the default policy; folding has a column of its own."""
    asked, fold_case = sides
    if fold_case:
        return
    path = ROOT / "docs" / "names.md"
    start, rest = path.read_text().split("<!-- begin: people -->\n")
    made = f"{start}<!-- begin: people -->\n{table(asked)}<!-- end -->{rest.split('<!-- end -->', 1)[1]}"
    if os.environ.get("GENERATE"):
        path.write_text(made)
    assert made == path.read_text()


def table(asked: Sides) -> str:
    names = [name.replace("_", " ") for name in asked.names()]
    rows = [f"| spelling | written | person | folded | {' | '.join(names)} |", "|---" * (len(names) + 4) + "|"]
    for name, (spelling, person) in SPELLINGS.items():
        said = ["same" if one == person else one for one in asked.all(spelling, everybody(fold_case=False)).values()]
        means = [f"`{shown(person)}`", f"`{shown(Person(person, fold_case=True).name)}`"] if person else ["-", "-"]
        rows.append(f"| {name} | `{shown(spelling)}` | {' | '.join(means)} | {' | '.join(said)} |")
    return "\n".join(rows) + "\n"


def shown(text: str) -> str:
    """Write what cannot be seen as an escape, and the middle of what is long as dots."""
    hidden = {"\u3000", "\u00a0", "\ufe0f", "\u3164"}
    seen = "".join(
        f"\\u{ord(one):04x}" if not one.isprintable() or one in hidden or 0x300 <= ord(one) < 0x370 else one
        for one in text
    )
    return seen if len(seen) <= 40 else f"{seen[:12]}...{seen[-4:]}"


def test_what_was_kept_under_a_name_as_it_was_sent_is_found(redis_url: str) -> None:
    """As the release before kept it: a fingerprint of the very text. A mute of it holds, and forgetting erases it."""
    settings = make_settings(redis_url, pepper_previous="the pepper before this one")
    key, body = {"Authorization": f"Bearer {SITE_KEY}"}, {"image_id": "img-1", "reason": "violence"}
    app = claimed_app(settings, lambda _: None)
    with app.test_client() as client, connect(settings.redis_url, 5.0) as redis:
        for old in ("Rene\u0301e", " Bob ", "x\u2764\ufe0f"):
            client.post("/v1/reports", json={**body, "reporter_id": old}, headers=key)
            inbox: Any = redis.lrange(keys_of(settings.namespace, 0).inbox, 0, -1)
            reporter = decode_entry(inbox[-1]).reporter
            for pepper in (settings.pepper, settings.pepper_previous):
                assert fingerprint(pepper.encode(), NAMED, old) in reporter.previous
                assert fingerprint(pepper.encode(), NAMED, Person(old).name) in (
                    reporter.fingerprint,
                    *reporter.previous,
                )
            erased = set(Identities(settings.pepper, settings.pepper_previous).all_fingerprints_of(Person(old)))
            assert erased == {reporter.fingerprint, *reporter.previous}


@pytest.mark.parametrize("given_keys", [{"token_secret": TOKEN_SECRET}, {"token_secret": ""}])
@pytest.mark.parametrize("anonymous", ["auto", "on", "off"])
def test_anonymous_reports_are_off_where_tokens_are(redis_url: str, anonymous: str, given_keys: dict[str, str]) -> None:
    settings = make_settings(redis_url, anonymous=anonymous, **given_keys)
    taken = anonymous == "on" or (anonymous == "auto" and not given_keys["token_secret"])
    with claimed_app(settings, lambda _: None).test_client() as client:
        for address in ("192.0.2.7", "2001:db8::1"):
            body = {"image_id": "img-1", "reason": "violence"}
            answer = client.post("/v1/reports", json=body, environ_overrides={"REMOTE_ADDR": address})
            assert answer.status_code == (202 if taken else 401)
            if not taken:
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
                detail = answer.get_json()["detail"]
                assert "Authorization: Bearer <token>" in detail
                assert "QUORUM_ANONYMOUS=on" in detail
