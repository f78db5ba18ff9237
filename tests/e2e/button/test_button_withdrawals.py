"""The button takes a report back, against the real route: what counts no more, and which picture comes back."""

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from browser import Window, window
from news_site import Site
from playwright.sync_api import Locator, Page, Route, expect
from redis_server import wait_until

pytestmark = pytest.mark.xdist_group("button")

NUMBERS = itertools.count(1)
CROSSING = 5
WITHDRAWN = "The report has been withdrawn."
TOKEN = 'token-url="/quorum-token"'


@pytest.fixture
def opened() -> Iterator[Window]:
    with window() as one:
        yield one


def part(page: Page, name: str) -> Locator:
    return page.locator(f"quorum-report [part={name}]")


def open_page(page: Page, site: Site, image: str, more: str) -> None:
    button = f'<quorum-report image="{image}" endpoint="{{api}}" {more}></quorum-report>'
    page.goto(site.put(f'<img id="boats" src="/a.svg" alt="Boats" width="480" height="300">{button}'))


def report(page: Page) -> None:
    part(page, "button").click()
    page.locator("quorum-report input[value=spam]").check()
    part(page, "send").click()
    expect(part(page, "button")).to_have_text("Reported")


def withdraw(page: Page) -> None:
    part(page, "withdraw").click()
    expect(part(page, "status")).to_have_text(WITHDRAWN)
    expect(part(page, "button")).to_have_text("Report this picture")
    expect(part(page, "withdraw")).to_be_hidden()


def state_of(page: Page, site: Site, image: str) -> Any:
    """Return what a site's backend is told of an image."""
    key = {"Authorization": f"Bearer {site.trial.site_key}"}
    return page.request.get(f"{site.api}/v1/images/{quote(image, safe='')}", headers=key).json()


def wait_for(page: Page, site: Site, image: str, **wanted: Any) -> None:
    def there() -> bool:
        state = state_of(page, site, image)
        return all(state[name] == value for name, value in wanted.items())

    wait_until(there, 20, f"{wanted}")


def reported_by_others(page: Page, site: Site, image: str, people: int) -> None:
    key = {"Authorization": f"Bearer {site.trial.site_key}"}
    for number in range(people):
        body = {"image_id": image, "reason": "spam", "reporter_id": f"{image}-{number}"}
        assert page.request.post(f"{site.api}/v1/reports", headers=key, data=body).status == 202
    wait_for(page, site, image, reporters=people)


@pytest.mark.parametrize("more", [TOKEN, ""], ids=["with a token", "anonymous"])
@pytest.mark.parametrize("image", ["back-{}", "https://news.example.org/boats/{}.jpg?size=2&amp;b=é#f"])
def test_a_report_that_is_withdrawn_counts_no_more_and_may_be_sent_again(
    opened: Window, site: Site, image: str, more: str
) -> None:
    page, image = opened.page, image.format(next(NUMBERS))
    asked: list[tuple[str, bool]] = []
    page.on("request", lambda one: asked.append((one.method, "authorization" in one.headers)))
    open_page(page, site, image, more)
    name = image.replace("&amp;", "&")
    report(page)
    wait_for(page, site, name, reporters=1)
    withdraw(page)
    wait_for(page, site, name, reporters=0, score=0)
    assert ("DELETE", bool(more)) in asked
    page.reload()
    expect(part(page, "button")).to_have_text("Report this picture")
    report(page)
    wait_for(page, site, name, reporters=1)
    assert opened.complaints == []


def test_a_young_block_that_the_others_do_not_reach_ends_and_the_picture_comes_back(opened: Window, site: Site) -> None:
    page, image = opened.page, f"back-{next(NUMBERS)}"
    reported_by_others(page, site, image, CROSSING - 1)
    open_page(page, site, image, f'{TOKEN} hide="off"')
    report(page)
    wait_for(page, site, image, state="blocked")
    assert page.context.browser
    another = page.context.browser.new_context().new_page()  # of somebody whose page hides
    open_page(another, site, image, "")
    expect(another.locator("#boats")).to_be_hidden()
    open_page(page, site, image, f'{TOKEN} hide="off"')
    withdraw(page)
    wait_for(page, site, image, state="open", reporters=CROSSING - 1)
    open_page(another, site, image, "")
    expect(part(another, "button")).to_be_visible()
    expect(another.locator("#boats")).to_be_visible()


def test_an_expired_token_is_renewed_to_withdraw(opened: Window, site: Site) -> None:
    page, image = opened.page, f"back-{next(NUMBERS)}"
    open_page(page, site, image, f'{TOKEN} hide="off"')
    report(page)
    wait_for(page, site, image, reporters=1)
    site.token_seconds = -60
    page.reload()
    given = site.tokens_given
    statuses: list[int] = []

    def mend(route: Route) -> None:
        site.token_seconds = 300
        route.continue_()

    page.route("**/v1/reports/*", mend, times=1)
    page.on("response", lambda answer: statuses.append(answer.status) if answer.request.method == "DELETE" else None)
    withdraw(page)
    wait_for(page, site, image, reporters=0)
    assert (statuses, site.tokens_given - given) == ([401, 202], 2)
