"""The demo page in a real browser against a real quorum: the button, the readers that are sent, what becomes of it."""

import itertools
import json
from collections.abc import Iterator

import pytest
from browser import DESKTOP, PHONE, Window, window
from conftest import NO_CAPS, Trial, quorum_run
from playwright.sync_api import Locator, Response, expect

from quorum.languages import LANGUAGES, THANK_YOU
from quorum.policy import load_policy
from report_api.demo.crew_texts import CREW_TEXTS
from report_api.demo.crews import crews_under
from report_api.demo.stories import STORIES
from report_api.demo.texts import CAUSES, STATES, TEXTS
from report_api.translating import translated

EDITIONS = itertools.count(100)

ACCEPTED = 202
pytestmark = pytest.mark.xdist_group("demo")


def open_demo(opened: Window, trial: Trial, edition: int) -> Locator:
    """Open the page with fresh pictures; return the first article."""
    opened.page.goto(f"{trial.url}/demo?edition={edition}")
    article = opened.page.locator("article").first
    expect(opened.page.locator("#points")).not_to_be_empty()
    return article


def report(opened: Window, article: Locator) -> None:
    """Report the article's picture as the current reader, and wait for the answer."""
    article.locator("[part=button]").click()
    opened.page.locator("dialog input").first.check()
    with opened.page.expect_response(lambda answer: answer.url.endswith("/v1/reports"), timeout=60_000) as sent:
        opened.page.locator("dialog [part=send]").click()
    assert sent.value.status == ACCEPTED
    expect(article.locator("[part=status]")).not_to_be_empty()


def become_another(opened: Window) -> None:
    with opened.page.expect_navigation():
        opened.page.locator("#another").click()


def send(opened: Window, crew: str) -> None:
    """Send a crew to the chosen picture, and wait until all its waves are on their way."""
    number = next(one.waves for one in crews_under(load_policy(None)) if one.name == crew)

    def is_last(answer: Response) -> bool:
        return f"wave={number - 1}" in answer.url and answer.status == ACCEPTED

    with opened.page.expect_response(is_last, timeout=120_000):  # who may report no more in a minute waits for the next
        opened.page.locator(f"[data-crew={crew}]").click()


def site_reports(opened: Window, trial: Trial, image: str, reader: str) -> None:
    """Report as the backend of a site does, on behalf of its reader."""
    answer = opened.page.request.post(
        f"{trial.url}/v1/reports",
        headers={"Authorization": f"Bearer {trial.site_key}"},
        data={"image_id": image, "reason": "spam", "reporter_id": reader},
    )
    assert answer.status == 202


