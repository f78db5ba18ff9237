"""The rooms of those who look after the site, in a real browser: in two directions, light and dark, large and small."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import DESKTOP, Window, window
from console_site import Console
from playwright.sync_api import ViewportSize, expect

from quorum.accounts.roles import Role

PHONE: ViewportSize = {"width": 390, "height": 800}
LOOKS = (("fr", False, DESKTOP), ("ar", True, PHONE), ("ar", False, DESKTOP), ("fr", True, PHONE))
PAGES = ("/policy", "/shields", "/webhooks", "/keys", "/audit", "/audit/administration", "/accounts")


def shoot(opened: Window, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    directory = os.environ.get("QUORUM_TEST_SHOTS")
    if directory:
        opened.page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)


def check(opened: Window, console: Console, name: str) -> None:
    assert opened.overflow() == 0, name
    assert opened.findings() == [], name
    opened.assert_clean(console.url)
    shoot(opened, name)


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{'dark' if look[1] else 'light'}-{look[2]['width']}")
def look(request: pytest.FixtureRequest, furnished: Console) -> Iterator[tuple[Window, str]]:
    language, dark, viewport = request.param
    with window(language, dark=dark, viewport=viewport) as opened:
        furnished.enter(opened, Role.ADMIN)
        yield opened, f"{language}-{'dark' if dark else 'light'}-{viewport['width']}"


def test_each_page_is_whole_in_every_look(look: tuple[Window, str], furnished: Console) -> None:
    opened, name = look
    page = opened.page
    for path in PAGES:
        page.goto(f"{furnished.url}{path}")
        check(opened, furnished, f"{path.strip('/').replace('/', '-')}-{name}")
    page.goto(f"{furnished.url}/webhooks")
    page.locator("tbody a").first.click()
    page.locator("details.confirm summary").last.click()
    check(opened, furnished, f"webhook-{name}")
    page.goto(f"{furnished.url}/accounts/moderator@example.org")
    for number in range(page.locator("details.confirm").count()):
        page.locator("details.confirm > summary").nth(number).click()
    check(opened, furnished, f"account-{name}")
    page.goto(f"{furnished.url}/shields")
    page.locator("details.confirm > summary").click()
    page.locator("details.confirm button").click()
    expect(page.locator("#notices .good")).to_be_visible()
    page.locator("details.confirm > summary").last.click()
    check(opened, furnished, f"shields-up-{name}")
    page.locator("details.confirm button").last.click()
    expect(page.locator("#notices .good")).to_be_visible()
    page.goto(f"{furnished.url}/policy/draft")
    area = page.locator("textarea")
    area.fill(area.input_value().replace("threshold = 5", "threshold = 3").replace("spam = 1.0", "spam = 0.5\nx = 1"))
    page.locator("button[name=simulate]").click()
    expect(page.locator("svg.chart[role=img]")).to_be_attached()
    expect(page.locator("a[href$='/images/img-near']")).to_be_attached()
    check(opened, furnished, f"draft-{name}")
    area = page.locator("textarea")
    area.fill("threshold = -1")
    page.locator("button.main").last.click()
    expect(page.locator("[role=alert]")).to_contain_text("threshold")
    assert "draft" not in page.locator("[role=alert]").inner_text()  # it is told in the language of the page
    assert all(
        "422" in complaint for complaint in opened.complaints
    )  # the browser tells of every answer that is no 200
    opened.complaints.clear()
    check(opened, furnished, f"broken-{name}")
    page.goto(f"{furnished.url}/keys")
    page.locator("input[name=name]").fill("a new backend")
    page.locator("input[value=report]").check()
    page.locator("button.main").click()
    expect(page.locator("input.mono")).to_have_value(re.compile("^qk_"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copy = page.locator("button[data-copy]")
    copy.click()
    expect(copy).to_have_text(copy.get_attribute("data-done") or "")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("input.mono").input_value()
    check(opened, furnished, f"key-{name}")
