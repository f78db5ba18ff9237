"""The demo page in a real browser against a real quorum."""

import itertools

import pytest
from conftest import Trial
from e2e.browser import DESKTOP, PHONE, Window, window
from playwright.sync_api import Locator, expect

from quorum.messages import THANK_YOU
from report_api.demo.texts import TEXTS

EDITIONS = itertools.count(100)

pytestmark = pytest.mark.xdist_group("demo")


def open_demo(opened: Window, trial: Trial, edition: int) -> Locator:
    """Open the page with fresh pictures; return the first article."""
    opened.page.goto(f"{trial.url}/demo?edition={edition}")
    return opened.page.locator("article").first


def report(opened: Window, article: Locator) -> None:
    """Report the article's picture as the current reader, and wait for the answer."""
    article.locator("button.report").click()
    opened.page.locator("dialog button[value=send]").click()
    expect(article.locator(".answer")).not_to_be_empty()


@pytest.mark.parametrize("language", ["en", "fr", "ar", "es"])
def test_a_reader_is_thanked_in_their_language(trial: Trial, language: str) -> None:
    with window(language) as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        expect(opened.page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
        expect(opened.page.locator("h1")).to_have_text(TEXTS[language]["title"])
        report(opened, article)
        expect(article.locator(".answer")).to_have_text(THANK_YOU[language])
        opened.assert_clean(trial.url)


def test_the_same_reader_ten_times_counts_once(trial: Trial) -> None:
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        for _ in range(10):
            report(opened, article)
        expect(article.locator(".score b")).to_have_text("1")
        opened.page.reload()
        expect(opened.page.locator("article").first.locator(".score b")).to_have_text("1")


def test_five_readers_block_a_picture_and_it_stays_blocked(trial: Trial) -> None:
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        for number in range(5):
            expect(article.locator("img")).to_be_visible()
            if number:
                opened.page.locator("#another").click()
            report(opened, article)
        expect(article.locator("img")).to_be_hidden()
        expect(article.locator(".blocked")).to_contain_text("Several people have reported it")
        expect(article.locator("button.report")).to_be_disabled()
        expect(opened.page.locator("article img:visible")).to_have_count(5)
        opened.page.reload()
        expect(opened.page.locator("article").first.locator("img")).to_be_hidden()
        opened.assert_clean(trial.url)


def test_a_picture_that_others_block_disappears_from_an_open_page(trial: Trial) -> None:
    edition = next(EDITIONS)
    with window() as opened:
        article = open_demo(opened, trial, edition)
        opened.page.evaluate(
            """async (image) => {
                for (let number = 900; number < 905; number += 1) {
                    const named = await fetch(`/demo/readers/${number}`, { method: "POST" });
                    const { token } = await named.json();
                    await fetch("/v1/reports", {
                        method: "POST",
                        headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
                        body: JSON.stringify({ image_id: image, reason: "spam" }),
                    });
                }
            }""",
            f"demo-{edition}-harbour",
        )
        expect(article.locator("img")).to_be_hidden()


def test_a_report_that_is_refused_is_said_in_words(trial: Trial) -> None:
    with window("fr") as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        opened.page.route("**/v1/reports", lambda route: route.fulfill(status=503, body="{}"))
        report(opened, article)
        expect(article.locator(".answer")).to_have_text(TEXTS["fr"]["unavailable"])


def test_an_expired_token_is_renewed_without_a_word(trial: Trial) -> None:
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        opened.page.route(
            "**/demo/readers/*", lambda route: route.fulfill(status=200, json={"token": "an.old.token"}), times=1
        )
        report(opened, article)
        expect(article.locator(".answer")).to_have_text(THANK_YOU["en"])


def test_the_keyboard_alone_is_enough(trial: Trial) -> None:
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        article.locator("button.report").focus()
        opened.page.keyboard.press("Enter")
        expect(opened.page.locator("dialog")).to_be_visible()
        opened.page.keyboard.press("Escape")
        expect(opened.page.locator("dialog")).to_be_hidden()
        expect(article.locator(".answer")).to_be_empty()
        opened.page.keyboard.press("Enter")
        opened.page.keyboard.press("ArrowDown")
        opened.page.keyboard.press("Enter")
        expect(article.locator(".answer")).to_have_text(THANK_YOU["en"])


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_a_phone(trial: Trial, language: str, dark: bool) -> None:  # noqa: FBT001 - a parameter
    with window(language, dark=dark, viewport=PHONE) as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        report(opened, article)
        assert opened.overflow() <= 0
        article.locator("button.report").click()
        box = opened.page.locator("dialog").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]


@pytest.mark.parametrize("query", ["edition=x", "edition=-1", "edition=99999999999999999999", "lang=xx"])
def test_odd_addresses_still_show_the_page(trial: Trial, query: str) -> None:
    with window(viewport=DESKTOP) as opened:
        opened.page.goto(f"{trial.url}/demo?{query}")
        expect(opened.page.locator("article")).to_have_count(6)