def verdict(opened: Window) -> Locator:
    return opened.page.locator("#verdict")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_is_thanked_in_their_language(trial: Trial, language: str) -> None:
    with window(language) as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        expect(opened.page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
        expect(opened.page.locator("h1")).to_have_text(translated(TEXTS, language)["title"])
        expect(verdict(opened)).to_have_text(translated(STATES, language)["quiet"])
        report(opened, article)
        expect(article.locator("[part=status]")).to_have_text(THANK_YOU[language])
        opened.assert_clean(trial.url)


def test_a_reload_and_another_language_keep_the_reader(trial: Trial) -> None:
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        become_another(opened)
        report(opened, article)
        expect(opened.page.locator("#points")).to_have_text("1 of 5 points")
        opened.page.reload()
        expect(opened.page.locator("#reader")).to_have_text("2")
        opened.page.get_by_role("link", name="Français").click()
        expect(opened.page.locator("html")).to_have_attribute("lang", "fr")
        expect(opened.page.locator("#reader")).to_have_text("2")
        expect(article.locator("[part=button]")).to_be_disabled()  # "Signalée": that reader has reported it
        become_another(opened)
        report(opened, article)
        expect(opened.page.locator("#points")).to_have_text("2 sur 5 points")
        opened.assert_clean(trial.url)


def test_readers_in_two_browsers_are_two_readers(trial: Trial) -> None:
    edition = next(EDITIONS)
    for _ in range(2):
        with window() as opened:
            report(opened, open_demo(opened, trial, edition))
    with window() as opened:
        open_demo(opened, trial, edition)
        expect(opened.page.locator("#points")).to_have_text("2 of 5 points")
        expect(opened.page.locator("#people")).to_have_text("Different people: 2")


def test_starting_over_brings_fresh_pictures(trial: Trial) -> None:
    edition = next(EDITIONS)
    next(EDITIONS)
    with window() as opened:
        report(opened, open_demo(opened, trial, edition))
        opened.page.get_by_role("link", name=TEXTS["fresh"]).click()
        article = opened.page.locator("article").first
        expect(article).to_have_attribute("data-image", f"demo-{edition + 1}-harbour")
        expect(article.locator("img")).to_be_visible()
        expect(verdict(opened)).to_have_text(STATES["quiet"])


def test_a_crowd_blocks_a_picture_and_one_event_goes_out(trial: Trial) -> None:
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        image = article.get_attribute("data-image")
        expect(opened.page.locator("#event p")).to_be_visible()
        send(opened, "crowd")
        expect(verdict(opened)).to_have_text(STATES["blocked"])
        expect(opened.page.locator("#points")).to_have_text("6 of 5 points")
        expect(opened.page.locator("#why")).to_have_text(CREW_TEXTS["crowd"]["why"])
        expect(article.locator("img")).to_be_hidden()
        expect(article.locator("[part=notice]")).to_contain_text("blocked after reports by several people")
        shown = json.loads(opened.page.locator("#event pre").inner_text())
        assert (shown["type"], shown["subject"]) == ("quorum.image.blocked.v1", image)
        feed = opened.page.request.get(f"{trial.url}/v1/events?subject={image}").json()
        assert [{**event, "cursor": None} for event in feed] == [{**shown, "cursor": None}]
        send(opened, "crowd")  # the same people again change nothing
        expect(opened.page.locator("#people")).to_have_text("Different people: 6")
        opened.page.reload()
        expect(verdict(opened)).to_have_text(STATES["blocked"])
        expect(opened.page.locator("article img:visible")).to_have_count(5)
        opened.assert_clean(trial.url)


@pytest.mark.parametrize(
    ("crew", "people", "points"), [("fresh", 20, "0 of 5 points"), ("office", 6, "1.3 of 5 points")]
)
def test_a_fresh_brigade_and_people_of_one_address_change_next_to_nothing(
    trial: Trial, crew: str, people: int, points: str
) -> None:
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        send(opened, crew)
        expect(opened.page.locator("#people")).to_have_text(f"Different people: {people}")
        expect(opened.page.locator("#points")).to_have_text(points)
        expect(verdict(opened)).to_have_text(STATES["open"])
        expect(article.locator("img")).to_be_visible()
        expect(opened.page.locator("#event p")).to_have_text(TEXTS["no_event"])


def test_a_patient_brigade_spends_its_budget_and_then_only_holds(trial: Trial) -> None:
    with window("fr") as opened:
        edition = next(EDITIONS)
        article = open_demo(opened, trial, edition)
        send(opened, "patient")
        expect(verdict(opened)).to_have_text(
            f"{translated(STATES, 'fr')['held']} {translated(CAUSES, 'fr')['budget']}", timeout=60_000
        )
        archive = translated(TEXTS, "fr")["archive"]
        expect(opened.page.locator("#archive")).to_have_text(archive.format(blocked=10, held=0))
        expect(article.locator("img")).to_be_hidden()
        article.locator("[part=show]").click()
        expect(article.locator("img")).to_be_visible()
        open_demo(opened, trial, next(EDITIONS))
        send(opened, "patient")  # the same people, the same day
        expect(opened.page.locator("#archive")).to_have_text(archive.format(blocked=0, held=10), timeout=60_000)
        opened.page.goto(f"{trial.url}/demo?edition={edition}")
        expect(verdict(opened)).to_contain_text(translated(CAUSES, "fr")["budget"])  # as told when it was held
        send(opened, "crowd")
        expect(verdict(opened)).to_have_text(translated(STATES, "fr")["blocked"])  # the site's readers block on
        opened.complaints = [one for one in opened.complaints if "429" not in one]  # who waited for the next minute
        opened.assert_clean(trial.url)


def test_readers_are_sent_to_the_picture_that_was_chosen(trial: Trial) -> None:
    with window() as opened:
        first = open_demo(opened, trial, next(EDITIONS))
        second = opened.page.locator("article").nth(1)
        second.locator(".choose").click()
        expect(second.locator(".choose")).to_have_attribute("aria-pressed", "true")
        expect(first.locator(".choose")).to_have_attribute("aria-pressed", "false")
        expect(opened.page.locator("#target")).to_have_text(STORIES["market"]["headline"])
        send(opened, "crowd")
        expect(second.locator("img")).to_be_hidden()
        expect(first.locator("img")).to_be_visible()
        first.locator(".choose").click()
        expect(verdict(opened)).to_have_text(STATES["quiet"])


def test_a_picture_that_others_block_disappears_from_an_open_page(trial: Trial) -> None:
    edition = next(EDITIONS)
    with window() as opened:
        article = open_demo(opened, trial, edition)
        expect(article.locator("img")).to_be_visible()
        for number in range(5):
            site_reports(opened, trial, f"demo-{edition}-harbour", f"somebody-else-{number}")
        expect(article.locator("img")).to_be_hidden()


def test_a_page_whose_cursor_is_too_old_goes_on(trial: Trial) -> None:
    edition = next(EDITIONS)
    gone = {"status": 410, "detail": "gone", "oldest": "0-0"}
    with window() as opened:
        open_demo(opened, trial, edition)
        opened.page.route("**/v1/events?*", lambda route: route.fulfill(status=410, json=gone), times=1)
        opened.page.wait_for_event("response", lambda answer: answer.status == 410)
        site_reports(opened, trial, f"demo-{edition}-harbour", "somebody-else")
        expect(opened.page.locator("#points")).to_have_text("1 of 5 points")
        expect(opened.page.locator("#notice")).to_be_empty()


def test_the_page_says_when_it_has_no_news_and_goes_on_by_itself(trial: Trial) -> None:
    with window("ar") as opened:
        open_demo(opened, trial, next(EDITIONS))
        opened.page.route("**/v1/events?*", lambda route: route.abort())
        expect(opened.page.locator("#notice")).to_have_text(translated(TEXTS, "ar")["stale"])
        opened.page.unroute_all()
        expect(opened.page.locator("#notice")).to_be_empty()


def test_readers_that_cannot_be_sent_are_said_and_can_be_sent_again(trial: Trial) -> None:
    with window("es") as opened:
        open_demo(opened, trial, next(EDITIONS))
        opened.page.route("**/demo/reports?*", lambda route: route.fulfill(status=503, json={}), times=1)
        opened.page.locator("[data-crew=crowd]").click()
        expect(opened.page.locator("#notice")).to_have_text(translated(TEXTS, "es")["failed"])
        send(opened, "crowd")
        expect(verdict(opened)).to_have_text(translated(STATES, "es")["blocked"])
        expect(opened.page.locator("#notice")).to_be_empty()


def test_the_keyboard_alone_is_enough(trial: Trial) -> None:
    with window() as opened:
        article = open_demo(opened, trial, next(EDITIONS))
        article.locator("[part=button]").focus()
        opened.page.keyboard.press("Enter")
        expect(opened.page.locator("dialog")).to_be_visible()
        opened.page.keyboard.press("Escape")
        expect(opened.page.locator("dialog")).to_be_hidden()
        opened.page.keyboard.press("Enter")
        opened.page.keyboard.press("ArrowDown")
        opened.page.keyboard.press("Enter")
        expect(article.locator("[part=status]")).to_have_text(THANK_YOU["en"])
        opened.page.locator("[data-crew=crowd]").focus()
        opened.page.keyboard.press("Space")
        expect(verdict(opened)).to_have_text(STATES["blocked"])


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_fits_a_phone_and_is_for_everybody(trial: Trial, language: str, *, dark: bool) -> None:
    with window(language, dark=dark, viewport=PHONE) as opened:
        open_demo(opened, trial, next(EDITIONS))
        assert opened.findings() == []
        send(opened, "crowd")
        expect(verdict(opened)).to_have_text(translated(STATES, language)["blocked"])
        assert opened.findings() == []
        assert opened.overflow() <= 0
        last = opened.page.locator("article").last
        last.locator(".choose").click()
        expect(opened.page.locator("#target")).to_be_in_viewport()
        last.locator("[part=button]").click()
        box = opened.page.locator("dialog").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]


