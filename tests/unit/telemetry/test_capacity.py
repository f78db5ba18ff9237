"""The capacity formula, its command, and the page about it."""

import re

import pytest
from click.testing import CliRunner
from conftest import ROOT

from quorum.cli.capacity import capacity
from quorum.telemetry import capacity as formula
from quorum.telemetry.capacity import Load, memory_bytes, need_of

PAGE = (ROOT / "docs" / "capacity.md").read_text()
ROWS = re.findall(r"^\| ([\d,]+) \| ([\d,.]+) \| ([\d,]+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_page_says_what_the_formula_says(row: tuple[str, ...]) -> None:
    per_day, peak, megabytes, api, redis, workers = (float(cell.replace(",", "")) for cell in row)
    need = need_of(Load(reports_per_day=per_day))
    assert round(need.peak_reports_per_second, 1) == peak
    assert round(need.kept_bytes / 1e6) == megabytes
    assert (round(need.api_cores, 2), round(need.redis_cores, 2), need.workers) == (api, redis, workers)


def test_the_page_states_the_constants() -> None:
    assert len(ROWS) == 3
    stated = (
        f"{formula.EMPTY:,} + {formula.BUCKET} x {formula.BUCKETS:,} x (1 - exp(-I / {formula.BUCKETS:,})) + "
        f"{formula.IMAGE} I + {formula.REPORTER} (R - I) + {formula.BLOCKED} B + {formula.EVENT} E + "
        f"{formula.JOURNAL_ENTRY} J"
    )
    assert stated in PAGE
    assert (
        f"about {formula.API_US:.0f} us of API, {formula.REDIS_US:.0f} us of Redis and {formula.WORKER_US:.0f}" in PAGE
    )


def test_more_of_anything_needs_more() -> None:
    least = memory_bytes(1000, 1000, 0, 0, 0)
    assert memory_bytes(2000, 2000, 0, 0, 0) > least
    assert memory_bytes(1000, 3000, 0, 0, 0) == least + 2000 * formula.REPORTER
    assert memory_bytes(1000, 1000, 1, 1, 1) == least + formula.BLOCKED + formula.EVENT + formula.JOURNAL_ENTRY


def test_the_command_prints_it_and_warns_when_one_redis_is_too_little() -> None:
    little = CliRunner().invoke(capacity, ["--reports-per-day", "1000000"])
    assert "busiest minute  115.7 reports/s" in little.output
    assert "split" not in little.output
    assert "split" in CliRunner().invoke(capacity, ["--reports-per-day", "1000000000"]).output
    assert CliRunner().invoke(capacity, ["--reports-per-day", "-1"]).exit_code == 2
