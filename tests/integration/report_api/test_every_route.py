"""Every route with every kind of credential, and the headers of every answer: a walk over what the API serves."""

from typing import NamedTuple

import pytest
from conftest import ROOT, SITE_KEY, TOKEN_SECRET, claimed_app, make_settings
from flask import Flask
from redis_server import RedisServer
from routes import Visit, visits
from werkzeug.test import TestResponse

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.reporters.tokens import mint_token
from quorum.settings import Settings
from quorum.store.connection import connect
from report_api.access.guard import (
    ADMIN,
    ANYONE,
    BACKEND,
    CONTENT,
    INSIDER,
    LOOKER,
    MODERATOR,
    NEEDS,
    READER,
    REPORTER,
    Need,
)
from report_api.access.unauthorized import TITLES
from report_api.docs import openapi
from report_api.docs.route_table import with_table
from report_api.stream.app import STREAM_HEADERS
from report_api.web.problems import PROBLEM_TYPE

UNKNOWN, FORBIDDEN = 401, 403
REFUSALS = {
    **{f"urn:quorum:problem:{kind}": UNKNOWN for kind in TITLES},
    "urn:quorum:problem:forbidden": FORBIDDEN,
}
REPORT = {"image_id": "img-1", "reason": "violence"}


class Credential(NamedTuple):
    """What a caller sends, and what it is good for."""

    header: str | None
    scopes: frozenset[Scope] = frozenset()
    reader: bool = False  # a reporter token
    known: bool = True  # False: it is a key or a token that is not, or no longer, good


@pytest.fixture
def app(own_redis: RedisServer, request: pytest.FixtureRequest) -> Flask:
    changes = getattr(request, "param", {})
    return claimed_app(
        make_settings(own_redis.url, demo=True, cors_origins=("https://news.example.org",), **changes), None
    )


@pytest.fixture
def credentials(app: Flask) -> dict[str, Credential]:
    settings: Settings = app.extensions["quorum"].settings
    keys = ApiKeys(connect(settings.redis_url, 5.0), settings.namespace)
    made = {f"the scope {scope}": keys.create(scope, frozenset({scope}))[1] for scope in Scope}
    revoked, whole = keys.create("gone", frozenset(Scope))
    keys.revoke(revoked.id)
    none: dict[str, str | None] = {
        "a revoked key": f"Bearer {whole}",
        "a key that nobody made": "Bearer qk_0123456789ab.0123456789abcdef0123456789abcdef",
        "an expired token": f"Bearer {mint_token(TOKEN_SECRET, 'quorum', 'reader-1', -60)}",
        "a token for another audience": f"Bearer {mint_token(TOKEN_SECRET, 'another', 'reader-1', 60)}",
        "a token of another secret": f"Bearer {mint_token(TOKEN_SECRET[::-1], 'quorum', 'reader-1', 60)}",
        "a token for too long": f"Bearer {mint_token(TOKEN_SECRET, 'quorum', 'reader-1', 10**9)}",
        "garbage": "Bearer \u00e9\u00e9\u00e9",
        "nothing after the scheme": "Bearer",
        "another scheme": f"Basic {SITE_KEY}",
        "a key without a scheme": SITE_KEY,
        "an empty header": "",
    }
    return {
        "none": Credential(None),
        "the site key": Credential(f"Bearer {SITE_KEY}", frozenset({Scope.REPORT, Scope.CONTENT, Scope.READ})),
        "a token": Credential(f"Bearer {mint_token(TOKEN_SECRET, 'quorum', 'reader-1', 60)}", reader=True),
        **{name: Credential(f"Bearer {key}", frozenset({Scope(name.split()[-1])})) for name, key in made.items()},
        **{name: Credential(header, known=False) for name, header in none.items()},
    }


