"""The report button on all sorts of pages in a real browser: what it looks like, and whom it leaves out."""

import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest
from browser import window
from news_site import POLICY, Site, fulfil
from playwright.sync_api import Locator, Page, ViewportSize, expect

from quorum.languages import THANK_YOU

pytestmark = pytest.mark.xdist_group("button")

NUMBERS = itertools.count(1)
NARROW: ViewportSize = {"width": 390, "height": 844}
LEAST_PIXELS = 44
IN_SHADOW = """
const host = document.querySelector("#host"), root = host.attachShadow({ mode: "open" });
const image = Object.assign(new Image(), { src: "/a.svg", alt: "Boats" });
const button = document.createElement("quorum-report");
for (const name of ["image", "endpoint", "token-url"]) button.setAttribute(name, host.getAttribute(`data-${name}`));
root.append(image, button);
"""


def button(image: str, more: str = "") -> str:
    place = f'image="{image}" endpoint="{{api}}" token-url="/quorum-token"'
    return f'<img src="/a.svg" alt="Boats" width="480" height="300"><quorum-report {place} {more}></quorum-report>'


def plain(site: Site, page: Page, image: str, language: str) -> None:
    page.goto(site.put(button(image), language=language))


def in_figure(site: Site, page: Page, image: str, language: str) -> None:
    page.goto(site.put(f"<figure>{button(image)}<figcaption>Boats</figcaption></figure>", language=language))


def in_shadow_root(site: Site, page: Page, image: str, language: str) -> None:
    data = f'data-image="{image}" data-endpoint="{{api}}" data-token-url="/quorum-token"'
    site.pages["/shadow.js"] = IN_SHADOW.encode()
    body = f'<div id="host" {data}></div><script type="module" src="/shadow.js"></script>'
    page.goto(site.put(body, language=language))


def right_to_left(site: Site, page: Page, image: str, language: str) -> None:
    page.goto(site.put(button(image), language=language, direction="rtl"))


def automatic(site: Site, page: Page, image: str, language: str) -> None:
    picture = f'<img data-quorum="{image}" src="/a.svg" alt="Boats" width="480" height="300">'
    page.goto(site.put(picture, script='data-auto data-token-url="/quorum-token"', language=language))


PLACES: list[Callable[[Site, Page, str, str], None]] = [plain, in_figure, in_shadow_root, right_to_left, automatic]


def part(page: Page, name: str) -> Locator:
    return page.locator(f"quorum-report [part={name}]")


def large_enough(page: Page) -> list[Any]:
    """Return the targets on show that are smaller than a finger."""
    return [
        (target.text_content(), box)
        for target in page.locator("quorum-report button:visible, quorum-report label:visible").all()
        if (box := target.bounding_box()) and min(box["width"], box["height"]) < LEAST_PIXELS
    ]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("ar", True), ("en", True), ("es", False)])
def test_everybody_can_use_it_on_a_phone_wherever_it_is(
    site: Site,
    place: Callable[[Site, Page, str, str], None],
    language: str,
    dark: bool,  # noqa: FBT001 - a parameter
) -> None:
    with window(language, dark=dark, viewport=NARROW) as opened:
        page = opened.page
        page.emulate_media(reduced_motion="reduce")  # what comes slowly has little contrast while it comes
        place(site, page, f"page-{next(NUMBERS)}", language)
        expect(part(page, "button")).to_be_visible()
        assert opened.findings() == []
        assert large_enough(page) == []
        part(page, "button").click()
        expect(part(page, "dialog")).to_be_visible()
        assert opened.findings() == []
        assert large_enough(page) == []
        box = part(page, "dialog").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= NARROW["width"]
        assert box["y"] + box["height"] <= NARROW["height"]
        part(page, "reason").last.click()
        part(page, "send").click()
        expect(part(page, "status")).to_have_text(re.compile(".{2}"))
        assert (part(page, "status").text_content(), opened.complaints) == (THANK_YOU[language], [])
        assert opened.findings() == []
        assert large_enough(page) == []
        assert opened.overflow() <= 0
        assert opened.complaints == []


