"""Every page of the console in a real browser: in each language, by day and by night, on a desk and on a phone."""

import os
from pathlib import Path

import pytest
from browser import DESKTOP, Window, window
from console_site import Console
from console_visits import visits
from flask.testing import FlaskClient
from playwright.sync_api import ViewportSize

from console.access.guard import ANYONE, NEEDS
from quorum.languages import RIGHT_TO_LEFT

PHONE: ViewportSize = {"width": 390, "height": 844}
WALKS = [("fr", False, PHONE), ("ar", True, PHONE), ("ar", False, DESKTOP), ("fr", True, DESKTOP)]
NOT_PAGES = {"static", "livez", "readyz", "queue.home", "queue.find", "oidc.begin", "oidc.end"}
SHOTS = os.environ.get("SHOTS")  # a folder: there the pages are drawn, to be looked at


def pages(console: Console) -> list[str]:
    """Return the path of every page that is looked at."""
    found = {one.path for one in visits(console.app) if one.method == "GET" and one.endpoint not in NOT_PAGES}
    client = console.app.test_client()  # one session for all: more than an account may have would end the browser's
    client.set_cookie("quorum", console.cookie_of_admin())
    return sorted(path for path in found if is_page(client, path))


def is_page(client: FlaskClient, path: str) -> bool:
    with client.get(path) as answer:
        return answer.mimetype == "text/html" and answer.status_code != 303


def look(opened: Window, console: Console, path: str, name: str) -> None:
    """Hold one page to what all must keep to."""
    answer = opened.page.goto(console.url + path)
    assert answer
    assert answer.status in {200, 404}, path
    assert opened.page.url == console.url + path  # and not the door
    opened.page.wait_for_load_state("networkidle")
    if SHOTS:
        drawn = Path(SHOTS) / f"{path.strip('/').replace('/', '-') or 'home'}-{name}.png"
        opened.page.screenshot(path=str(drawn), full_page=True)
    assert opened.overflow() == 0, path
    assert opened.findings() == [], path


@pytest.mark.parametrize(("language", "dark", "viewport"), WALKS, ids=["fr-phone", "ar-night-phone", "ar", "fr-night"])
def test_every_page_can_be_read_by_everybody(
    filled: Console, language: str, viewport: ViewportSize, *, dark: bool
) -> None:
    with window(language, dark=dark, viewport=viewport) as opened:
        look(opened, filled, "/sign-in", f"{language}-{viewport['width']}")
        filled.enter(opened)
        for path in pages(filled):
            look(opened, filled, path, f"{language}-{viewport['width']}{'-night' if dark else ''}")
            html = opened.page.locator("html")
            assert html.get_attribute("lang") == language
            assert html.get_attribute("dir") == ("rtl" if language in RIGHT_TO_LEFT else "ltr")
        opened.complaints = [one for one in opened.complaints if "404" not in one]  # pages of what is not there
        opened.assert_clean(filled.url)


def test_every_page_can_be_read_without_a_script(filled: Console) -> None:
    with window() as opened:
        assert opened.page.context.browser
        context = opened.page.context.browser.new_context(java_script_enabled=False)
        context.add_cookies([{"name": "quorum", "value": filled.cookie_of_admin(), "url": filled.url}])
        page = context.new_page()
        for path in pages(filled):
            page.goto(filled.url + path)
            assert page.url == filled.url + path
            assert page.locator("h1").first.is_visible(), path


def test_there_is_a_page_for_each_room(filled: Console) -> None:
    rooms = {endpoint.partition(".")[0] for endpoint, need in NEEDS.items() if need is not ANYONE}
    assert {"queue", "images", "reporters", "mine"} <= rooms
    assert len(pages(filled)) >= len(rooms - {"deciding", "oidc"})
