"""Figures of days as scripts count them, and as they are read; test_tally_matches_model has them beside the model."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from store import NOW_MS, Bench

from quorum.images.image import parse_image
from quorum.judgement.figures.days import DAY_MS, KEPT_SECONDS, day_of, week_of
from quorum.moderation.decisions import Action, Decision
from quorum.moderation.stored_decisions import Decisions
from quorum.policy import parse_policy
from quorum.settings import Settings
from quorum.store.keys import keys_of
from quorum.telemetry.days import date_of
from quorum.telemetry.stored_days import MOST_DAYS, SINCE, Days

TODAY = date_of(NOW_MS)
PROTECTED = """
threshold = 5
min_reporters = 5
window_days = 30
[reporters]
verified = 1
anonymous = 1
[reasons]
violence = 1
[[images]]
match = "agency/*"
protected = true
"""


@pytest.fixture
def days(bench: Bench, settings: Settings) -> Days:
    return Days(bench.client, settings.namespace, 1)


def decide(bench: Bench, settings: Settings, image: str, action: Action, at_ms: int, **more: Any) -> None:
    decisions = Decisions(bench.client, settings.namespace, 1)
    decisions.apply(parse_image(image), Decision(action, "Ms Moderator", at_ms, **more), bench.policy)


def counted(days: Days, day: date = TODAY) -> dict[str, int]:
    figures = days.read(day, day).days[0].figures
    assert figures is not None
    return dict(figures.counted)


def since(bench: Bench, at_ms: int = NOW_MS) -> None:
    bench.tally.rejudge(bench.policy, now_ms=at_ms)


def test_reports_blocks_and_decisions_are_counted_by_reason(bench: Bench, days: Days, settings: Settings) -> None:
    since(bench)
    bench.report("img-2", "reader-9", "spam")
    bench.report("img-2", "reader-9", "spam")  # a report that adds nobody is a report
    bench.block("img-1", at=NOW_MS + 20_000)
    assert counted(days) == {"reports:violence": 5, "reports:spam": 2, "blocks:violence": 1, "to_block:1": 1}
    decide(bench, settings, "img-1", Action.CLEAR, NOW_MS + DAY_MS)
    assert counted(days, TODAY + timedelta(days=1)) == {
        "decisions:clear": 1,
        "overturned:violence": 1,
        "unfounded:violence": 5,
    }
    decide(bench, settings, "img-1", Action.CLEAR, NOW_MS + DAY_MS)  # changes nothing, and so counts nothing
    assert counted(days, TODAY + timedelta(days=1))["decisions:clear"] == 1
    decide(bench, settings, "img-1", Action.REOPEN, NOW_MS + 2 * DAY_MS)
    assert counted(days, TODAY + timedelta(days=2)) == {"decisions:reopen": 1}
    assert counted(days, TODAY + timedelta(days=1)) == {"decisions:clear": 1}  # who was right is open again
    week = days.read_weeks(TODAY + timedelta(days=2), 1)
    whole = days.read(TODAY - timedelta(days=7), TODAY + timedelta(days=7)).figures
    assert whole is not None
    assert week.days[0].date.weekday() == 0
    assert whole.total("reports") == 7


def test_how_long_something_waited_for_a_decision(bench: Bench, days: Days, settings: Settings) -> None:
    since(bench)
    policy = replace(bench.policy, images=parse_policy(PROTECTED, "test").images)
    for number in range(8):
        bench.report("agency/1", f"reader-{number}", at=NOW_MS)
    assert bench.tally.drain(policy).held == 1
    decide(bench, settings, "agency/1", Action.UPHOLD, NOW_MS + 600_000)
    found = counted(days)
    assert (found["holds:violence"], found["to_decision:600"], found["by_moderators:violence"]) == (1, 1, 1)
    assert found["upheld:violence"] == 8
    assert "blocks:violence" not in found


def test_a_report_counts_on_the_day_on_which_it_came_in(bench: Bench, days: Days) -> None:
    since(bench, NOW_MS - 5 * DAY_MS)
    bench.report("img-1", "reader-1", at=NOW_MS - DAY_MS)
    bench.report("img-1", "reader-2", at=NOW_MS)
    bench.drain()
    assert counted(days, TODAY - timedelta(days=1)) == {"reports:violence": 1}
    assert counted(days) == {"reports:violence": 1}


def test_before_anything_was_counted_nothing_is_known(bench: Bench, days: Days) -> None:
    unknown = days.read(TODAY, TODAY)
    assert (unknown.since_ms, unknown.days[0].figures) == (None, None)
    since(bench)
    since(bench, NOW_MS + 99)  # it stays what it was
    period = days.read(TODAY - timedelta(days=2), TODAY)
    assert period.since_ms == NOW_MS
    assert [day.figures is None for day in period.days] == [True, True, False]
    assert not period.is_whole
    assert [day.figures is None for day in days.read_weeks(TODAY, 3).days] == [True, True, False]


def test_figures_end_by_themselves_and_so_many_are_read_at_most(bench: Bench, days: Days) -> None:
    bench.report("img-1", "reader-1")
    bench.drain()
    for name in (day_of(NOW_MS), f"w{week_of(day_of(NOW_MS))}"):
        assert KEPT_SECONDS - 60 < bench.client.ttl(f"{bench.keys.days}{name}") <= KEPT_SECONDS
    assert len(days.read(date(1980, 1, 1), TODAY).days) == MOST_DAYS


def test_no_block_waits_for_statistics(bench: Bench, days: Days) -> None:
    since(bench)
    bench.client.set(f"{bench.keys.days}{day_of(NOW_MS)}", "something else")
    bench.block("img-1")
    assert bench.status("img-1").state.is_blocked
    assert counted(days) == {}


def test_partitions_are_added_and_count_once_all_of_them_do(bench: Bench, settings: Settings) -> None:
    two = Days(bench.client, settings.namespace, 2)
    other = keys_of(settings.namespace, 1)
    since(bench)
    bench.client.hset(f"{other.days}{day_of(NOW_MS)}", "reports:violence", 3)
    assert two.read(TODAY, TODAY).since_ms is None
    bench.client.hset(other.stats, SINCE, NOW_MS + 5)
    bench.report("img-1", "reader-1")
    bench.drain()
    period = two.read(TODAY, TODAY)
    assert period.since_ms == NOW_MS + 5
    assert period.figures is not None
    assert period.figures.total("reports") == 4