def test_the_strictest_policy_and_trusted_types_are_kept_to(site: Site) -> None:
    """Every page of these tests is under it; here it is seen to bite."""
    for rule in (
        "default-src 'none'",
        "style-src 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ):
        assert rule in POLICY
    with window() as opened:
        plain(site, opened.page, f"page-{next(NUMBERS)}", "en")
        expect(part(opened.page, "button")).to_be_visible()
        assert opened.complaints == []
        opened.page.evaluate("document.head.append(document.createElement('style'))")
        opened.page.evaluate("document.querySelector('style').textContent = 'p { color: red }'")
        opened.page.wait_for_function("document.querySelector('style').sheet === null")
        bitten = "(() => { try { document.body.innerHTML = '<p>'; return false } catch { return true } })()"
        assert opened.page.evaluate(bitten)


def test_a_script_that_is_not_the_one_of_the_hash_does_not_run(site: Site) -> None:
    with window() as opened:
        opened.page.route(
            "**/button/*",
            lambda route: route.fulfill(
                body="alert(1)", content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"}
            ),
        )
        plain(site, opened.page, "page", "en")
        expect(opened.page.locator("img")).to_be_visible()
        assert any("integrity" in text for text in opened.complaints)
        assert opened.page.evaluate("customElements.get('quorum-report')") is None


def background(place: Locator) -> str:
    found: str = place.evaluate("(one) => getComputedStyle(one).backgroundColor")
    return found


def test_a_site_gives_it_its_own_colours_and_shapes(site: Site) -> None:
    style = (
        b"quorum-report { --quorum-accent: rgb(0, 80, 0); --quorum-radius: 0px; --quorum-paper: rgb(250, 250, 210) }"
    )
    site.pages["/theme.js"] = (
        b"const sheet = new CSSStyleSheet(); sheet.replaceSync(`" + style + b" quorum-report::part(button) "
        b"{ text-transform: uppercase }`); document.adoptedStyleSheets = [sheet];"
    )
    with window() as opened:
        page = opened.page
        page.goto(site.put(button("page") + '<script type="module" src="/theme.js"></script>'))
        expect(part(page, "button")).to_have_css("text-transform", "uppercase")
        expect(part(page, "button")).to_have_css("border-radius", "0px")
        part(page, "button").click()
        assert background(part(page, "send")) == "rgb(0, 80, 0)"
        assert background(part(page, "dialog")) == "rgb(250, 250, 210)"


@pytest.mark.parametrize("dark", [False, True])
def test_the_dialog_is_as_light_or_dark_as_the_page(site: Site, dark: bool) -> None:  # noqa: FBT001 - a parameter
    with window(dark=dark) as opened:
        page = opened.page
        plain(site, page, f"page-{next(NUMBERS)}", "en")
        part(page, "button").click()
        shade = int(background(part(page, "dialog")).removeprefix("rgb(").split(",")[0])
        assert (shade < 64) is dark
        assert (shade > 192) is not dark


@pytest.mark.parametrize(("motion", "name"), [("reduce", "none"), ("no-preference", "come")])
def test_nothing_moves_for_who_does_not_want_it(site: Site, motion: Any, name: str) -> None:
    with window() as opened:
        opened.page.emulate_media(reduced_motion=motion)
        plain(site, opened.page, f"page-{next(NUMBERS)}", "en")
        part(opened.page, "button").click()
        expect(part(opened.page, "dialog")).to_have_css("animation-name", name)


def test_a_page_that_shouts_in_small_italics_gets_a_readable_dialog(site: Site) -> None:
    site.pages["/odd.js"] = (
        b"const sheet = new CSSStyleSheet(); sheet.replaceSync(`main { font-size: 7px; text-align: right; color: white;"
        b" white-space: nowrap }`); document.adoptedStyleSheets = [sheet];"
    )
    with window(viewport=NARROW) as opened:
        page = opened.page
        page.goto(site.put(button("page") + '<script type="module" src="/odd.js"></script>'))
        part(page, "button").click()
        dialog = part(page, "dialog")
        expect(dialog).to_have_css("font-size", "16px")
        expect(dialog).to_have_css("text-align", "start")
        expect(dialog).to_have_css("white-space-collapse", "collapse")
        assert dialog.evaluate("(one) => getComputedStyle(one).color") == "rgb(0, 0, 0)"
        assert opened.overflow() <= 0


def test_many_long_reasons_fit_a_small_screen(site: Site) -> None:
    reasons = [{"name": f"reason-{number}", "label": "A long reason of several words " * 3} for number in range(30)]
    small: ViewportSize = {"width": 320, "height": 480}
    with window(viewport=small) as opened:
        page = opened.page
        page.route("**/v1/reasons", lambda route: fulfil(route, 200, {"reasons": reasons}))
        plain(site, page, "page", "en")
        part(page, "button").click()
        box = part(page, "dialog").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= small["width"]
        assert box["y"] + box["height"] <= small["height"]
        part(page, "send").scroll_into_view_if_needed()
        expect(part(page, "send")).to_be_in_viewport()
        assert opened.findings() == []


def test_two_scripts_on_one_page_are_one_button(site: Site) -> None:
    with window() as opened:
        page = opened.page
        again = site.script().replace('src="', 'src="').replace('.js"', '.js?again"')
        page.goto(site.put(button("page") + again))
        expect(part(page, "button")).to_have_count(1)
        part(page, "button").click()
        expect(part(page, "dialog")).to_have_count(1)
        assert opened.complaints == []
