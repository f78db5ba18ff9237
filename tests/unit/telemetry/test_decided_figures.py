"""What a decision counts of its day."""

import pytest

from quorum.judgement.figures.decided import Before, Decided, before_of, figures_of
from quorum.judgement.records import Row, State, Tally
from quorum.policy import load_policy

ROWS = [Row(1, "spam", "verified"), Row(2, "spam", "verified"), Row(3, "of another policy", "verified")]
POLICY = load_policy()
AT_MS = 1_000_000


def counted(
    action: str, before: State, after: State, *, unfounded: bool = True, since_ms: int | None = None
) -> dict[str, int]:
    found = before_of({b"1": ("img-1", Tally(state=before))}, ROWS, POLICY)
    after_it = {b"1": ("img-1", Tally(state=after))}
    return dict(figures_of(found, after_it, Decided(action, AT_MS, unfounded), since_ms))


RIGHT = {"upheld:spam": 2, "upheld:other": 1}
WRONG = {"unfounded:spam": 2, "unfounded:other": 1}


@pytest.mark.parametrize(
    ("action", "before", "after", "more"),
    [
        ("uphold", State.BLOCKED, State.UPHELD, {"confirmed:spam": 1, **RIGHT}),
        ("uphold", State.HELD, State.UPHELD, {"by_moderators:spam": 1, **RIGHT}),
        ("block", State.CLEARED, State.UPHELD, {"by_moderators:spam": 1, **RIGHT}),
        ("clear", State.BLOCKED, State.CLEARED, {"overturned:spam": 1, **WRONG}),
        ("clear", State.UPHELD, State.CLEARED, WRONG),
        ("clear", State.CLEARED, State.CLEARED, WRONG),  # what was reported since
        ("uphold", State.UPHELD, State.UPHELD, {}),  # an appeal was decided: the reports were judged before
        ("reopen", State.CLEARED, State.UPHELD, {}),
        ("reopen", State.CLEARED, State.BLOCKED, {}),
        ("separate", State.BLOCKED, State.OPEN, {}),
    ],
)
def test_each_decision_counts_itself_and_what_it_changes(
    action: str, before: State, after: State, more: dict[str, int]
) -> None:
    assert counted(action, before, after) == {f"decisions:{action}": 1, **more}


def test_a_clear_that_blames_nobody_calls_no_report_unfounded() -> None:
    assert counted("clear", State.BLOCKED, State.CLEARED, unfounded=False) == {
        "decisions:clear": 1,
        "overturned:spam": 1,
    }


def test_how_long_it_waited_is_counted_once_for_all_its_images() -> None:
    states = dict.fromkeys((b"1", b"2"), State.HELD)
    images = {digest: ("img", Tally(state=State.UPHELD)) for digest in states}
    told = figures_of(Before(states, before_of({}, ROWS, POLICY).reasons), images, Decided("uphold", AT_MS, True), 0)
    assert (told["to_decision:1200"], told["by_moderators:spam"], told["decisions:uphold"]) == (1, 2, 1)
