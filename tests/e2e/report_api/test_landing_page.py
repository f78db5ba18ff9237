"""The page at `/` in a real browser: what it links to works, what it says to paste does what it says."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, Window, window
from conftest import Trial, claimed_app, make_settings, quorum_run
from playwright.sync_api import expect
from redis_server import free_port, wait_until

from quorum.languages import LANGUAGES
from report_api.landing.texts import TEXTS
from report_api.translating import translated

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def own_port() -> int:
    """Where the page of one's own will be."""
    return free_port()


@pytest.fixture(scope="module")
def open_trial(tmp_path_factory: pytest.TempPathFactory, own_port: int) -> Iterator[Trial]:
    origin = {"QUORUM_CORS_ORIGINS": f"http://127.0.0.1:{own_port}"}
    with quorum_run(tmp_path_factory.mktemp("landing"), **origin) as started:
        yield started


def pasted(opened: Window, name: str) -> str:
    """Return a snippet as a person gets it who presses its button."""
    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = opened.page.locator(f"[data-copies={name}]")
    button.click()
    expect(button).to_have_text(TEXTS["copied"])
    return str(opened.page.evaluate("navigator.clipboard.readText()"))


@contextmanager
def in_a_shell(trial: Trial, script: str, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run what was pasted in a shell that knows the trial; end it with all that it started."""
    words = ["sh", "-c", f'. "{trial.directory}/data/env"\n{script}']
    process = subprocess.Popen(words, cwd=directory, stdout=subprocess.PIPE, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)


def serves(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_every_link_leads_to_a_page(open_trial: Trial) -> None:
    with window("fr") as opened:
        opened.page.goto(open_trial.url)
        expect(opened.page.locator("#state")).to_have_text(translated(TEXTS, "fr")["ready"])
        links = opened.page.locator(".cards a").evaluate_all("links => links.map((link) => link.href)")
        assert [link.partition("?")[0].removeprefix(open_trial.url) for link in links] == [
            "/demo", "/docs", "/metrics",
        ]  # fmt: skip
        opened.assert_clean(open_trial.url)
        for link in links:
            answer = opened.page.goto(link)
            assert answer
            assert answer.status == 200
        opened.page.goto(links[0])
        expect(opened.page.locator("html")).to_have_attribute("lang", "fr")  # the language goes along


def test_what_is_pasted_blocks_an_image_and_shows_its_one_event(open_trial: Trial, tmp_path: Path) -> None:
    with window() as opened:
        opened.page.goto(open_trial.url)
        script = pasted(opened, "block")
    with in_a_shell(open_trial, script, tmp_path) as shell:
        said = shell.communicate(timeout=60)[0].decode().splitlines()
    assert [json.loads(line)["status"] for line in said[:5]] == ["accepted"] * 5
    (event,) = json.loads(said[-1])
    assert (event["type"], event["subject"]) == ("quorum.image.blocked.v1", "img-1")


def test_a_page_of_ones_own_hides_its_picture_in_three_steps(open_trial: Trial, own_port: int, tmp_path: Path) -> None:
    with window() as opened:
        opened.page.goto(open_trial.url)
        page, block = pasted(opened, "page"), pasted(opened, "block-page")
        own = opened.page.locator("#own ~ ol a").get_attribute("href")
        assert own == f"http://127.0.0.1:{own_port}/"
        with in_a_shell(open_trial, page, tmp_path):
            wait_until(lambda: serves(own_port), 20, "the page of one's own")
            opened.page.goto(own)
            expect(opened.page.locator("img")).to_be_visible()
            opened.page.locator("[part=button]").click()
            opened.page.locator("dialog input").first.check()
            opened.page.locator("dialog [part=send]").click()
            expect(opened.page.locator("[part=status]")).to_contain_text("Thank you for reporting!")
            with in_a_shell(open_trial, block, tmp_path) as shell:
                shell.communicate(timeout=60)
            expect(opened.page.locator("[part=notice]")).to_be_empty()
            wait_until(lambda: hidden_after_a_reload(opened), 20, "the picture to be hidden")
            expect(opened.page.locator("[part=notice]")).to_contain_text("blocked after reports by several people")


def hidden_after_a_reload(opened: Window) -> bool:
    with opened.page.expect_response("**/v1/images/visibility"):
        opened.page.reload()
    expect(opened.page.locator("[part=button]")).to_have_count(1)
    return opened.page.locator("img").is_hidden()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_each_language_fits_a_phone_and_is_for_everybody(
    open_trial: Trial, language: str, *, dark: bool
) -> None:
    with window(language, dark=dark, viewport=PHONE) as opened:
        answer = opened.page.goto(open_trial.url)
        assert answer
        rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
        assert (rules["default-src"], rules["script-src"], rules["style-src"]) == ("'none'", "'self'", "'self'")
        expect(opened.page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
        expect(opened.page.locator("h1")).to_have_text(translated(TEXTS, language)["title"])
        assert opened.page.locator("[style], style, script:not([src])").count() == 0
        expect(opened.page.locator("[data-copies]")).to_have_text([translated(TEXTS, language)["to_copy"]] * 3)
        assert opened.overflow() <= 0
        assert opened.findings() == []
        other = opened.page.locator("nav a:not([aria-current])").first
        other.click()
        expect(opened.page.locator("html")).to_have_attribute("lang", next(one for one in LANGUAGES if one != language))
        opened.assert_clean(open_trial.url)


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with quorum_run(tmp_path_factory.mktemp("public"), QUORUM_DEMO="0") as started:
        yield started


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_it_is_no_trial_it_says_what_this_is_and_nothing_for_insiders(public: Trial, language: str) -> None:
    with window(language, viewport=DESKTOP) as opened:
        opened.page.goto(public.url)
        expect(opened.page.locator("h1")).to_have_text(translated(TEXTS, language)["public"])
        links = opened.page.locator("a").evaluate_all("links => links.map((link) => link.href)")
        assert links == [f"{public.url}/docs"]
        for insiders in ("/metrics", "/demo", "0.1.0", "Redis"):
            assert insiders not in opened.page.content()
        assert opened.findings() == []
        opened.assert_clean(public.url)


def test_it_opens_while_redis_is_away_and_says_so() -> None:
    with claimed_app(make_settings("redis://127.0.0.1:1/0", demo=True), lambda _: None).test_client() as api:
        page = api.get("/?lang=es").get_data(as_text=True)
    assert translated(TEXTS, "es")["waiting"] in page
    assert translated(TEXTS, "es")["own"] not in page  # no page of this machine may call it
