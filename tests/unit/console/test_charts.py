"""What the charts of the last hour draw of vital signs."""

from typing import Any

from console.operations.charts import CHARTS, GAP_MS, latest, series, span

DELAYS = (0,) * 13


def point(at_ms: int, **changes: Any) -> dict[str, Any]:
    usual = dict.fromkeys(("tallied", "counted", "blocked", "held", "inbox_depth", "inbox_age_seconds"), 0)
    return {"at_ms": at_ms, **usual, "memory_bytes": 5, "event_delays": [*DELAYS, 0], **changes}


def test_a_rate_is_told_between_two_moments_and_a_size_of_one() -> None:
    one = series([point(0, inbox_depth=7)])
    assert one["tallied"] == [[], []]
    assert one["depth"] == [[0.0], [7]]
    two = series([point(0), point(10_000, tallied=50, blocked=2)])
    assert two["tallied"] == [[10.0], [5.0]]
    assert two["blocked"] == [[10.0], [12.0]]
    assert latest(two)["tallied"] == 5.0


def test_counts_that_began_anew_and_what_redis_does_not_say_are_unknown() -> None:
    drawn = series([point(0, tallied=50), point(10_000, tallied=3, memory_bytes=None)])
    assert drawn["tallied"][1] == [None]
    assert latest(drawn)["memory"] is None


def test_no_line_crosses_a_gap() -> None:
    drawn = series([point(0), point(GAP_MS + 1000, inbox_depth=3)])
    assert drawn["depth"] == [[0.0, 1.0, (GAP_MS + 1000) / 1000], [0, None, 3]]


def test_moments_that_are_too_close_are_one() -> None:
    assert series([point(0), point(500, tallied=1000)])["tallied"] == [[], []]


def test_the_delay_of_99_of_100_events() -> None:
    many, slow = [0, 0, 98, *DELAYS[3:], 0], [0, 0, 98, 0, 0, 0, 2, *DELAYS[7:], 0]
    assert series([point(0), point(10_000, event_delays=many)])["delay"][1] == [0.025]
    assert series([point(0), point(10_000, event_delays=slow)])["delay"][1] == [0.5]
    assert series([point(0), point(10_000)])["delay"][1] == [None]
    beyond = [*DELAYS, 4]
    assert series([point(0), point(10_000, event_delays=beyond)])["delay"][1] == [60.0]


def test_a_young_quorum_shows_five_minutes_and_an_old_one_an_hour() -> None:
    assert span(series([]), 10_000.0) == (9_700.0, 10_000.0)
    assert span(series([point(0)]), 10_000.0) == (6_400.0, 10_000.0)
    assert set(series([])) == {chart.name for chart in CHARTS}
