"""What the queue computes of reports alone: priority, and how a score is made up."""

import math

import pytest
from conftest import ROOT

from quorum.judgement.records import Book, Row, State
from quorum.judgement.waiting import Cause
from quorum.moderation.waiting.priority import HOUR_MS, priority
from quorum.moderation.waiting.wanted import WAITING, Listed, Wanted
from quorum.moderation.waiting.weights import MOST_GROUPS, Share, weights_of
from quorum.policy import parse_policy
from quorum.policy.accuracy import Standing
from quorum.policy.model import reason_code
from quorum.reporters.fingerprints import UNKNOWN_AGE, Networks
from quorum.tally.codec import StoredRow

POLICY = parse_policy(
    "threshold = 4\nmin_reporters = 2\nwindow_days = 30\n[reporters]\nverified = 1\nanonymous = 0.5\n"
    "[reasons]\nhate = 1.0\nspam = 0.5\nself_harm = { weight = 1.0, threshold = 2 }\n",
    "a test",
)


def stored(*rows: tuple[str, float]) -> list[StoredRow]:
    """Rows of a reason, each so many hours after the first."""
    return [
        StoredRow(bytes([number]) * 12, round(at * HOUR_MS), reason_code(reason), "verified", 0, Networks())
        for number, (reason, at) in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("rows", "views", "expected"),
    [
        ([], 9, 0),
        ([("hate", 0)], 0, 1),
        ([("spam", 0)], 0, 0.5),
        ([("self_harm", 0)], 0, 2),
        ([("no_longer_known", 0)], 0, 1),
        ([("hate", 0), ("spam", 0.5)], 0, 0.75 * 2),
        ([("hate", 0), ("hate", 4)], 0, 0.5),
        ([("hate", 4), ("hate", 0)], 0, 0.5),
        ([("hate", 0)], 99, 3),
        ([("hate", 0)], 2**48 - 1, round(1 + 48 * math.log10(2), 3)),
    ],
)
def test_priority(rows: list[tuple[str, float]], views: int, expected: float) -> None:
    assert priority(stored(*rows), views, POLICY) == expected


def row(reporter_class: str = "verified", networks: Networks | None = None, reason: str = "hate") -> Row:
    return Row(0, reason, reporter_class, UNKNOWN_AGE, networks or Networks())


def test_weights_are_by_class_and_by_groups_heaviest_first_and_the_rest_as_one() -> None:
    rows = {bytes([number]) * 12: row(networks=Networks(number, number, number)) for number in range(1, 14)}
    rows |= {bytes([number]) * 12: row(networks=Networks(7, 7, 99)) for number in range(100, 104)}
    rows[b"a" * 12], rows[b"m" * 12] = row("anonymous"), row("muted")
    found = weights_of(rows, Book(POLICY), 0)
    assert found.by_class == {"verified": Share(17, 17), "anonymous": Share(1, 0.5), "muted": Share(1, 0)}
    assert (len(found.groups), found.groups[0]) == (
        MOST_GROUPS,
        Share(4, 1.189),
    )  # the root of their address, /24 and /16
    assert found.other_groups == Share(4, 4)
    assert found.no_network == Share(1, 0.5)


def test_weights_are_those_of_now() -> None:
    book = Book(POLICY)
    book.standings = {b"a" * 12: Standing(muted_until=1), b"b" * 12: Standing(upheld=5)}
    rows = {mark * 12: row() for mark in (b"a", b"b", b"c")}
    alone = weights_of(rows, book, 0).no_network
    assert (alone.reporters, round(alone.points, 2)) == (2, 2.33)
    assert weights_of(rows, book, 60_000).no_network.reporters == 3


def test_a_list_takes_what_belongs_to_it() -> None:
    assert Wanted().waits
    assert Wanted().takes_all
    assert not Wanted(frozenset({Listed.BLOCKED})).waits
    assert Wanted(WAITING, frozenset({Cause.BUDGET})).takes(State.HELD, Cause.BUDGET, 0)
    assert not Wanted(since_ms=5).takes(State.HELD, Cause.BUDGET, 4)
    assert not Wanted(frozenset({Listed.BLOCKED})).takes(State.UPHELD, None, 0)
    assert Wanted(frozenset({Listed.OPEN})).takes(State.OPEN, None, 0)


def test_the_page_on_the_api_names_every_cause() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    [told] = [line for line in page.splitlines() if line.startswith("| `cause` |")]
    assert all(f"`{cause}`" in told for cause in Cause)
