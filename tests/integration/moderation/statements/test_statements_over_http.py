"""`GET /v1/statements/{id}`: why an image is blocked, for its uploader."""

from typing import Any

import pytest
from conftest import SITE_KEY, claimed_app
from dsa_vocabulary import problems
from flask.testing import FlaskClient
from store import NOW_MS, Bench

from quorum.images.image import parse_image
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.settings import Settings

SITE = {"Authorization": f"Bearer {SITE_KEY}"}
PATH = "/v1/statements/img-1"


@pytest.fixture
def api(bench: Bench, settings: Settings) -> FlaskClient:
    bench.block("img-1")
    return claimed_app(settings, lambda _: None).test_client()


def decide(bench: Bench, settings: Settings, action: Action, moderator: str = "Ms Moderator") -> None:
    Decisions(bench.client, settings.namespace, 1).decide(parse_image("img-1"), action, moderator, bench.policy)


def told(api: FlaskClient, **headers: str) -> dict[str, Any]:
    answer = api.get(PATH, headers={**SITE, **headers})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.get_json()
    return body


def test_a_blocked_image_has_its_reasons_in_the_database_s_words(api: FlaskClient) -> None:
    body = told(api)
    assert (body["image_id"], body["language"]) == ("img-1", "en")
    assert problems(body["statement"]) == ["content_date is missing"]  # which the site alone knows
    assert body["statement"]["category"] == "STATEMENT_CATEGORY_VIOLENCE"
    assert body["statement"]["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert "Violence: 5" in body["text"]
    assert body["redress"] == {"appeal": "possible", "appeal_path": "/v1/images/img-1/appeals", "appeal_url": None}


@pytest.mark.parametrize(("language", "title"), [("fr", "Pourquoi"), ("ar", "لماذا"), ("es", "Por qué"), ("de", "Why")])
def test_the_words_are_in_the_reader_s_language(api: FlaskClient, language: str, title: str) -> None:
    answer = api.get(PATH, headers={**SITE, "Accept-Language": language, "Accept": "text/plain"})
    assert answer.mimetype == "text/plain"
    assert answer.get_data(as_text=True).startswith(title)
    assert answer.headers["Content-Language"] == ("en" if language == "de" else language)
    assert told(api, **{"Accept-Language": language})["text"] == answer.get_data(as_text=True)


def test_an_upheld_block_is_a_person_s_decision(api: FlaskClient, bench: Bench, settings: Settings) -> None:
    decide(bench, settings, Action.UPHOLD)
    body = told(api)
    assert body["statement"]["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    assert "Ms Moderator" not in str(body)


def test_redress_tells_what_became_of_the_appeal(api: FlaskClient, bench: Bench, settings: Settings) -> None:
    path = told(api)["redress"]["appeal_path"]
    assert api.post(path, json={"text": "no"}, headers=SITE).status_code == 201
    assert told(api)["redress"]["appeal"] == "open"
    decide(bench, settings, Action.UPHOLD)
    assert told(api)["redress"]["appeal"] == "upheld"


def test_what_is_not_blocked_has_no_statement(api: FlaskClient, bench: Bench, settings: Settings) -> None:
    decide(bench, settings, Action.CLEAR)
    for name in ("img-1", "nobody-knows"):
        answer = api.get(f"/v1/statements/{name}", headers={**SITE, "Accept-Language": "fr"})
        assert answer.status_code == 404
        problem = answer.get_json(force=True)
        assert problem["type"] == "urn:quorum:problem:no-statement"
        assert problem["title"] == "Il n'y a pas d'exposé des motifs"


def test_reasons_stay_those_of_the_block_while_its_event_is_kept(api: FlaskClient, bench: Bench) -> None:
    bench.report("img-1", "reader-9", "hate", at=NOW_MS + 50)
    bench.drain()
    assert "Hate" not in told(api)["text"]
    bench.client.delete(bench.keys.events)
    assert told(api)["statement"]["puid"].endswith("-1-blocked")
