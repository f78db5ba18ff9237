"""The /ops page in a real browser against a real quorum whose parts fail."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, window
from conftest import ROOT, kill_tree, make_settings
from pipeline import CROSSING, Pipeline, Visitor
from playwright.sync_api import expect
from redis import Redis
from redis_server import RedisServer

from quorum.languages import LANGUAGES
from quorum.store.keys import keys_of
from quorum.telemetry.history import History
from report_api.ops.finding_texts import FINDINGS, SECTIONS
from report_api.ops.texts import CHARTS, NUMBERS, TEXTS


@pytest.fixture
def pipeline(own_redis: RedisServer, tmp_path: Path) -> Iterator[Pipeline]:
    own_redis.client.config_set("maxmemory", "1gb")
    with Pipeline(make_settings(own_redis.url), tmp_path) as started:
        started.start_api()
        yield started


def block(pipeline: Pipeline, images: int) -> None:
    with Visitor(pipeline.port) as visitor:
        for image in range(images):
            for reader in range(CROSSING):
                assert visitor.report(f"img-{image}", f"reader-{reader}").status == 202


def note_the_past(redis: Redis, pipeline: Pipeline) -> None:
    """Leave what workers note in the course of minutes."""
    history = History(redis, pipeline.settings.namespace, 1)
    keys = keys_of(pipeline.settings.namespace, 0)
    for _ in range(3):
        redis.delete(keys.pulse)
        assert history.note()
        assert not history.note()


def test_it_says_what_is_wrong_and_what_to_do_as_parts_fail_and_come_back(
    pipeline: Pipeline, own_redis: RedisServer
) -> None:
    worker = pipeline.start_worker()
    block(pipeline, 3)
    with window("en", viewport=DESKTOP) as opened:
        opened.page.goto(f"http://127.0.0.1:{pipeline.port}/ops")
        verdict = opened.page.locator("#verdict")
        expect(verdict.locator("h2")).to_have_text(TEXTS["en"]["note"])
        expect(verdict.locator("li strong")).to_have_text([FINDINGS["en"]["redis_young"][0]], timeout=20_000)
        expect(opened.page.locator("[data-number=blocked] dd")).to_have_text("3", timeout=20_000)
        expect(opened.page.locator("[data-number=inbox] dd")).to_have_text("0")
        note_the_past(own_redis.client, pipeline)
        opened.page.reload()
        expect(opened.page.locator("[data-chart=depth] .trace").first).to_be_attached()
        expect(opened.page.locator("[data-chart=memory] output")).to_contain_text(".")
        opened.assert_clean(f"http://127.0.0.1:{pipeline.port}")

        kill_tree(worker)
        expect(verdict).to_contain_text(FINDINGS["en"]["no_worker"][0], timeout=40_000)
        expect(verdict).to_contain_text("docs/operations.md#no-worker")
        expect(verdict.locator("h2")).to_have_text(TEXTS["en"]["wrong"])
        pipeline.start_worker()
        expect(verdict.locator("li strong")).to_have_text([FINDINGS["en"]["redis_young"][0]], timeout=20_000)

        own_redis.signal(signal.SIGKILL)
        expect(verdict.locator("li strong")).to_have_text([FINDINGS["en"]["redis_down"][0]], timeout=20_000)
        expect(opened.page.locator("[data-number=blocked] dd")).to_have_text(re.compile("^\\D$"))
        own_redis.start()
        expect(opened.page.locator("[data-number=blocked] dd")).to_have_text("3", timeout=20_000)

        pipeline.stop_api()
        expect(verdict.locator("li strong")).to_have_text([TEXTS["en"]["unreachable"]], timeout=20_000)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_each_language_and_fits_a_phone(
    pipeline: Pipeline, language: str, *, dark: bool, tmp_path: Path
) -> None:
    with window(language, dark=dark, viewport=PHONE) as opened:
        opened.page.goto(f"http://127.0.0.1:{pipeline.port}/ops")
        expect(opened.page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
        expect(opened.page.locator("#verdict h2")).to_have_text(TEXTS[language]["wrong"])  # no worker was started
        expect(opened.page.locator("#verdict")).to_contain_text(FINDINGS[language]["no_worker"][0])
        for name, label in NUMBERS[language].items():
            expect(opened.page.locator(f"[data-number={name}] dt")).to_have_text(label)
        assert opened.overflow() == 0
        opened.page.screenshot(path=tmp_path / "ops.png", full_page=True)
        opened.assert_clean(f"http://127.0.0.1:{pipeline.port}")


def test_every_text_is_there_in_every_language_and_every_section_in_the_runbook() -> None:
    for texts in (TEXTS, NUMBERS, CHARTS, FINDINGS):
        assert set(texts) == set(LANGUAGES)
        assert all(set(one) == set(texts["en"]) for one in texts.values())
    assert set(SECTIONS) == set(FINDINGS["en"])
    runbook = (ROOT / "docs" / "operations.md").read_text().lower().replace(" ", "-")
    for section in SECTIONS.values():
        assert f"\n###-{section}\n" in runbook
