"""What was decided, in the console: found in windows, and exported."""

import csv
import io
import json

import pytest
from console_forms import Person
from console_rooms import FORMULA, decide
from console_site import Console

from console.audit import finding
from console.audit.exporting import safe_cell
from quorum.accounts.roles import Role
from quorum.moderation.decisions import Action


@pytest.fixture(scope="module")
def decided(console: Console) -> Console:
    """Six decisions of two people."""
    for number in range(3):
        console.hold(f"agency/{number}", who=f"crowd-{number}")
        decide(console, f"agency/{number}", Action.UPHOLD, "Amina", f"note {number}")
        decide(console, f"agency/{number}", Action.CLEAR, "jean", FORMULA)
    return console


def images(page: str) -> int:
    return page.count('href="/images/')


def test_a_row_says_who_what_why_and_what_came_of_it(decided: Console) -> None:
    page = Person(decided, Role.MODERATOR).look("/audit")
    assert images(page) == 6
    for words in ("Amina", "note 0", "agency/2", "held", "<strong>blocked</strong>", decided.parts.policy.version):
        assert words in page
    assert page.index("agency/2") < page.index("agency/0")
    assert "As a file" not in page


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"moderator": "AMINA"}, 3),
        ({"decision": "clear"}, 3),
        ({"decision": "clear", "moderator": "amina"}, 0),
        ({"image": "agency/1"}, 2),
        ({"until": "2020-01-01T00:00"}, 0),
        ({"since": "2020-01-01T00:00", "until": "2999-01-01T00:00"}, 6),
        ({"since": "2999-01-01T00:00"}, 0),
    ],
)
def test_decisions_are_found(decided: Console, asked: dict[str, str], count: int) -> None:
    assert images(Person(decided, Role.MODERATOR).look("/audit", query=asked)) == count


@pytest.mark.parametrize("asked", [{"decision": "hang"}, {"since": "soon"}, {"before": "x"}, {"image": "\0"}])
def test_what_makes_no_sense_is_refused(decided: Console, asked: dict[str, str]) -> None:
    Person(decided, Role.MODERATOR).look("/audit", 422, asked)


def test_pages_follow_each_other_without_gap_or_overlap(decided: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "WINDOW", 2)
    whole = finding.find(decided.parts.trail, finding.Filters(), None, 50)
    rows, cursor = [], None
    for _ in range(3):
        page = finding.find(decided.parts.trail, finding.Filters(), cursor, 2)
        rows += page.rows
        cursor = page.older
    assert rows == whole.rows
    assert finding.find(decided.parts.trail, finding.Filters(), cursor, 2).rows == []


def test_one_page_looks_at_so_many_and_says_so(decided: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_LOOKED_AT", 2)
    page = Person(decided, Role.MODERATOR).look("/audit", query={"image": "agency/0"})
    assert "None of the last 2 decisions" in page
    assert 'rel="next"' in page


def test_a_lead_exports_what_is_chosen_and_no_cell_is_a_formula(decided: Console) -> None:
    lead = Person(decided, Role.LEAD)
    answer = lead.client.get("/audit/export/csv?decision=clear")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["image_id"] for row in rows] == ["agency/2", "agency/1", "agency/0"]
    assert {row["note"] for row in rows} == {f"'{FORMULA}"}
    lines = lead.client.get("/audit/export/ndjson").text.splitlines()
    assert len(lines) == 6
    assert json.loads(lines[0])["note"] == FORMULA
    assert json.loads(lines[0])["at"].endswith("Z")
    assert lead.client.get("/audit/export/xml").status_code == 404
    assert Person(decided, Role.MODERATOR).client.get("/audit/export/csv").status_code == 403
    assert "exported decisions" in lead.look("/audit/administration")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1"])
def test_a_cell_that_would_calculate_is_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    assert safe_cell(f"a{text}") == f"a{text}"


def test_what_another_release_wrote_is_shown_as_far_as_it_goes(decided: Console) -> None:
    trail = decided.bench.keys.audit
    for entry in ({"decision": b"not json"}, {"other": b"x"}, {"decision": json.dumps({"image_id": 7}).encode()}):
        decided.bench.client.xadd(trail, entry)
    page = Person(decided, Role.MODERATOR).look("/audit")
    assert "unknown" in page
    assert "agency/2" in page
