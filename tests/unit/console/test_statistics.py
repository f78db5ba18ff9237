"""Rows, curves and the file of the statistics."""

import csv
from datetime import date
from io import StringIO

import pytest

from console.statistics.curves import curves
from console.statistics.download import ALL, COLUMNS, csv_of
from console.statistics.rows import by_reason, by_time, in_large
from quorum.telemetry.days import Day, Figures, Period, moment_ms

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
COUNTED = {"reports:spam": 7, "reports:hate": 9, "blocks:spam": 2, "decisions:clear": 1, "to_block:60": 2}
PERIOD = Period((Day(FIRST, None), Day(SECOND, Figures(COUNTED))), moment_ms(SECOND))


def lines(period: Period) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(csv_of(period), newline="")))


def test_the_file_has_a_line_for_each_day_and_reason_and_unknown_is_empty() -> None:
    told = lines(PERIOD)
    assert [(line["day"], line["reason"]) for line in told] == [
        ("2026-03-01", ALL),
        ("2026-03-02", ALL),
        ("2026-03-02", "hate"),
        ("2026-03-02", "spam"),
    ]
    assert {told[0][column] for column in COLUMNS[2:]} == {""}
    assert (told[1]["reports"], told[1]["blocks"], told[1]["decisions"]) == ("16", "2", "1")
    assert (told[1]["holds"], told[1]["to_decision_median_seconds"]) == ("0", "")
    assert 45 <= int(told[1]["to_block_median_seconds"]) <= 60
    assert (told[3]["reports"], told[3]["decisions"]) == ("7", "")


@pytest.mark.parametrize(
    "reason", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", '"=1,2"', "%0a=1", "a,b\nc"]
)
def test_no_cell_is_a_formula(reason: str) -> None:
    period = Period((Day(FIRST, Figures({f"reports:{reason}": 1})),), 0)
    found = [cell for line in lines(period) for cell in line.values()]
    assert not [cell for cell in found if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert lines(period)[1]["reason"].removeprefix("'") == reason


def test_every_reason_of_the_policy_is_told_and_each_that_was_counted() -> None:
    rows = by_reason(Figures({**COUNTED, "holds:": 1}), {"spam": "Pourriel", "violence": "Violence"})
    assert [row.name for row in rows] == ["hate", "Pourriel", "no report", "Violence"]
    assert (rows[0].reports, rows[0].blocks, rows[1].blocks, rows[2].holds, rows[3].reports) == (9, 0, 2, 1, 0)


def test_where_nothing_is_known_no_number_is_told() -> None:
    assert in_large(None).reports is None
    assert [row.reports for row in by_reason(None, {"spam": "Spam"})] == [None]
    assert [(day.date, row.reports) for day, row in by_time(PERIOD)] == [(FIRST, None), (SECOND, 16)]


def test_curves_have_a_value_for_each_day_null_where_it_is_unknown() -> None:
    drawn = {one["name"]: one for one in curves(by_time(PERIOD))}
    assert drawn["reports"]["data"] == [[moment_ms(FIRST) // 1000, moment_ms(SECOND) // 1000], [None, 16]]
    assert drawn["overturned"]["data"][1] == [None, None]
    assert all(len(one["lines"]) == len(one["data"]) - 1 for one in drawn.values())
