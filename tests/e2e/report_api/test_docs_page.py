"""The API documentation: the page and the document behind it."""

import json
import urllib.request

import pytest
from browser import window
from conftest import Trial
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("demo")


def test_the_page_shows_every_operation_from_local_assets(trial: Trial) -> None:
    with window() as opened:
        document = opened.page.request.get(f"{trial.url}/openapi.json").json()
        operations = {(verb.upper(), path) for path, verbs in document["paths"].items() for verb in verbs}
        opened.page.goto(f"{trial.url}/docs")
        expect(opened.page.locator(".opblock-summary-path").first).to_be_visible()
        blocks = [block.inner_text().split() for block in opened.page.locator(".opblock-summary").all()]
        assert {(words[0], words[1].replace("\u200b", "")) for words in blocks} == operations
        assert {("POST", "/v1/reports"), ("GET", "/v1/images/{image_id}"), ("GET", "/v1/events")} <= operations
        opened.assert_clean(trial.url)


def test_the_document_is_valid_openapi_3_1(trial: Trial) -> None:
    with urllib.request.urlopen(f"{trial.url}/openapi.json") as answer:
        document = json.load(answer)
    assert document["openapi"].startswith("3.1")
    validate(document, cls=OpenAPIV31SpecValidator)
