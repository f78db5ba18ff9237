"""What days tell: durations from buckets, shares, and what is unknown."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given

from quorum.judgement.figures.days import BOUNDS, DAY_MS, KEPT_SECONDS, day_of, duration, main_reason, week_of
from quorum.telemetry.days import Day, Figures, Period, date_of, moment_ms, number_of, together


@given(st.lists(st.integers(0, BOUNDS[-1] * 1000), min_size=1, max_size=200), st.sampled_from([0.5, 0.9]))
def test_a_duration_lies_in_the_bucket_of_the_true_one(milliseconds: list[int], part: float) -> None:
    told = Figures(Counter(duration("to_block", one) for one in milliseconds)).seconds("to_block", part)
    ordered = sorted(milliseconds)
    true = ordered[max(-(-len(ordered) * int(part * 10) // 10) - 1, 0)] / 1000
    above = next(bound for bound in BOUNDS if bound >= true)
    below = max((bound for bound in BOUNDS if bound < above), default=0)
    assert told is not None
    assert below <= told <= above


def test_a_duration_beyond_all_bounds_is_told_as_the_last() -> None:
    assert Figures({"to_block:more": 3}).seconds("to_block", 0.5) == BOUNDS[-1]


def test_nothing_counted_is_no_duration_and_no_share() -> None:
    nothing = Figures({"reports:spam": 3})
    assert nothing.seconds("to_block", 0.5) is None
    assert nothing.overturned() is None
    assert nothing.accuracy("spam") is None
    assert nothing.total("blocks") == 0


def test_shares_are_of_what_was_decided() -> None:
    found = Figures(
        {"confirmed:spam": 3, "overturned:spam": 1, "upheld:hate": 1, "unfounded:hate": 3, "blocks:spam": 99}
    )
    assert found.overturned() == 0.25
    assert found.overturned("hate") is None
    assert found.accuracy("hate") == 0.25
    assert found.by("confirmed") == {"spam": 3}


@given(st.dates(date(1970, 1, 1), date(2200, 1, 1)), st.integers(0, DAY_MS - 1))
def test_days_and_weeks_are_those_of_the_calendar(day: date, rest: int) -> None:
    at_ms = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000) + rest
    assert day_of(at_ms) == number_of(day)
    assert date_of(moment_ms(day)) == day
    monday = day - timedelta(days=day.weekday())
    assert week_of(number_of(day)) == week_of(number_of(monday)) == week_of(number_of(monday) + 6)
    assert week_of(number_of(monday) - 1) == week_of(number_of(monday)) - 1


@pytest.mark.parametrize(
    ("reasons", "main"), [({}, ""), ({"b": 2, "a": 2, "c": 1}, "a"), ({"b": 3, "a": 2}, "b"), ({"é": 1, "z": 1}, "z")]
)
def test_the_main_reason_is_the_most_frequent_the_first_by_name(reasons: dict[str, int], main: str) -> None:
    assert main_reason(reasons) == main


def test_what_was_not_counted_is_unknown() -> None:
    first = date(2026, 1, 1)
    known = Day(first + timedelta(days=1), Figures({"reports:spam": 1}))
    unknown = Day(first, None)
    assert together([unknown]) is None
    assert together([unknown, known]) == known.figures
    half = moment_ms(known.date) + DAY_MS // 2
    assert not Period((unknown, known), half).is_whole
    assert not Period((known,), half).is_whole
    assert Period((known,), moment_ms(known.date)).is_whole
    assert not Period((unknown,), None).is_whole


def test_bounds_grow_so_that_a_median_is_told_within_a_factor() -> None:
    assert all(1 < after / before <= 2 for before, after in pairwise(BOUNDS))
    assert KEPT_SECONDS == 400 * 86_400
