"""The tally model: who is counted, for how long, and when an image is blocked."""

from quorum.model import ReportReceived, State, TallyModel
from quorum.policy import load_policy
from quorum.policy.model import MAX_REPORTERS_STORED

DAY_MS = 86_400_000
NOW = 1_760_000_000_000


def report(reporter: int, *, reason: str = "violence", kind: str = "verified", at: int = NOW) -> ReportReceived:
    return ReportReceived("img-1", reporter.to_bytes(12, "big"), kind, reason, at)


def test_the_fifth_verified_reporter_blocks_and_nobody_after_them() -> None:
    model = TallyModel(load_policy())
    decisions = [model.apply(report(number)) for number in range(8)]
    assert [decision is not None for decision in decisions] == [False] * 4 + [True] + [False] * 3
    blocked = decisions[4]
    assert blocked
    assert (blocked.score, blocked.reporters, blocked.reasons, blocked.epoch) == (5.0, 5, {"violence": 5}, 1)
    assert model.images["img-1"].state is State.BLOCKED


def test_the_same_reporter_ten_times_counts_once() -> None:
    model = TallyModel(load_policy())
    assert not any(model.apply(report(1)) for _ in range(10))
    assert model.images["img-1"].score == 1000


def test_two_trusted_reporters_are_too_few_people() -> None:
    model = TallyModel(load_policy())
    assert model.apply(report(1, kind="trusted")) is None
    assert model.apply(report(2, kind="trusted")) is None
    assert model.apply(report(3, kind="anonymous")) is not None


def test_the_muted_are_nobody() -> None:
    model = TallyModel(load_policy())
    model.apply(report(1, kind="muted"))
    assert model.images["img-1"].rows == {}


def test_an_old_report_no_longer_counts() -> None:
    model = TallyModel(load_policy())
    for number in range(4):
        model.apply(report(number))
    assert model.apply(report(9, at=NOW + 30 * DAY_MS)) is None
    assert model.images["img-1"].score == 1000


def test_who_reports_again_after_the_window_counts_again() -> None:
    model = TallyModel(load_policy())
    model.apply(report(1))
    model.apply(report(1, at=NOW + 31 * DAY_MS))
    [row] = model.images["img-1"].rows.values()
    assert row.received_ms == NOW + 31 * DAY_MS


def test_reporters_of_one_image_are_bounded() -> None:
    model = TallyModel(load_policy())
    for number in range(MAX_REPORTERS_STORED + 10):
        model.apply(report(number))
    assert len(model.images["img-1"].rows) == MAX_REPORTERS_STORED
