"""The report button in a real browser: which pictures of a page are hidden, and what a page of many costs."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from browser import Window, window
from news_site import Site, fulfil
from playwright.sync_api import Locator, Page, Route, expect

from quorum.languages import THANK_YOU

pytestmark = pytest.mark.xdist_group("button")

NUMBERS = itertools.count(1)
LOOK_UPS, REASONS = "**/v1/images/visibility", "**/v1/reasons"
AUTO = 'data-auto data-token-url="/quorum-token"'
CROSSING = 5


@pytest.fixture
def opened() -> Iterator[Window]:
    with window() as one:
        yield one


@pytest.fixture
def image() -> str:
    return f"picture-{next(NUMBERS)}"


def with_button(site: Site, image: str, more: str = "") -> str:
    """Return the URL of a page with one picture and its button."""
    button = f'<quorum-report image="{image}" endpoint="{{api}}" token-url="/quorum-token" {more}></quorum-report>'
    return site.put(f'<img id="boats" src="/a.svg" alt="Boats" width="480" height="300">{button}')


def block(page: Page, site: Site, image: str, people: int = CROSSING) -> None:
    """Let a site's backend report an image for many readers, and wait until it is blocked."""
    key = {"Authorization": f"Bearer {site.trial.site_key}"}
    for number in range(people):
        report = {"image_id": image, "reason": "spam", "reporter_id": f"{image}-{number}"}
        assert page.request.post(f"{site.api}/v1/reports", headers=key, data=report).status == 202
    if people == CROSSING:
        events = page.request.get(f"{site.api}/v1/events?wait=15&limit=1000", headers=key).json()
        while image not in [event["subject"] for event in events]:
            events = page.request.get(f"{site.api}/v1/events?limit=1000", headers=key).json()


def seen(visibility: str = "visible", own_report: str | None = None) -> dict[str, Any]:
    return {"visibility": visibility, "own_report": own_report, "receipt": "0" * 32 if own_report else None}


def ids_in(route: Route) -> list[str]:
    """Return the pictures that a page asks for."""
    body: Any = route.request.post_data_json
    return list(body["image_ids"])


def saying(*images: dict[str, Any]) -> Any:
    """Answer look-ups in place of the API."""
    return lambda route: fulfil(route, 200, {"images": list(images)})


def part(page: Page, name: str) -> Locator:
    return page.locator(f"quorum-report [part={name}]")


def test_a_blocked_picture_is_hidden_and_its_place_says_why(opened: Window, site: Site, image: str) -> None:
    page = opened.page
    page.goto(with_button(site, image))
    expect(page.locator("#boats")).to_be_visible()
    block(page, site, image)
    page.reload()
    expect(page.locator("#boats")).to_be_hidden()
    expect(part(page, "notice")).to_have_text("This picture was blocked after reports by several people.")
    expect(part(page, "button")).to_be_hidden()
    expect(part(page, "withdraw")).to_be_hidden()
    assert opened.findings() == []


def test_the_last_of_several_reporters_sees_the_picture_go(opened: Window, site: Site, image: str) -> None:
    page = opened.page
    page.goto(with_button(site, image))
    block(page, site, image, CROSSING - 1)
    part(page, "button").click()
    page.locator("quorum-report input").first.check()
    part(page, "send").click()
    expect(part(page, "status")).to_have_text(THANK_YOU["en"])
    expect(page.locator("#boats")).to_be_hidden()
    expect(part(page, "notice")).to_be_visible()
    kept = page.evaluate("JSON.parse(localStorage.getItem('quorum-report')).sent")
    assert [(name, len(receipt)) for name, receipt in kept] == [(f"{site.api}/{image}", 32)]


def test_a_held_picture_is_shown_only_to_who_asks(opened: Window, site: Site, image: str) -> None:
    page = opened.page
    page.route(LOOK_UPS, saying(seen("held")))
    page.goto(with_button(site, image))
    expect(page.locator("#boats")).to_be_hidden()
    expect(part(page, "notice")).to_have_text("This picture was reported and awaits review.")
    assert opened.findings() == []
    part(page, "show").click()
    expect(page.locator("#boats")).to_be_visible()
    expect(part(page, "notice")).to_be_empty()
    expect(part(page, "button")).to_be_focused()