@pytest.mark.parametrize("query", ["edition=x", "edition=-1", "edition=99999999999999999999", "lang=xx"])
def test_odd_addresses_still_show_the_page(trial: Trial, query: str) -> None:
    with window(viewport=DESKTOP) as opened:
        opened.page.goto(f"{trial.url}/demo?{query}")
        expect(opened.page.locator("article")).to_have_count(6)


@pytest.mark.parametrize(
    "query",
    ["", "crew=none&picture=harbour&wave=0", "crew=crowd&picture=none&wave=0", "crew=crowd&picture=harbour&wave=6",
     "crew=crowd&picture=harbour&wave=-1", "crew=crowd&picture=harbour&wave=²", "crew=crowd&picture=harbour"],
)  # fmt: skip
def test_no_other_reports_can_be_sent_than_those_of_the_crews(trial: Trial, query: str) -> None:
    with window() as opened:
        assert opened.page.request.post(f"{trial.url}/demo/reports?{query}").status == 404


def test_the_page_allows_nothing_but_its_own_host(trial: Trial) -> None:
    with window() as opened:
        answer = opened.page.goto(f"{trial.url}/demo")
        assert answer
        rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
        assert (rules["default-src"], rules["script-src"], rules["style-src"]) == ("'none'", "'self'", "'self'")
        assert opened.page.locator("[style], style, script:not([src]):not([type='application/json'])").count() == 0


@pytest.fixture(scope="module")
def uncapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with quorum_run(tmp_path_factory.mktemp("uncapped"), QUORUM_POLICY=str(NO_CAPS)) as started:
        yield started


def test_what_a_policy_does_not_do_is_not_shown(uncapped: Trial) -> None:
    """Where no budget is kept, nobody is sent to spend one."""
    shown = [crew.name for crew in crews_under(load_policy(NO_CAPS))]
    assert "patient" not in shown
    with window() as opened:
        open_demo(opened, uncapped, 1)
        crews = opened.page.locator("[data-crew]")
        assert [one.get_attribute("data-crew") for one in crews.all()] == shown


def test_every_reason_has_a_name_in_each_language() -> None:
    for reason in load_policy(None).reasons:
        assert reason.labels.keys() == LANGUAGES.keys()
