"""The report button in Firefox: another engine's dialogs, style sheets, language and focus."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import AXE
from firefox import Firefox, firefox
from news_site import Site

from quorum.languages import THANK_YOU

pytestmark = pytest.mark.xdist_group("button")

PART = "const part = (name) => document.querySelector('quorum-report').shadowRoot.querySelector(`[part=${name}]`);"
TAB, ENTER, ESCAPE, SPACE, DOWN = "\ue004", "\ue007", "\ue00c", " ", "\ue015"


@pytest.fixture
def fox(tmp_path: Path) -> Iterator[Firefox]:
    with firefox(tmp_path) as one:
        yield one


def open_page(fox: Firefox, site: Site, image: str, language: str = "en") -> None:
    button = f'<quorum-report image="{image}" endpoint="{{api}}" token-url="/quorum-token"></quorum-report>'
    fox.open(site.put(f'<img src="/a.svg" alt="Boats" width="480" height="300">{button}', language=language))
    fox.wait_for(f"{PART} return part('button')?.textContent")


def findings(fox: Firefox) -> Any:
    fox.run(AXE.read_text(encoding="utf-8"))
    return fox.run("return axe.run().then((result) => result.violations.map((one) => one.id))")


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_reader_reports_in_firefox_with_the_keyboard(fox: Firefox, site: Site, language: str) -> None:
    open_page(fox, site, f"fox-{language}", language)
    fox.press(TAB, ENTER)
    fox.wait_for(f"{PART} return part('dialog')?.open")
    assert fox.run(f"{PART} return part('dialog').querySelectorAll(':checked').length") == 0
    fox.press(ESCAPE)
    fox.wait_for(f"{PART} return !part('dialog')")
    fox.wait_for(f"{PART} return part('button').matches(':focus')")
    fox.press(ENTER)
    fox.wait_for(f"{PART} return part('dialog')?.open")
    fox.press(SPACE, ENTER)
    fox.wait_for(f"{PART} return part('status').textContent === arguments[0]", THANK_YOU[language])
    assert fox.run(f"{PART} return part('button').ariaDisabled") == "true"
    assert fox.run(f"{PART} return part('button').closest('div').dir") == ("rtl" if language == "ar" else "ltr")
    fox.wait_for(f"{PART} return part('button').matches(':focus')")


def test_axe_finds_nothing_in_firefox(fox: Firefox, site: Site) -> None:
    open_page(fox, site, "fox-axe")
    assert findings(fox) == []
    fox.press(TAB, ENTER)
    fox.wait_for(f"{PART} return part('dialog')?.open")
    fox.wait_for(f"{PART} return getComputedStyle(part('dialog')).opacity === '1'")
    assert findings(fox) == []
    targets = "[...part('dialog').querySelectorAll('button, label')]"
    sizes = fox.run(f"{PART} return {targets}.map((one) => one.getBoundingClientRect().height)")
    assert min(sizes) >= 44


def test_a_blocked_picture_is_hidden_in_firefox(fox: Firefox, site: Site) -> None:
    site.pages["/stub.js"] = (
        b"const real = fetch; window.fetch = (url, options) => String(url).endsWith('/v1/images/visibility') ? "
        b"Promise.resolve(new Response(JSON.stringify({ images: [{ visibility: 'blocked', own_report: null }] }))) "
        b": real(url, options);"
    )
    button = '<quorum-report image="fox-blocked" endpoint="{api}"></quorum-report>'
    stub = '<script src="/stub.js"></script>'
    fox.open(site.put(f'{stub}<img src="/a.svg" alt="Boats" width="480" height="300">{button}'))
    fox.wait_for("return getComputedStyle(document.querySelector('img')).display === 'none'")
    assert "blocked" in fox.run(f"{PART} return part('notice').textContent")
