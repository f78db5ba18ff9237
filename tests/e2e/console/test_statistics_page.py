"""The statistics in a real browser: drawn, as tables, as a file, in the reader's language."""

import csv
import json
import re
import time
from collections.abc import Iterator
from io import StringIO

import pytest
from browser import DESKTOP, Window
from conftest import make_settings
from filled_days import fill_days
from inside import Console, start_console
from pipeline import Pipeline
from playwright.sync_api import ViewportSize, expect
from redis_server import RedisServer
from servers import newest_redis

from quorum.accounts.roles import Role

PHONE: ViewportSize = {"width": 390, "height": 844}
CURVES = 6


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    directory = tmp_path_factory.mktemp("statistics")
    (directory / "redis").mkdir()
    server = RedisServer(newest_redis(), directory / "redis").start()
    with Pipeline(make_settings(server.url), directory) as pipeline:
        started = start_console(pipeline)
        fill_days(server.client, pipeline.settings.namespace, 20, int(time.time() * 1000))
        yield started
    server.stop()


def table_of(opened: Window) -> dict[str, list[str]]:
    """Return the table by day: the cells of each, by its date."""
    found: dict[str, list[str]] = opened.page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('details tbody tr')].map((row) => "
        "[row.querySelector('time').dateTime, [...row.querySelectorAll('td')].map((cell) => cell.textContent)]))"
    )
    return found


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_it_is_drawn_and_fits_in_every_language(
    console: Console, language: str, viewport: ViewportSize, *, dark: bool
) -> None:
    with console.window(language, dark=dark, viewport=viewport) as opened:
        for days in (30, 365):
            opened.page.goto(f"{console.address}/statistics?days={days}")
            expect(opened.page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
            expect(opened.page.locator(".plot canvas")).to_have_count(CURVES)
            opened.page.locator("main details summary").click()
            expect(opened.page.locator("main details table")).to_be_visible()
            assert opened.findings() == []
            assert opened.overflow() == 0
        opened.assert_clean(console.address)


def test_curves_and_table_tell_the_same_and_what_was_not_counted_is_unknown(console: Console) -> None:
    with console.window() as opened:
        opened.page.goto(f"{console.address}/statistics?days=30")
        curves = {one["name"]: one for one in json.loads(opened.page.locator("#curves").text_content() or "")}
        table = table_of(opened)
        assert len(table) == 30
        days, reports = curves["reports"]["data"]
        for second, drawn in zip(days, reports, strict=True):
            cells = table[time.strftime("%Y-%m-%d", time.gmtime(second))]
            assert cells[0] == ("unknown" if drawn is None else f"{drawn:,}")
        assert reports[:10] == [None] * 10
        assert None not in reports[10:]
        expect(opened.page.locator("main .notice")).to_contain_text("Counted since")
        total = sum(number for number in reports if number is not None)
        expect(opened.page.locator("[data-number=reports] dd")).to_have_text(f"{total:,}")


def test_a_day_under_the_pointer_is_told(console: Console) -> None:
    with console.window() as opened:
        opened.page.goto(f"{console.address}/statistics?days=7")
        opened.page.locator("[data-chart=outcomes] .u-over").hover()
        value = opened.page.locator("[data-chart=outcomes] .value")
        expect(value).to_contain_text(re.compile(r"blocks: \d+ · holds: \d+ · decisions: \d+"))


def test_without_scripts_the_tables_are_there(console: Console) -> None:
    with console.window(scripts=False) as opened:
        opened.page.goto(f"{console.address}/statistics?days=7")
        assert len(table_of(opened)) == 7
        expect(opened.page.locator("table").first.locator("tbody tr")).to_have_count(9)


def test_leads_take_the_file_along_and_viewers_do_not(console: Console) -> None:
    with console.window(role=Role.LEAD) as opened:
        opened.page.goto(f"{console.address}/statistics?days=7")
        with opened.page.expect_download() as download:
            opened.page.locator("a[download]").click()
        lines = list(csv.DictReader(StringIO(download.value.path().read_text())))
        assert len({line["day"] for line in lines}) == 7
        assert re.fullmatch(r"quorum-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)
        whole = [line for line in lines if line["reason"] == "*"]
        each = [line for line in lines if line["reason"] != "*"]
        assert sum(int(line["reports"]) for line in whole) == sum(int(line["reports"]) for line in each) > 0
    with console.window() as opened:
        opened.page.goto(f"{console.address}/statistics")
        expect(opened.page.locator("a[download]")).to_have_count(0)
        answer = opened.page.goto(f"{console.address}/statistics.csv")
        assert answer
        assert answer.status == 403
