"""The API documentation: the page and the document behind it."""

import json
import urllib.request

import pytest
from browser import DESKTOP, PHONE, window
from conftest import Trial
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("demo")


def test_the_page_shows_every_operation_in_its_group_with_its_scopes(trial: Trial) -> None:
    with window() as opened:
        document = opened.page.request.get(f"{trial.url}/openapi.json").json()
        opened.page.goto(f"{trial.url}/docs")
        shown = {}
        for section in opened.page.locator("section:has(.operation)").all():
            for one in section.locator(".operation").all():
                method, path = one.locator(".method").inner_text(), one.locator(".path").inner_text()
                shown[method, path] = section.locator("h2").inner_text(), one.locator(".scopes code").all_inner_texts()
        expected = {
            (method.upper(), path): (
                operation["tags"][0],
                [scope for one in operation["security"] for scope in one.get("bearer", [])],
            )
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }
        assert shown == expected
        assert shown["POST", "/v1/images/{image_id}/decisions"] == ("Moderation", ["moderate"])
        opened.assert_clean(trial.url)


def test_an_operation_can_be_sent_as_it_stands_and_with_a_key(trial: Trial) -> None:
    with window() as opened:
        opened.page.goto(f"{trial.url}/docs#createReport")
        report = opened.page.locator("#createReport")
        expect(report.locator("textarea")).to_be_visible()  # what the address names is open
        report.locator("button").click()
        expect(report.locator("[role=status]")).to_contain_text("202")
        expect(report.locator("[role=status]")).to_contain_text('"message": "Thank you for reporting!')

        opened.page.goto(f"{trial.url}/docs#createReports")
        batch = opened.page.locator("#createReports")
        batch.locator("button").click()
        expect(batch.locator("[role=status]")).to_contain_text("401")
        opened.page.locator("#key").fill(trial.site_key)
        batch.locator("button").click()
        expect(batch.locator("[role=status]")).to_contain_text('"accepted": 1')

        opened.page.goto(f"{trial.url}/docs#getEvents")
        events = opened.page.locator("#getEvents")
        events.get_by_label("limit").fill("1")
        with opened.page.expect_request("**/v1/events?limit=1"):
            events.locator("button").click()
        expect(events.locator("[role=status]")).to_contain_text("200")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_a_phone_and_is_for_everybody_open_and_closed(trial: Trial, *, dark: bool) -> None:
    with window(dark=dark, viewport=PHONE if dark else DESKTOP) as opened:
        answer = opened.page.goto(f"{trial.url}/docs")
        assert answer
        rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
        assert (rules["default-src"], rules["script-src"], rules["style-src"]) == ("'none'", "'self'", "'self'")
        assert opened.findings() == []
        opened.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        opened.page.locator("#getReasons button").click()
        expect(opened.page.locator("#getReasons [role=status]")).to_contain_text("200")
        assert opened.findings() == []
        assert opened.overflow() <= 0
        opened.assert_clean(trial.url)


def test_every_link_of_the_page_leads_somewhere(trial: Trial) -> None:
    with window() as opened:
        opened.page.goto(f"{trial.url}/docs")
        dead = opened.page.locator('a[href^="#"]').evaluate_all(
            "links => links.map((link) => link.hash.slice(1)).filter((name) => !document.getElementById(name))"
        )
        assert dead == []
        for link in opened.page.locator('a:not([href^="#"])').evaluate_all("links => links.map((link) => link.href)"):
            assert opened.page.request.get(link).status == 200


def test_the_document_is_valid_openapi_3_1(trial: Trial) -> None:
    with urllib.request.urlopen(f"{trial.url}/openapi.json") as answer:
        document = json.load(answer)
    assert document["openapi"].startswith("3.1")
    validate(document, cls=OpenAPIV31SpecValidator)
