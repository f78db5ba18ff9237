"""Problem documents: each reason why a caller is not known has its own type, and readers are told in their language."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jwt
import pytest
from conftest import ROOT, SITE_KEY, TOKEN_SECRET, claimed_app
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.errors import DataMissing, InboxFull, StoreUnavailable
from quorum.policy.model import LANGUAGES
from quorum.reporters.tokens import LEEWAY_SECONDS, mint_token
from quorum.settings import Settings
from quorum.store.connection import connect
from report_api.access.unauthorized import TITLES
from report_api.web.problem_texts import KINDS, TEXTS
from report_api.web.services import EXTENSION

REPORT = {"image_id": "img-1", "reason": "spam"}
OTHERS = sorted({*LANGUAGES} - {"en"})
ENGLISH = re.compile(r"\b(the|is|not|send|token|this|valid|for)\b", re.IGNORECASE)


@pytest.fixture
def app(settings: Settings) -> Flask:
    return claimed_app(replace(settings, anonymous="off"), lambda _: None)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as opened:
        yield opened


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


def signed(**claims: Any) -> dict[str, str]:
    now = int(time.time())
    whole = {"sub": "reader-1", "aud": "quorum", "exp": now + 60, **claims}
    return bearer(jwt.encode(whole, TOKEN_SECRET, algorithm="HS256"))


def credentials() -> dict[str, tuple[str, dict[str, str]]]:
    """Return for each kind of 401 a path and a header that bring it about."""
    now, report = int(time.time()), "/v1/reports"
    another = bearer(mint_token(TOKEN_SECRET[::-1], "quorum", "reader-1", 60))
    return {
        "token-missing": (report, {}),
        "token-expired": (report, signed(exp=now - LEEWAY_SECONDS - 1)),
        "token-early": (report, signed(nbf=now + 600, exp=now + 900)),
        "token-too-long": (report, signed(exp=now + 25 * 3600)),
        "token-audience": (report, signed(aud="another")),
        "token-invalid": (report, another),
        "key-missing": ("/v1/images/status", {}),
        "key-unknown": ("/v1/images/status", signed()),
        "credential-unknown": (report, bearer("nonsense")),
        "credential-unreadable": (report, {"Authorization": "Basic abc"}),
    }


def refused(answer: TestResponse, status: int, kind: str) -> Any:
    body = json.loads(answer.data)
    assert (answer.status_code, body["status"], body["type"]) == (status, status, f"urn:quorum:problem:{kind}")
    return body


@pytest.mark.parametrize("kind", TITLES)
def test_each_reason_why_a_caller_is_not_known_has_its_own_type(client: FlaskClient, kind: str) -> None:
    path, headers = credentials()[kind]
    answer = client.post(path, json=REPORT, headers=headers)
    assert refused(answer, 401, kind)["title"] == TITLES[kind]
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Language"] == "en"


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("kind", TITLES)
def test_it_is_told_in_the_language_of_the_reader(client: FlaskClient, kind: str, language: str) -> None:
    path, headers = credentials()[kind]
    answer = client.post(path, json=REPORT, headers={**headers, "Accept-Language": f"{language}-XX,en;q=0.5"})
    body = refused(answer, 401, kind)
    assert (body["title"], body["detail"]) == TEXTS[language][kind]
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def told(client: FlaskClient, body: Any, language: str, **more: str) -> Any:
    headers = {**signed(), "Accept-Language": language, **more}
    answer = client.post("/v1/reports", json=body, headers=headers)
    assert answer.headers["Content-Language"] == language
    return refused(answer, answer.status_code, json.loads(answer.data)["type"].rpartition(":")[2])


@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("fr", "reason: manque; image: n'est pas un champ connu; image_id: n'est pas valable ici"),
        ("es", "reason: falta; image: no es un campo conocido; image_id: no es válido aquí"),
        ("ar", "reason: مفقود; image: حقل غير معروف; image_id: غير صالح هنا"),
    ],
)
def test_what_is_wrong_with_a_report_names_the_fields_as_they_are(
    client: FlaskClient, language: str, detail: str
) -> None:
    body = told(client, {"image_id": 5, "image": "img-1"}, language)
    assert body["status"] == 422
    assert sorted(body["detail"].split("; ")) == sorted(detail.split("; "))
    assert {one["field"] for one in body["errors"]} == {"reason", "image", "image_id"}
    in_english = told(client, {"image_id": 5, "image": "img-1"}, "en")
    assert body["errors"] == in_english["errors"]
    assert "reason: Missing data for required field." in in_english["detail"]


@pytest.mark.parametrize("language", OTHERS)
def test_a_limit_says_when_to_go_on(app: Flask, client: FlaskClient, language: str) -> None:
    policies = app.extensions[EXTENSION].policies
    policies._policy = replace(policies._policy, limits=replace(policies._policy.limits, reporter=1))
    headers = {**signed(), "Accept-Language": language}
    answer = next(
        one for _ in range(4) if (one := client.post("/v1/reports", json=REPORT, headers=headers)).status_code == 429
    )
    body = refused(answer, 429, "rate-limited")
    assert answer.headers["Retry-After"] in body["detail"]
    assert answer.headers["Content-Language"] == language
    assert not ENGLISH.search(body["title"] + body["detail"])


@pytest.mark.parametrize("language", OTHERS)
def test_a_key_without_the_scope_is_told(client: FlaskClient, settings: Settings, language: str) -> None:
    with connect(settings.store, 5.0) as store:
        _, key = ApiKeys(store, settings.namespace).create("reads", frozenset({Scope.READ}))
    answer = client.post("/v1/reports", json=REPORT, headers={**bearer(key), "Accept-Language": language})
    assert refused(answer, 403, "forbidden")["title"] == TEXTS[language]["forbidden"].title


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(
    ("error", "kind"),
    [(InboxFull("full"), "inbox-full"), (DataMissing(), "data-missing"), (StoreUnavailable("x"), "store-unavailable")],
)
def test_what_cannot_be_taken_now_is_told(
    client: FlaskClient, language: str, error: Exception, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(client.application.extensions[EXTENSION].inbox, "append", fail)
    answer = client.post("/v1/reports", json=REPORT, headers={**signed(), "Accept-Language": language})
    body = refused(answer, 503, kind)
    assert "Retry-After" in answer.headers
    assert (body["title"], body["detail"]) == TEXTS[language][kind]


def test_an_idempotency_key_that_was_used_is_told(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "once"}
    assert client.post("/v1/reports", json=REPORT, headers={**signed(), **key}).status_code == 202
    body = told(client, {**REPORT, "reason": "hate"}, "fr", **key)
    assert body["type"].endswith(":idempotency-key-reused")
    assert body["title"] == "L'Idempotency-Key a déjà servi"


def test_every_language_has_the_words_of_every_problem() -> None:
    assert {*TEXTS, "en"} == {*LANGUAGES}
    for texts in TEXTS.values():
        assert texts.keys() == KINDS
        assert all(all(words) for words in texts.values())
        assert len({words.title for words in texts.values()}) == len(texts)
    assert TITLES.keys() <= KINDS


def test_the_page_of_the_api_lists_the_types() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `urn:quorum:problem:([\w-]+)` \|", page, re.MULTILINE) == [*TITLES]


def test_the_openapi_document_names_the_types_and_the_language(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    answers = document["paths"]["/v1/reports"]["post"]["responses"]
    for kind in TITLES:
        assert f"`{kind}`" in answers["401"]["description"]
    for status in ("401", "403", "422", "429", "503"):
        assert "Content-Language" in answers[status]["headers"]
    assert "Content-Language" not in answers["400"].get("headers", {})
    for path, method in (("/v1/images/visibility", "post"), ("/v1/reports/{image_id}", "delete")):
        names = [one["name"] for one in document["paths"][path][method]["parameters"]]
        assert "Accept-Language" in names


def test_a_problem_that_no_reader_meets_says_no_language(client: FlaskClient) -> None:
    answer = client.get("/v1/events?after=nonsense", headers={**bearer(SITE_KEY), "Accept-Language": "fr"})
    refused(answer, 400, "invalid-cursor")
    assert "Content-Language" not in answer.headers
