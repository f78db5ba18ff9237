"""A replay has what else came in beside reports, and what moderators decided."""

import pytest

from quorum.images.image import parse_image
from quorum.judgement.records import Kind, Report
from quorum.moderation.decisions import Action, Decision, Made
from quorum.policy import load_policy
from quorum.reporters.fingerprints import Reporter
from quorum.simulation.recorded import decision_to_line, from_lines, to_line
from quorum.simulation.replay import Comparison, Recorded, compare

NOW = 1_760_000_000_000
IMAGE = parse_image("img-1")


def report(number: int, at: int = 0, kind: Kind = Kind.REPORT) -> Report:
    reason = "violence" if kind is Kind.REPORT else ""
    return Report(IMAGE, Reporter("verified", bytes([number]) * 12), reason, NOW + at, kind=kind)


def decided(action: Action, at: int, *, unfounded: bool = True) -> Made:
    return Made(IMAGE.id, Decision(action, "", NOW + at, "", unfounded))


def replayed(*recorded: Recorded) -> Comparison:
    return compare(recorded, load_policy(), load_policy())


CROWD = [report(number, number) for number in range(5)]


def test_a_line_comes_back_as_what_it_was() -> None:
    recorded: list[Recorded] = [*CROWD, *(report(1, 9, kind) for kind in Kind), *(decided(one, 10) for one in Action)]
    recorded.append(decided(Action.CLEAR, 11, unfounded=False))
    lines = [to_line(one) if isinstance(one, Report) else decision_to_line(one) for one in recorded]
    assert list(from_lines(lines)) == recorded


def test_what_was_blocked_and_cleared_is_not_blocked_in_the_end() -> None:
    assert replayed(*CROWD).current.count("blocked") == 1
    assert replayed(*CROWD, decided(Action.CLEAR, 9)).current.count("blocked") == 0
    assert replayed(*CROWD, decided(Action.CLEAR, 9), decided(Action.REOPEN, 10)).current.count("blocked") == 1


def test_a_withdrawal_undoes_a_young_block() -> None:
    assert replayed(*CROWD, report(2, 9, Kind.WITHDRAWAL)).current.count("blocked") == 0


def test_an_image_that_is_gone_is_not_blocked() -> None:
    assert replayed(*CROWD, report(9, 9, Kind.GONE)).current.count("blocked") == 0


def test_a_decision_that_does_not_fit_is_left_out() -> None:
    assert replayed(CROWD[0], decided(Action.UPHOLD, 9)).current.count("blocked") == 0


def test_without_reports_there_is_nothing_to_replay() -> None:
    with pytest.raises(ValueError, match="no reports"):
        replayed(decided(Action.CLEAR, 1))
