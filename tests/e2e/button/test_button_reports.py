"""The report button in a real browser, on a page of another origin, against a real quorum: reports."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from browser import Window, window
from news_site import Site, fulfil, state_of
from playwright.sync_api import Locator, Route, expect

from quorum.languages import THANK_YOU
from quorum.policy import load_policy

pytestmark = pytest.mark.xdist_group("button")

NUMBERS = itertools.count(1)
REPORTS, TOKENS = "**/v1/reports", "**/quorum-token"
WAIT_SECONDS = 15


class Shown:
    """A page with one picture and its button."""

    def __init__(
        self, opened: Window, site: Site, language: str = "en", more: str = 'token-url="/quorum-token"'
    ) -> None:
        self.page, self.window, self.site = opened.page, opened, site
        self.image = f"report-{next(NUMBERS)}"
        self.sent: list[dict[str, Any]] = []
        self.page.on("request", self._note)
        attributes = f'image="{self.image}" endpoint="{{api}}" hide="off" {more}'
        picture = '<img src="/a.svg" alt="Boats" width="480" height="300">'
        self.page.goto(
            site.put(f"{picture}<quorum-report {attributes}></quorum-report>", language=language, path=f"/{self.image}")
        )

    def _note(self, request: Any) -> None:
        if request.url.endswith("/v1/reports") and request.method == "POST":
            self.sent.append({**request.headers, **request.post_data_json})

    @property
    def button(self) -> Locator:
        return self.part("button")

    @property
    def status(self) -> Locator:
        return self.part("status")

    def part(self, name: str) -> Locator:
        return self.page.locator(f"quorum-report [part={name}]")

    def report(self, reason: str = "spam") -> None:
        """Report as a reader does, up to the last click."""
        self.button.click()
        self.page.locator(f"quorum-report input[value={reason}]").check()
        self.part("send").click()


@pytest.fixture
def opened() -> Iterator[Window]:
    with window() as one:
        yield one


@pytest.mark.parametrize("language", ["en", "fr", "ar", "es"])
def test_a_reader_is_asked_and_thanked_in_the_language_of_the_page(site: Site, language: str) -> None:
    with window("de") as opened:
        shown = Shown(opened, site, language)
        shown.button.click()
        labels = [reason.label(language) for reason in load_policy(None).reasons]
        expect(shown.part("reason")).to_have_text(labels)
        shown.page.locator("quorum-report input").nth(7).check()
        shown.part("send").click()
        expect(shown.status).to_have_text(THANK_YOU[language])
        expect(shown.page.locator("quorum-report > div, quorum-report div").first).to_have_attribute(
            "dir", "rtl" if language == "ar" else "ltr"
        )
        assert shown.sent[0]["reason"] == "spam"
        assert shown.sent[0]["accept-language"] == language
        assert opened.complaints == []


def test_no_reason_is_preselected_and_none_is_sent_without(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.button.click()
    expect(shown.page.locator("quorum-report input:checked")).to_have_count(0)
    shown.part("send").click()
    expect(shown.part("dialog")).to_be_visible()
    shown.part("cancel").click()
    expect(shown.part("dialog")).to_have_count(0)
    expect(shown.status).to_be_empty()
    assert shown.sent == []


def test_the_keyboard_alone_is_enough_and_the_focus_comes_back(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    keyboard = shown.page.keyboard
    keyboard.press("Tab")
    expect(shown.button).to_be_focused()
    keyboard.press("Enter")
    expect(shown.part("dialog")).to_be_visible()
    keyboard.press("Escape")
    expect(shown.part("dialog")).to_have_count(0)
    expect(shown.button).to_be_focused()
    keyboard.press("Enter")
    expect(shown.part("dialog")).to_be_visible()
    keyboard.press("Space")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    expect(shown.status).to_have_text(THANK_YOU["en"])
    expect(shown.button).to_be_focused()
    assert [one["reason"] for one in shown.sent] == ["nudity"]


def test_a_screen_reader_hears_the_outcome_and_which_picture_it_is(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    expect(shown.page.get_by_role("button", name="Report this picture: Boats")).to_be_visible()
    expect(shown.status).to_have_attribute("role", "status")
    shown.button.click()
    expect(shown.page.get_by_role("dialog", name="What is wrong with it?")).to_be_visible()
    expect(shown.page.get_by_role("group", name="What is wrong with it?")).to_be_visible()


def test_the_browser_remembers_what_it_reported(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.report()
    expect(shown.button).to_have_text("Reported")
    shown.page.reload()
    expect(shown.button).to_have_text("Reported")
    expect(shown.button).to_have_attribute("aria-disabled", "true")
    shown.button.click(force=True)
    expect(shown.part("dialog")).to_have_count(0)
    assert len(shown.sent) == 1


def test_what_is_remembered_is_bounded_and_nonsense_harms_nobody(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    many = [[f"http://x/{number}", ""] for number in range(600)]
    for kept in ({"sent": many, "queue": []}, "nonsense", {"sent": 5}, {"sent": [], "queue": [None, 5]}):
        shown.page.evaluate("(kept) => localStorage.setItem('quorum-report', JSON.stringify(kept))", kept)
        shown.page.reload()
        expect(shown.button).to_have_text("Report this picture")
    shown.page.evaluate(
        "(kept) => localStorage.setItem('quorum-report', JSON.stringify(kept))", {"sent": many, "queue": []}
    )
    shown.report()
    expect(shown.button).to_have_text("Reported")
    assert len(state_of(shown.page)["sent"]) <= 501
    assert opened.complaints == []


def test_a_page_whose_storage_is_closed_can_report(opened: Window, site: Site) -> None:
    opened.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })"
    )
    shown = Shown(opened, site)
    shown.report()
    expect(shown.status).to_have_text(THANK_YOU["en"])
    expect(shown.button).to_have_text("Reported")
    assert opened.complaints == []


def test_an_expired_token_is_renewed_once(opened: Window, site: Site) -> None:
    site.token_seconds = -60
    shown = Shown(opened, site)

    def mend(route: Route) -> None:
        site.token_seconds = 300
        route.continue_()

    shown.page.route(REPORTS, mend, times=1)
    shown.report()
    expect(shown.status).to_have_text(THANK_YOU["en"])
    assert site.tokens_given == len(shown.sent) == 2
    assert len({one["idempotency-key"] for one in shown.sent}) == 1


def test_a_reader_whose_fresh_token_is_refused_is_told_to_sign_in(opened: Window, site: Site) -> None:
    site.token_seconds = -60
    shown = Shown(opened, site)
    shown.report()
    expect(shown.status).to_have_text("Please sign in to report pictures.")
    assert site.tokens_given == len(shown.sent) == 2


@pytest.mark.parametrize("kind", ["token-audience", "token-invalid", "credential-unknown"])
def test_a_token_that_another_would_not_mend_is_not_renewed(opened: Window, site: Site, kind: str) -> None:
    shown = Shown(opened, site)
    problem = {"type": f"urn:quorum:problem:{kind}", "status": 401}
    shown.page.route(REPORTS, lambda route: fulfil(route, 401, problem))
    shown.report()
    expect(shown.status).to_have_text("Please sign in to report pictures.")
    assert site.tokens_given == len(shown.sent) == 1


def test_a_token_may_come_as_text(opened: Window, site: Site) -> None:
    site.tokens_are_json = False
    shown = Shown(opened, site)
    shown.report()
    expect(shown.status).to_have_text(THANK_YOU["en"])


def test_tokens_are_asked_for_with_the_readers_cookies_and_never_sent_elsewhere(opened: Window, site: Site) -> None:
    opened.page.context.add_cookies([{"name": "session", "value": "secret", "url": site.url}])
    shown = Shown(opened, site)
    with shown.page.expect_request(TOKENS) as asked:
        shown.report()
    assert "session=secret" in asked.value.all_headers()["cookie"]
    expect(shown.status).to_have_text(THANK_YOU["en"])
    assert "authorization" not in asked.value.all_headers()


def test_a_reader_who_is_not_signed_in_is_told_so_and_can_try_again(opened: Window, site: Site) -> None:
    reader, site.reader = site.reader, ""
    shown = Shown(opened, site)
    shown.report()
    expect(shown.status).to_have_text("Please sign in to report pictures.")
    site.reader = reader
    shown.button.click()
    expect(shown.status).to_have_text(THANK_YOU["en"])


def test_a_login_page_in_place_of_a_token_is_no_token(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.page.route(TOKENS, lambda route: route.fulfill(body="<html>Please log in</html>", content_type="text/html"))
    shown.report()
    expect(shown.status).to_have_text("Please sign in to report pictures.")
    assert shown.sent == []


def test_without_a_token_url_the_reader_is_anonymous(opened: Window, site: Site) -> None:
    shown = Shown(opened, site, more="")
    shown.report()
    expect(shown.status).to_have_text(THANK_YOU["en"])
    assert "authorization" not in shown.sent[0]


@pytest.mark.parametrize(("language", "when"), [("en", "in 30 seconds"), ("fr", "dans 30 secondes")])
def test_too_many_reports_says_when_to_go_on(opened: Window, site: Site, language: str, when: str) -> None:
    shown = Shown(opened, site, language)
    shown.page.route(REPORTS, lambda route: fulfil(route, 429, **{"Retry-After": "30"}), times=1)
    shown.report()
    expect(shown.status).to_contain_text(when)
    shown.button.click()
    expect(shown.status).to_have_text(THANK_YOU[language])


def test_a_busy_server_is_tried_again_after_the_time_that_it_says_with_the_same_key(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.page.route(REPORTS, lambda route: fulfil(route, 503, **{"Retry-After": "1"}), times=2)
    shown.report()
    expect(shown.status).to_have_text(THANK_YOU["en"])
    assert len(shown.sent) == 3
    assert len({one["idempotency-key"] for one in shown.sent}) == 1


def test_a_server_that_stays_busy_is_left_alone_after_three_tries(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.page.route(REPORTS, lambda route: fulfil(route, 503, **{"Retry-After": "1"}))
    shown.report()
    expect(shown.status).to_have_text("This could not be sent. Please try again in a moment.")
    assert len(shown.sent) == 3
    shown.page.unroute_all()
    expect(shown.button).to_have_text("Try again")
    shown.button.click()
    expect(shown.status).to_have_text(THANK_YOU["en"])
    assert len({one["idempotency-key"] for one in shown.sent}) == 1


def test_a_lost_answer_is_asked_for_once_more_with_the_same_key(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.page.route(REPORTS, lambda route: route.abort(), times=1)
    shown.report()
    expect(shown.status).to_have_text(THANK_YOU["en"])
    first, second = shown.sent
    assert first["idempotency-key"] == second["idempotency-key"]
    assert re.fullmatch(r"[\d-]{7,60}", first["idempotency-key"])


def test_a_refused_report_is_not_kept(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.page.route(REPORTS, lambda route: fulfil(route, 422))
    shown.report()
    expect(shown.status).to_have_text("This could not be sent. Please try again in a moment.")
    expect(shown.button).to_have_text("Report this picture")
    assert state_of(shown.page)["queue"] == []


def test_a_reader_who_is_offline_reports_later(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.button.click()  # the reasons are there from now on
    shown.part("cancel").click()
    shown.page.context.set_offline(True)
    shown.report("hate")
    expect(shown.status).to_have_text("You are offline. The report will be sent later.")
    assert [one["reason"] for one in state_of(shown.page)["queue"]] == ["hate"]
    before = len(shown.sent)
    shown.page.context.set_offline(False)
    expect(shown.status).to_have_text(THANK_YOU["en"])
    expect(shown.button).to_have_text("Reported")
    assert [one["reason"] for one in shown.sent[before:]] == ["hate"]
    assert state_of(shown.page)["queue"] == []


def test_what_waits_is_sent_when_a_page_opens(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.page.route(REPORTS, lambda route: fulfil(route, 500))
    shown.report()
    expect(shown.button).to_have_text("Try again")
    shown.page.unroute_all()
    shown.page.reload()
    expect(shown.status).to_have_text(THANK_YOU["en"])
    expect(shown.button).to_have_text("Reported")


def test_what_waits_can_be_withdrawn_without_the_server(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.page.route(REPORTS, lambda route: fulfil(route, 500))
    shown.report()
    expect(shown.button).to_have_text("Try again")
    shown.part("withdraw").click()
    expect(shown.status).to_have_text("The report has been withdrawn.")
    expect(shown.button).to_have_text("Report this picture")
    expect(shown.button).to_be_focused()
    assert state_of(shown.page) == {"sent": [], "queue": []}


def test_a_report_is_withdrawn_with_the_same_credential(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.report()
    expect(shown.button).to_have_text("Reported")
    asked: list[tuple[str, str, str]] = []

    def withdrawn(route: Route) -> None:
        one = route.request
        asked.append((one.method, one.url, one.headers["authorization"]))
        route.continue_()

    shown.page.route(f"{REPORTS}/*", withdrawn)
    shown.part("withdraw").click()
    expect(shown.status).to_have_text("The report has been withdrawn.")
    expect(shown.button).to_be_focused()
    expect(shown.button).to_have_text("Report this picture")
    expect(shown.part("withdraw")).to_be_hidden()
    assert asked == [("DELETE", f"{site.api}/v1/reports/{shown.image}", shown.sent[0]["authorization"])]
    shown.report()
    expect(shown.status).to_have_text(THANK_YOU["en"])


@pytest.mark.parametrize("status", [404, 405])
def test_withdrawing_is_hidden_where_the_server_knows_none_of_it(opened: Window, site: Site, status: int) -> None:
    shown = Shown(opened, site)
    shown.report()
    shown.page.route(f"{REPORTS}/*", lambda route: fulfil(route, status))
    shown.part("withdraw").click()
    expect(shown.part("withdraw")).to_be_hidden()
    expect(shown.button).to_have_text("Reported")
    expect(shown.button).to_be_focused()


def test_a_withdrawal_that_fails_says_so(opened: Window, site: Site) -> None:
    shown = Shown(opened, site)
    shown.report()
    shown.page.route(f"{REPORTS}/*", lambda route: fulfil(route, 503))
    shown.part("withdraw").click()
    expect(shown.status).to_have_text("This could not be sent. Please try again in a moment.")
    expect(shown.part("withdraw")).to_be_visible()


def test_a_site_hands_in_its_own_language(opened: Window, site: Site) -> None:
    german = '{"report": "Bild melden", "why": "Was stimmt nicht?", "thanks": "Danke!", "reasons": {"spam": "Werbung"}}'
    shown = Shown(opened, site, "de", f"texts='{german}'")
    expect(shown.button).to_have_text("Bild melden")
    shown.button.click()
    expect(shown.part("title")).to_have_text("Was stimmt nicht?")
    expect(shown.part("reason").filter(has_text="Werbung")).to_be_visible()
    expect(shown.part("cancel")).to_have_text("Cancel")
    shown.page.locator("quorum-report input[value=spam]").check()
    shown.part("send").click()
    expect(shown.status).to_have_text("Danke!")


def test_the_language_of_the_element_comes_before_that_of_the_page(opened: Window, site: Site) -> None:
    shown = Shown(opened, site, "fr", 'lang="es-MX"')
    expect(shown.button).to_have_text("Denunciar esta imagen")
    shown.page.evaluate("document.querySelector('quorum-report').lang = 'ar'")
    expect(shown.button).to_have_text("أبلغ عن هذه الصورة")