def refusal(need: Need, credential: Credential, *, open_reads: bool = False) -> int | None:
    """Say what the table in docs/security.md promises: 401, 403, or that the caller may."""
    if need in {ANYONE, INSIDER} or (need in {READER, LOOKER} and open_reads):
        return None
    if need is REPORTER:
        if not credential.known:
            return UNKNOWN
        return FORBIDDEN if credential.scopes and Scope.REPORT not in credential.scopes else None
    scopes = {
        BACKEND: {Scope.REPORT},
        CONTENT: {Scope.CONTENT},
        READER: {Scope.READ},
        LOOKER: {Scope.READ, Scope.MODERATE},
        MODERATOR: {Scope.MODERATE},
        ADMIN: {Scope.ADMIN},
    }[need]
    if not credential.scopes:
        return UNKNOWN
    return None if scopes & credential.scopes else FORBIDDEN


def visit(app: Flask, one: Visit, header: str | None, **more: str) -> TestResponse:
    """Ask with a body that is no JSON: who may not call is told so all the same."""
    headers = {**more} if header is None else {"Authorization": header, **more}
    with app.test_client() as client:
        answer = client.open(
            one.path, method=one.method, headers=headers, data=b"\0", content_type="application/json", buffered=True
        )
    answer.close()
    return answer


def asked_of_all(app: Flask, credentials: dict[str, Credential], *, open_reads: bool) -> None:
    wrong = []
    for one in visits(app):
        for name, credential in credentials.items() if one.allowed else list(credentials.items())[:2]:
            answer = visit(app, one, credential.header)
            kind = answer.get_json(force=True)["type"] if answer.mimetype == PROBLEM_TYPE and answer.data else ""
            told = REFUSALS.get(kind)
            expected = None
            if one.allowed and one.method != "OPTIONS":
                expected = refusal(NEEDS[one.endpoint], credential, open_reads=open_reads)
            if answer.status_code >= 500 or (told != expected and one.method != "HEAD"):
                wrong.append((one, name, answer.status_code, told, expected))
            if one.method == "HEAD" and expected is not None and answer.status_code != expected:
                wrong.append((one, name, answer.status_code, told, expected))
            if not one.allowed and answer.status_code not in {404, 405}:
                wrong.append((one, name, answer.status_code, told, expected))
    assert not wrong


def test_every_route_asks_for_what_the_table_says(app: Flask, credentials: dict[str, Credential]) -> None:
    asked_of_all(app, credentials, open_reads=False)


@pytest.mark.parametrize("app", [{"read_access": "open"}], indirect=True)
def test_open_reads_open_reads_alone(app: Flask, credentials: dict[str, Credential]) -> None:
    asked_of_all(app, credentials, open_reads=True)


def test_a_route_that_is_not_in_the_table_stops_the_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    register = openapi.register

    def with_one_more(app: Flask) -> None:
        register(app)
        app.add_url_rule("/v1/secrets", "secrets", lambda: "all of them")

    monkeypatch.setattr(openapi, "register", with_one_more)
    with pytest.raises(LookupError, match="secrets is not in the table"):
        claimed_app(settings, None)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer "])
