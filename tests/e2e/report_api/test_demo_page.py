"""The demo page in a real browser against a real quorum."""

import itertools
from collections.abc import Callable

import pytest
from browser import DESKTOP, PHONE, Window, window
from conftest import Trial
from playwright.sync_api import Locator, Route, expect

from quorum.languages import THANK_YOU
from quorum.policy import load_policy
from report_api.demo.stories import STORIES
from report_api.demo.texts import TEXTS
from report_api.web.pages import LANGUAGES

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


def site_reports(opened: Window, trial: Trial, image: str, reader: str) -> None:
    """Report as the backend of a site does, on behalf of its reader."""
    answer = opened.page.request.post(
        f"{trial.url}/v1/reports",
        headers={"Authorization": f"Bearer {trial.site_key}"},
        data={"image_id": image, "reason": "spam", "reporter_id": reader},
    )
    assert answer.status == 202


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
        expect(article.locator(".score")).to_have_text("1 of 5 points")
        opened.page.locator("#another").click()
        report(opened, article)
        expect(article.locator(".score")).to_have_text("2 of 5 points")


def test_a_reload_and_another_language_keep_the_reader(trial: Trial) -> None:
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        opened.page.locator("#another").click()
        report(opened, article)
        expect(article.locator(".score")).to_have_text("1 of 5 points")
        opened.page.reload()
        expect(opened.page.locator("#reader")).to_have_text("2")
        opened.page.get_by_role("link", name="Français").click()
        expect(opened.page.locator("html")).to_have_attribute("lang", "fr")
        expect(opened.page.locator("#reader")).to_have_text("2")
        report(opened, article)
        opened.page.locator("#another").click()
        report(opened, article)
        expect(article.locator(".score")).to_have_text("2 sur 5 points")
        opened.assert_clean(trial.url)


def test_readers_in_two_browsers_are_two_readers(trial: Trial) -> None:
    edition = next(EDITIONS)
    for _ in range(2):
        with window() as opened:
            article = open_demo(opened, trial, edition)
            report(opened, article)
            expect(article.locator(".score")).not_to_be_empty()
    with window() as opened:
        expect(open_demo(opened, trial, edition).locator(".score")).to_have_text("2 of 5 points")


def test_starting_over_brings_fresh_pictures(trial: Trial) -> None:
    edition = next(EDITIONS)
    next(EDITIONS)
    with window() as opened:
        report(opened, open_demo(opened, trial, edition))
        opened.page.get_by_role("link", name=TEXTS["en"]["fresh"]).click()
        article = opened.page.locator("article").first
        expect(article).to_have_attribute("data-image", f"demo-{edition + 1}-harbour")
        expect(article.locator("img")).to_be_visible()
        expect(article.locator(".score")).to_be_empty()


def test_five_readers_block_a_picture_and_it_stays_blocked(trial: Trial) -> None:
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        for number in range(5):
            expect(article.locator("img")).to_be_visible()
            if number:
                opened.page.locator("#another").click()
            report(opened, article)
        expect(article.locator(".score")).to_have_text("5 of 5 points")
        expect(article.locator("img")).to_be_hidden()
        expect(article.locator(".blocked")).to_have_text("Blocked after reports by several people.")
        expect(article.locator("button.report")).to_be_disabled()
        expect(opened.page.locator("article img:visible")).to_have_count(5)
        opened.page.reload()
        expect(opened.page.locator("article img:visible")).to_have_count(5)
        expect(opened.page.locator("article").first.locator("img")).to_be_hidden()
        expect(article.locator(".blocked")).to_be_visible()
        opened.assert_clean(trial.url)


def test_a_picture_that_others_block_disappears_from_an_open_page(trial: Trial) -> None:
    edition = next(EDITIONS)
    with window() as opened:
        article = open_demo(opened, trial, edition)
        expect(article.locator("img")).to_be_visible()
        for number in range(5):
            site_reports(opened, trial, f"demo-{edition}-harbour", f"somebody-else-{number}")
        expect(article.locator("img")).to_be_hidden()