def test_a_reader_hears_that_a_picture_was_kept_and_sends_the_receipt(opened: Window, site: Site, image: str) -> None:
    page, asked = opened.page, []

    def answer(route: Route) -> None:
        asked.append(route.request.post_data_json)
        fulfil(route, 200, {"images": [seen("visible", "open" if len(asked) == 1 else "kept")]})

    page.route(LOOK_UPS, answer)
    page.goto(with_button(site, image))
    expect(part(page, "button")).to_have_text("Reported")
    page.reload()
    expect(part(page, "status")).to_have_text("This picture was reviewed and stays.")
    expect(part(page, "withdraw")).to_be_hidden()
    assert asked == [
        {"image_ids": [image], "receipts": []},
        {"image_ids": [image], "receipts": ["0" * 32]},
    ]


def test_a_report_of_another_browser_is_known_here(opened: Window, site: Site, image: str) -> None:
    page = opened.page
    page.route(LOOK_UPS, saying(seen("visible", "open")))
    page.goto(with_button(site, image))
    expect(part(page, "button")).to_have_text("Reported")
    expect(part(page, "withdraw")).to_be_visible()


def test_a_site_that_hides_by_itself_is_not_asked_for(opened: Window, site: Site, image: str) -> None:
    opened.page.goto(with_button(site, image, 'hide="off"'))
    expect(part(opened.page, "button")).to_be_visible()
    opened.page.wait_for_load_state("networkidle")
    assert not [url for url in opened.requested if "/v1/" in url]


def test_500_pictures_cost_three_look_ups_and_one_question_for_the_reasons(opened: Window, site: Site) -> None:
    page, asked = opened.page, []

    def answer(route: Route) -> None:
        ids = ids_in(route)
        asked.append(ids)
        images = [seen("blocked" if one.endswith("-77") else "visible") for one in ids]
        fulfil(route, 200, {"images": images})

    page.route(LOOK_UPS, answer)
    many = "".join(
        f'<img data-quorum="many-{number}" src="/a.svg" alt="" width="48" height="30">' for number in range(500)
    )
    page.goto(site.put(many, script=AUTO))
    expect(page.locator("quorum-report")).to_have_count(500)
    expect(page.locator("img:visible")).to_have_count(499)
    assert sorted(map(len, asked)) == [100, 200, 200]
    assert len({one for ids in asked for one in ids}) == 500
    for number in (3, 4):
        page.locator("quorum-report [part=button]").nth(number).click()
        page.locator("quorum-report [part=cancel]").click()
    assert len([url for url in opened.requested if url.endswith("/v1/reasons")]) == 1
    assert len([url for url in opened.requested if url.endswith("/quorum-token")]) == 1
    assert opened.complaints == []


def test_one_line_gives_every_picture_its_button_now_and_later(opened: Window, site: Site, image: str) -> None:
    page = opened.page
    body = (
        f'<img data-quorum="{image}-1" src="/a.svg" alt="One" width="48" height="30">'
        f'<a href="/elsewhere"><img data-quorum="{image}-2" src="/a.svg" alt="Two" width="48" height="30"></a>'
        f'<picture><img data-quorum="{image}-3" src="/a.svg" alt="Three" width="48" height="30"></picture>'
        '<img data-quorum src="/named-by-its-url.svg" alt="Four" width="48" height="30"><img src="/b.svg" alt="">'
        '<div id="later"></div>'
    )
    page.goto(site.put(body, script=f"{AUTO} data-lang=fr data-hide=off"))
    buttons = page.locator("quorum-report")
    expect(buttons).to_have_count(4)
    names = [f"{image}-1", f"{image}-2", f"{image}-3", f"{site.url}/named-by-its-url.svg"]
    assert [one.get_attribute("image") for one in buttons.all()] == names
    expect(page.locator("a quorum-report, picture quorum-report")).to_have_count(0)
    expect(page.get_by_role("button", name="Signaler cette image : Two".replace(" :", ":"))).to_be_visible()
    page.evaluate(
        """() => {
            const image = Object.assign(new Image(), { src: "/c.svg", alt: "Later" });
            image.dataset.quorum = "later";
            document.querySelector("#later").append(image);
        }"""
    )
    expect(buttons).to_have_count(5)
    buttons.nth(4).locator("[part=button]").click()
    page.locator("quorum-report input").first.check()
    page.locator("quorum-report [part=send]").click()
    expect(buttons.nth(4).locator("[part=status]")).to_have_text(THANK_YOU["fr"])
    assert opened.complaints == []