def test_the_scheme_may_be_in_any_case(app: Flask, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {SITE_KEY}"}
    assert app.test_client().get("/v1/events", headers=headers).status_code == 200
    assert (
        app.test_client().post("/v1/reports", json={**REPORT, "reporter_id": "a"}, headers=headers).status_code == 202
    )


def test_a_revoked_key_gets_no_answer_that_is_remembered(app: Flask, credentials: dict[str, Credential]) -> None:
    settings: Settings = app.extensions["quorum"].settings
    keys = ApiKeys(connect(settings.redis_url, 5.0), settings.namespace)
    key, whole = keys.create("cms", frozenset({Scope.REPORT}))
    headers = {"Authorization": f"Bearer {whole}", "Idempotency-Key": "one"}
    sent = [("/v1/reports", {**REPORT, "reporter_id": "a"}), ("/v1/reports/batch", [{**REPORT, "reporter_id": "a"}])]
    client = app.test_client()
    for path, body in sent:
        for _ in range(2):
            assert client.post(path, json=body, headers=headers).status_code in {200, 202}
    keys.revoke(key.id)
    app.extensions["quorum"].access._keys._known.clear()  # what a running API forgets within two seconds
    for path, body in sent:
        assert client.post(path, json=body, headers=headers).status_code == 401
    token = mint_token(TOKEN_SECRET, "quorum", "reader-1", -25)  # within the leeway still
    with_token = {"Authorization": f"Bearer {token}", "Idempotency-Key": "two"}
    assert client.post("/v1/reports", json=REPORT, headers=with_token).status_code == 202
    renewed = {**with_token, "Authorization": f"Bearer {mint_token(TOKEN_SECRET, 'quorum', 'reader-1', 60)}"}
    assert client.post("/v1/reports", json={**REPORT, "reason": "spam"}, headers=renewed).status_code == 422


def safe(headers: dict[str, str], content_type: str, *, path: str = "") -> bool:
    policy = headers["Content-Security-Policy"]
    page = content_type.startswith("text/html") and not path.startswith("/button/")  # there it is an empty answer
    return (
        headers["X-Content-Type-Options"] == "nosniff"
        and headers["Referrer-Policy"] == "no-referrer"
        and headers["Cross-Origin-Resource-Policy"]
        == ("cross-origin" if path.startswith("/button/") else "same-origin")
        and "default-src 'none'" in policy
        and "frame-ancestors 'none'" in policy
        and "unsafe" not in policy
        and ("script-src 'self'" in policy) == page
    )


def test_every_answer_has_the_headers_once(app: Flask, credentials: dict[str, Credential]) -> None:
    paths = [
        *visits(app),
        *(Visit(path, "GET", "", allowed=False) for path in ("/nothing", "/v1/", "/docs", "/v1/images/")),
    ]
    seen = set()
    for one in paths:
        for name in ("none", "the site key", "the scope moderate", "the scope admin", "garbage"):
            answer = visit(app, one, credentials[name].header)
            names = [field.lower() for field, _ in answer.headers if field.lower() != "vary"]
            assert len(names) == len(set(names)), (one, names)
            assert safe(dict(answer.headers), answer.content_type or "", path=one.path), (
                one,
                name,
                answer.status_code,
                answer.headers,
            )
            seen.add((answer.status_code, answer.mimetype))
    assert {200, 400, 401, 403, 404, 405} <= {status for status, _ in seen}
    assert {"text/html", "text/css", "image/svg+xml", "text/javascript", "application/json"} <= {
        kind for _, kind in seen
    }


def test_good_and_broken_answers_have_the_headers_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client, key = app.test_client(), {"Authorization": f"Bearer {SITE_KEY}"}
    accepted = client.post("/v1/reports", json={**REPORT, "reporter_id": "a"}, headers=key)
    monkeypatch.setitem(app.view_functions, "events.get_events", lambda: 1 / 0)
    broken = client.get("/v1/events", headers=key)
    blocked = client.get("/v1/gate/img-1", headers=key)
    assert [one.status_code for one in (accepted, broken, blocked)] == [202, 500, 204]
    for answer in (accepted, broken, blocked):
        assert safe(dict(answer.headers), answer.content_type or "")
    assert safe(STREAM_HEADERS, "text/event-stream")


def test_a_preflight_needs_no_credential_and_the_answer_says_what_the_route_takes(app: Flask) -> None:
    asked = {"Access-Control-Request-Headers": "authorization,content-type,idempotency-key"}
    for one in visits(app):
        if one.method != "OPTIONS" or one.path.startswith("/button/"):
            continue
        for origin in ("https://news.example.org", "https://evil.example"):
            answer = visit(app, one, None, Origin=origin, **asked)
            ours = one.path.startswith("/v1/") and "evil" not in origin
            assert answer.status_code == 200
            assert answer.headers.get("Access-Control-Allow-Origin") == (origin if ours else None)
            assert answer.headers.get("Access-Control-Allow-Methods") == (answer.headers["Allow"] if ours else None)
            allowed = answer.headers.get("Access-Control-Allow-Headers", "").lower().replace(" ", "")
            assert allowed == (asked["Access-Control-Request-Headers"] if ours else "")
            assert ("Origin" in answer.headers.getlist("Vary")) == one.path.startswith("/v1/")


def test_the_table_in_the_documentation_is_that_of_the_api() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert with_table(page) == page, "make generate"
