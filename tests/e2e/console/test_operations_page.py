"""The page of operators in a real browser against a real quorum whose parts fail."""

import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from browser import DESKTOP
from conftest import kill_tree, make_settings
from inside import Console, start_console
from pipeline import CROSSING, Pipeline, Visitor
from playwright.sync_api import ViewportSize, expect
from redis import Redis
from redis_server import RedisServer
from servers import newest_redis

from console.words.findings import FINDINGS
from console.words.translating import LOCALE
from quorum.languages.catalogues import translations
from quorum.store.keys import keys_of
from quorum.telemetry.history import History

PHONE: ViewportSize = {"width": 390, "height": 844}


def in_language(language: str, text: str) -> str:
    return translations(LOCALE, language).gettext(text)


def note_the_past(redis: Redis, pipeline: Pipeline) -> None:
    """Leave what workers note in the course of minutes."""
    history = History(redis, pipeline.settings.namespace, 1)
    keys = keys_of(pipeline.settings.namespace, 0)
    for _ in range(3):
        redis.delete(keys.pulse)
        assert history.note()
        assert not history.note()


def block(pipeline: Pipeline, images: int) -> None:
    with Visitor(pipeline.port) as visitor:
        for image in range(images):
            for reader in range(CROSSING):
                assert visitor.report(f"img-{image}", f"reader-{reader}").status == 202


@pytest.fixture
def pipeline(own_redis: RedisServer, tmp_path: Path) -> Iterator[Pipeline]:
    own_redis.client.config_set("maxmemory", "1gb")
    with Pipeline(make_settings(own_redis.url), tmp_path) as started:
        yield started


def test_it_says_what_is_wrong_and_what_to_do_as_parts_fail_and_come_back(
    pipeline: Pipeline, own_redis: RedisServer
) -> None:
    pipeline.start_api()
    console = start_console(pipeline)
    worker = pipeline.start_worker()
    block(pipeline, 3)
    with console.window() as opened:
        opened.page.goto(f"{console.address}/operations")
        verdict = opened.page.locator("#verdict")
        expect(verdict.locator("h2")).to_have_text("Worth knowing")
        expect(verdict.locator("li strong")).to_have_text([FINDINGS["redis_young"].what])
        expect(opened.page.locator("[data-number=blocked] dd")).to_have_text("3")
        expect(opened.page.locator("[data-number=inbox] dd")).to_have_text("0")
        note_the_past(own_redis.client, pipeline)
        expect(opened.page.locator("[data-chart=memory] .value")).to_contain_text("MB")
        expect(opened.page.locator(".plot canvas")).to_have_count(8)
        opened.assert_clean(console.address)

        kill_tree(worker)
        expect(verdict).to_contain_text(FINDINGS["no_worker"].what, timeout=40_000)
        expect(verdict).to_contain_text("docs/operations.md#no-worker")
        expect(verdict.locator("h2")).to_have_text("What is wrong")
        pipeline.start_worker()
        expect(verdict.locator("li strong")).to_have_text([FINDINGS["redis_young"].what])

        own_redis.signal(signal.SIGKILL)
        expect(verdict.locator("li strong")).to_have_text([FINDINGS["redis_down"].what])
        expect(opened.page.locator("[data-number=blocked] dd")).to_have_text("unknown")
        assert opened.findings() == []
        own_redis.start()
        expect(opened.page.locator("[data-number=blocked] dd")).to_have_text("3")

        console.process.terminate()
        expect(opened.page.locator("#unreachable")).to_be_visible()


def test_without_redis_every_page_says_so_to_whoever_asks(pipeline: Pipeline, own_redis: RedisServer) -> None:
    console = start_console(pipeline)
    with console.window("fr") as signed_in, ExitStack():
        own_redis.signal(signal.SIGKILL)
        for path in ("/operations", "/queue", "/sign-in", "/"):
            answer = signed_in.page.goto(console.address + path)
            assert answer
            assert answer.status == 503
            assert int(answer.headers["retry-after"]) > 0
            expect(signed_in.page.locator("li strong")).to_have_text(in_language("fr", FINDINGS["redis_down"].what))
            expect(signed_in.page.locator("code")).to_have_text("docs/operations.md#redis-down")
        assert signed_in.findings() == []
        assert signed_in.overflow() == 0
        own_redis.start()
        signed_in.page.get_by_role("link", name=in_language("fr", "Try again")).click()
        expect(signed_in.page).to_have_url(re.compile("/queue"))
        own_redis.client.flushall()
        answer = signed_in.page.goto(f"{console.address}/operations")
        assert answer
        assert answer.status == 503
        expect(signed_in.page.locator("li strong")).to_have_text(in_language("fr", FINDINGS["data_missing"].what))
    with Visitor(int(console.address.rpartition(":")[2])) as stranger:
        answer_to_stranger = stranger.get("/operations")
        assert answer_to_stranger.status == 503


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pipeline, Console]]:
    directory = tmp_path_factory.mktemp("operations")
    (directory / "redis").mkdir()
    server = RedisServer(newest_redis(), directory / "redis").start()
    with Pipeline(make_settings(server.url), directory) as pipeline:
        yield pipeline, start_console(pipeline)
    server.stop()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_it_speaks_the_readers_language_and_fits(
    running: tuple[Pipeline, Console], language: str, viewport: ViewportSize, *, dark: bool, tmp_path: Path
) -> None:
    _pipeline, console = running
    with console.window(language, dark=dark, viewport=viewport) as opened:
        opened.page.goto(f"{console.address}/operations")
        expect(opened.page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
        verdict = opened.page.locator("#verdict")  # no worker was started
        expect(verdict).to_contain_text(in_language(language, FINDINGS["no_worker"].what))
        expect(opened.page.locator("[data-number=memory] dd")).to_have_text(in_language(language, "no limit"))
        expect(opened.page.locator(".plot canvas")).to_have_count(8)
        assert opened.findings() == []
        assert opened.overflow() == 0
        opened.page.screenshot(path=tmp_path / "operations.png", full_page=True)
        opened.assert_clean(console.address)


def test_without_scripts_all_but_the_curves_is_there(running: tuple[Pipeline, Console]) -> None:
    _pipeline, console = running
    with console.window(scripts=False) as opened:
        opened.page.goto(f"{console.address}/operations")
        expect(opened.page.locator("#verdict")).to_contain_text(FINDINGS["no_worker"].what)
        expect(opened.page.locator("[data-number=blocked] dd")).to_have_text("0")
        expect(opened.page.locator("[data-chart=memory] .value")).to_contain_text("MB")
        expect(opened.page.locator("[data-chart=tallied] .value")).to_have_text("unknown")  # a rate needs two moments