def test_a_page_whose_cursor_is_too_old_reads_the_states_anew(trial: Trial) -> None:
    edition = next(EDITIONS)
    gone = {"status": 410, "detail": "gone", "oldest": "0-0"}
    with window() as opened:
        article = open_demo(opened, trial, edition)
        expect(article.locator("img")).to_be_visible()
        opened.page.route("**/v1/events?*", lambda route: route.fulfill(status=410, json=gone), times=1)
        opened.page.wait_for_event("response", lambda answer: answer.status == 410)
        site_reports(opened, trial, f"demo-{edition}-harbour", "somebody-else")
        expect(article.locator(".score")).to_have_text("1 of 5 points")
        expect(opened.page.locator("#notice")).to_be_empty()


def test_a_slow_answer_does_not_make_the_button_deaf(trial: Trial) -> None:
    held: list[Route] = []
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        opened.page.route("**/v1/reports", lambda route: held.append(route), times=1)  # noqa: PLW0108 - a builtin cannot be a handler
        article.locator("button.report").click()
        opened.page.locator("dialog button[value=send]").click()
        report(opened, article)
        expect(article.locator(".answer")).to_have_text(THANK_YOU["en"])
        held[0].continue_()
        expect(article.locator(".score")).to_have_text("1 of 5 points")
        opened.assert_clean(trial.url)


def test_two_reports_before_the_reader_has_a_token_are_one_readers(trial: Trial) -> None:
    held: list[Route] = []
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        opened.page.route("**/demo/readers", lambda route: held.append(route))  # noqa: PLW0108
        for _ in range(2):
            article.locator("button.report").click()
            opened.page.locator("dialog button[value=send]").click()
        with opened.page.expect_response("**/v1/reports"):
            for route in held:
                route.continue_()
        opened.page.unroute_all()
        opened.page.locator("#another").click()
        report(opened, article)
        expect(article.locator(".score")).to_have_text("2 of 5 points")
        assert len(held) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda route: route.fulfill(status=503, json={}), "unavailable"),
        (lambda route: route.fulfill(status=500, body="not JSON"), "failed"),
        (lambda route: route.abort(), "unreachable"),
    ],
)
def test_what_goes_wrong_is_said_in_words_and_can_be_tried_again(
    trial: Trial, answer: Callable[[Route], None], words: str
) -> None:
    with window("fr") as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        opened.page.route("**/v1/reports", answer, times=1)
        report(opened, article)
        expect(article.locator(".answer")).to_have_text(TEXTS["fr"][words])
        article.locator(".retry").click()
        expect(article.locator(".answer")).to_have_text(THANK_YOU["fr"])
        expect(article.locator(".retry")).to_be_hidden()
        expect(article.locator(".report")).to_be_focused()


def test_the_page_says_when_it_has_no_news_and_goes_on_by_itself(trial: Trial) -> None:
    with window("ar") as opened:
        open_demo(opened, trial, next(EDITIONS))
        opened.page.route("**/v1/events?*", lambda route: route.abort())
        expect(opened.page.locator("#notice")).to_have_text(TEXTS["ar"]["stale"])
        opened.page.unroute_all()
        expect(opened.page.locator("#notice")).to_be_empty()


def test_an_expired_token_is_renewed_for_the_same_reader_without_a_word(trial: Trial) -> None:
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        report(opened, article)
        opened.page.evaluate(
            """() => {
                const [key, kept] = Object.entries(sessionStorage)[0];
                sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(kept), token: "an.old.token" }));
            }"""
        )
        opened.page.reload()
        report(opened, article)
        expect(article.locator(".answer")).to_have_text(THANK_YOU["en"])
        opened.page.locator("#another").click()
        report(opened, article)
        expect(article.locator(".score")).to_have_text("2 of 5 points")


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


def test_the_page_allows_nothing_but_its_own_host(trial: Trial) -> None:
    with window() as opened:
        answer = opened.page.goto(f"{trial.url}/demo")
        assert answer
        rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
        assert (rules["default-src"], rules["script-src"], rules["style-src"]) == ("'none'", "'self'", "'self'")
        assert opened.page.locator("[style], style, script:not([src])").count() == 0


def test_nothing_is_left_untranslated() -> None:
    for table in (TEXTS, STORIES):
        assert table.keys() == LANGUAGES.keys()
        assert {frozenset(texts) for texts in table.values()} == {frozenset(table["en"])}
    for reason in load_policy(None).reasons:
        assert reason.labels.keys() == LANGUAGES.keys()