def test_a_changed_image_is_another_one(opened: Window, site: Site, image: str) -> None:
    page = opened.page

    def answer(route: Route) -> None:
        fulfil(route, 200, {"images": [seen("blocked" if one == image else "visible") for one in ids_in(route)]})

    page.route(LOOK_UPS, answer)
    page.goto(with_button(site, image))
    expect(page.locator("#boats")).to_be_hidden()
    page.evaluate("document.querySelector('quorum-report').setAttribute('image', 'another')")
    expect(page.locator("#boats")).to_be_visible()
    expect(part(page, "button")).to_have_text("Report this picture")


@pytest.mark.parametrize("answer", ["abort", 500, 503, 429, "nonsense"])
def test_while_the_api_is_away_the_page_is_as_without_it(
    opened: Window, site: Site, image: str, answer: str | int
) -> None:
    page = opened.page
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))

    def away(route: Route) -> None:
        if answer == "abort":
            route.abort()
        elif answer == "nonsense":
            route.fulfill(status=200, body="<html>", headers={"Access-Control-Allow-Origin": "*"})
        else:
            fulfil(route, int(answer))

    page.route("**/v1/**", away)
    page.goto(with_button(site, image))
    page.wait_for_load_state("networkidle")
    expect(page.locator("#boats")).to_be_visible()
    part(page, "button").click()
    expect(part(page, "status")).not_to_have_text("…")
    expect(part(page, "status")).not_to_be_empty()
    expect(part(page, "dialog")).to_have_count(0)
    assert opened.findings() == []
    page.unroute_all()
    part(page, "button").click()
    expect(part(page, "dialog")).to_be_visible()
    assert thrown == []


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_server_that_tells_this_reader_nothing_is_asked_once(
    opened: Window, site: Site, image: str, status: int
) -> None:
    page, asked = opened.page, []

    def refuse(route: Route) -> None:
        asked.append(route)
        fulfil(route, status)

    page.route(LOOK_UPS, refuse)
    page.goto(with_button(site, image))
    page.wait_for_load_state("networkidle")
    before = len(asked)
    assert before == 1
    page.evaluate("document.querySelector('quorum-report').setAttribute('image', 'another')")
    page.wait_for_load_state("networkidle")
    assert len(asked) == before
    expect(page.locator("#boats")).to_be_visible()


def test_what_the_page_does_wrong_is_no_error_of_the_page(opened: Window, site: Site) -> None:
    page = opened.page
    body = (
        "<quorum-report></quorum-report>"
        f'<quorum-report image="{"x" * 5000}" endpoint="{{api}}"></quorum-report>'
        '<quorum-report image="a" endpoint="http://"></quorum-report>'
        '<quorum-report image="a" endpoint="{api}" texts=\'{\'></quorum-report>'
        '<quorum-report image="good" endpoint="{api}"></quorum-report>'
    )
    page.goto(site.put(body))
    expect(page.locator("quorum-report[image=good] [part=button]")).to_have_text("Report this picture")
    page.wait_for_load_state("networkidle")
    assert [text for text in opened.complaints if "Failed to load resource" not in text] == []


def test_a_button_that_is_taken_away_and_put_back_goes_on(opened: Window, site: Site, image: str) -> None:
    page = opened.page
    page.goto(with_button(site, image, 'hide="off"'))
    page.evaluate(
        """() => {
            const button = document.querySelector("quorum-report");
            button.remove();
            document.querySelector("main").append(button);
        }"""
    )
    part(page, "button").click()
    expect(part(page, "reason")).to_have_count(9)
    assert json.loads(json.dumps(opened.complaints)) == []
