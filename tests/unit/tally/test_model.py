"""The tally model: who is counted, for how long, and when an image is blocked."""

from quorum.images.image import parse_image
from quorum.judgement.records import Report, State, Tally
from quorum.policy import load_policy
from quorum.policy.model import MAX_REPORTERS_STORED
from quorum.reporters.fingerprints import Reporter
from quorum.tally.model import TallyModel

DAY_MS = 86_400_000
NOW = 1_760_000_000_000
IMAGE = parse_image("img-1")


def report(reporter: int, *, reason: str = "violence", kind: str = "verified", at: int = NOW) -> Report:
    return Report(IMAGE, Reporter(kind, reporter.to_bytes(12, "big")), reason, at)


def tally(model: TallyModel) -> Tally:
    return model.tallies[IMAGE.digest]


def test_the_fifth_verified_reporter_blocks_and_nobody_after_them() -> None:
    model = TallyModel(load_policy())
    decisions = [model.apply(report(number)) for number in range(8)]
    assert [len(events) for events in decisions] == [0] * 4 + [1] + [0] * 3
    data = decisions[4][0]["data"]
    assert (data["score"], data["reporters"], data["reasons"], data["epoch"]) == (5.0, 5, {"violence": 5}, 1)
    assert tally(model).state is State.BLOCKED


def test_the_same_reporter_ten_times_counts_once() -> None:
    model = TallyModel(load_policy())
    assert not any(model.apply(report(1)) for _ in range(10))
    assert tally(model).score == 1000


def test_two_trusted_reporters_are_too_few_people() -> None:
    model = TallyModel(load_policy())
    assert model.apply(report(1, kind="trusted")) == []
    assert model.apply(report(2, kind="trusted")) == []
    assert len(model.apply(report(3, kind="anonymous"))) == 1


def test_the_muted_are_nobody() -> None:
    model = TallyModel(load_policy())
    for number in range(10):
        assert model.apply(report(number, kind="muted")) == []
    assert tally(model).score == 0


def test_an_old_report_no_longer_counts() -> None:
    model = TallyModel(load_policy())
    for number in range(4):
        model.apply(report(number))
    assert model.apply(report(9, at=NOW + 30 * DAY_MS)) == []
    assert tally(model).score == 1000


def test_who_reports_again_after_the_window_counts_again() -> None:
    model = TallyModel(load_policy())
    model.apply(report(1))
    model.apply(report(1, at=NOW + 31 * DAY_MS))
    [row] = tally(model).rows.values()
    assert row.received_ms == NOW + 31 * DAY_MS


def test_reporters_of_one_image_are_bounded() -> None:
    model = TallyModel(load_policy())
    for number in range(MAX_REPORTERS_STORED + 10):
        model.apply(report(number))
    assert len(tally(model).rows) == MAX_REPORTERS_STORED
