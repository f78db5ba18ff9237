"""`quorum dsa statements` and `report`: what is handed in and published, and what they say is missing."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from conftest import environment
from dsa_vocabulary import problems
from store import NOW_MS, Bench

from quorum.cli.dsa import publication, statements
from quorum.cli.dsa.group import dsa
from quorum.events.event import APPEAL_DECIDED
from quorum.images.image import parse_image
from quorum.moderation.appeals.stored_appeals import Appeals
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.settings import Settings

TODAY = datetime.now(UTC).date()


def run(settings: Settings, *words: str) -> Result:
    done = CliRunner(env=environment(settings)).invoke(dsa, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def batches(text: str) -> list[list[dict[str, Any]]]:
    return [json.loads(line)["statements"] for line in text.splitlines()]


def blocks(bench: Bench, count: int) -> None:
    for number in range(count):
        bench.block(f"img-{number}", at=NOW_MS + 10 * number)


def test_each_block_has_a_statement_that_the_database_takes(
    bench: Bench, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "AT_ONCE", 2)
    blocks(bench, 4)
    Decisions(bench.client, settings.namespace, 1).decide(parse_image("by-hand"), Action.BLOCK, "ana", bench.policy)
    dates = tmp_path / "dates"
    dates.write_text("".join(f"2026-01-0{number + 1} img-{number}\n" for number in range(4)) + "2026-02-01\tby-hand\n")
    done = run(settings, "statements", "--since", str(TODAY), "--content-dates", str(dates))
    assert (done.exit_code, done.stderr) == (0, "5 statements\n")
    found = batches(done.stdout)
    assert [len(batch) for batch in found] == [2, 2, 1]
    every = [one for batch in found for one in batch]
    assert [problems(one) for one in every] == [[]] * 5
    assert len({one["puid"] for one in every}) == 5
    assert [one["automated_decision"] for one in every] == ["AUTOMATED_DECISION_FULLY"] * 4 + [
        "AUTOMATED_DECISION_NOT_AUTOMATED"
    ]
    assert [one["content_date"] for one in every][::4] == ["2026-01-01", "2026-02-01"]
    assert "img-" not in done.stdout  # an id may name a person
    out = tmp_path / "out"
    assert (
        run(settings, "statements", "--since", str(TODAY), "--content-dates", str(dates), "--out", str(out)).exit_code
        == 0
    )
    written = [json.loads(path.read_text())["statements"] for path in sorted(out.iterdir())]
    assert written == found


def test_what_is_missing_is_told(bench: Bench, settings: Settings, tmp_path: Path) -> None:
    blocks(bench, 3)
    done = run(settings, "statements", "--since", str(TODAY))
    assert done.exit_code == 0
    assert "content_date is missing" in done.stderr
    dates = tmp_path / "dates"
    dates.write_text("2026-01-01 img-1\n")
    done = run(settings, "statements", "--since", str(TODAY), "--content-dates", str(dates))
    assert done.exit_code == 1
    assert "2 blocked images are not in --content-dates" in done.stderr
    assert len(batches(done.stdout)[0]) == 1
    [(oldest, _)] = bench.client.xrange(bench.keys.events, count=1)
    bench.client.xdel(bench.keys.events, oldest)
    bench.client.set(bench.keys.trimmed, oldest)
    done = run(settings, "statements", "--since", str(TODAY))
    assert done.exit_code == 1
    assert "are not kept any more" in done.stderr
    assert len(batches(done.stdout)[0]) == 2
    tomorrow = str(TODAY + timedelta(days=1))
    assert run(settings, "statements", "--since", tomorrow).stdout == ""
    assert run(settings, "statements", "--since", "2020-01-01", "--until", str(TODAY)).stdout == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("yesterday img-1", "line 1: must be a day and an image id"),
        ("2026-01-31", "line 1: must be a day and an image id"),
        ("2026-01-31 img-1\n1999-12-31 img-2", "line 2: the database takes no day before"),
        ("2026-01-31 " + "x" * 5000, "line 1: is longer than"),
        ("2026-01-31 a\n2026-01-31 b\n2026-01-31 c", "more than 2 lines"),
    ],
)
def test_a_file_of_dates_is_read_with_care(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.setattr(publication, "MOST_LINES", 2)
    dates = tmp_path / "dates"
    dates.write_text(text)
    done = run(settings, "statements", "--since", str(TODAY), "--content-dates", str(dates))
    assert done.exit_code == 1
    assert told in done.stderr


def test_the_counts_of_a_year_are_those_of_what_happened(bench: Bench, settings: Settings) -> None:
    blocks(bench, 2)
    decisions, appeals = Decisions(bench.client, settings.namespace, 1), Appeals(bench.client, settings.namespace, 1)
    for number in range(2):
        appeals.lodge(parse_image(f"img-{number}"), "no")
    decisions.decide(parse_image("img-0"), Action.CLEAR, "ana", bench.policy)
    decisions.decide(parse_image("by-hand"), Action.BLOCK, "ana", bench.policy)
    told = json.loads(run(settings, "report", "--year", str(TODAY.year), "--json").stdout)
    assert told["blocks"]["automated"] == 2
    assert told["blocks"]["by_moderators"] == 1
    assert told["blocks"]["by_category"] == {
        "STATEMENT_CATEGORY_VIOLENCE": 2,
        "STATEMENT_CATEGORY_OTHER_VIOLATION_TC": 1,
    }
    assert told["notices"]["behind_blocks"] == {"violence": 10}
    assert told["unblocked"] == 1
    assert told["decisions_of_moderators"]["clear"] == 1
    assert told["appeals"] == {"upheld": 0, "cleared": 1, "lapsed": 0, "open_now": 1}
    assert told["median_seconds"]["appeal_to_outcome"] < 60
    assert told["median_seconds"]["held_to_decision"] is None
    assert told["reporters"] == {"warned": 0, "muted": 0, "decisions_that_do_not_say": 0}
    assert any("The year is not over" in line for line in told["not_covered"])
    table = run(settings, "report", "--year", str(TODAY.year)).stdout
    assert f"year                             {TODAY.year}" in table
    assert "not known" in table
    bench.report("img-9", "reader-9", "spam", at=round(datetime.now(UTC).timestamp() * 1000))
    bench.client.delete(bench.keys.journal)
    bench.drain()
    told = json.loads(run(settings, "report", "--year", str(TODAY.year), "--json").stdout)
    assert told["notices"]["in_the_journal"] == {"spam": 1}
    assert any("The journal begins with" in line for line in told["not_covered"])
    empty = json.loads(run(settings, "report", "--year", str(TODAY.year - 1), "--json").stdout)
    assert empty["blocks"] == {"automated": 0, "by_moderators": 0, "by_category": {}}


def test_what_had_ended_before_it_was_counted_is_told(bench: Bench, settings: Settings) -> None:
    blocks(bench, 2)
    [(oldest, _)] = bench.client.xrange(bench.keys.events, count=1)
    bench.client.xdel(bench.keys.events, oldest)
    bench.client.set(bench.keys.trimmed, oldest)
    bench.client.delete(bench.keys.journal)
    bench.client.xadd(
        bench.keys.audit, {"decision": json.dumps({"decision": "clear", "at_ms": int(oldest.split(b"-")[0])})}
    )
    bench.client.xadd(bench.keys.events, {"event": json.dumps(odd_event())})
    told = json.loads(run(settings, "report", "--year", str(TODAY.year), "--json").stdout)
    assert told["blocks"]["automated"] == 1
    assert told["unreadable_events"] == 1
    assert told["reporters"]["decisions_that_do_not_say"] == 1
    assert any("are not kept any more" in line for line in told["not_covered"])
    assert any("earlier release" in line for line in told["not_covered"])
    assert any("The journal is empty" in line for line in told["not_covered"])


def odd_event() -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"id": "1", "type": APPEAL_DECIDED, "subject": "x", "time": now, "data": {}, "source": "/quorum"}
