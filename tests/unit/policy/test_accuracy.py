"""A reporter's standing: a bounded weight, a warning, a mute that ends."""

from hypothesis import given
from hypothesis import strategies as st

from quorum.policy import parse_policy
from quorum.policy.accuracy import (
    MINUTE_MS,
    MOST_DECIDED,
    Standing,
    accuracy_factor,
    after_overturned,
    after_unfounded,
    after_upheld,
)
from quorum.policy.load import default_policy

DAY_MS = 86_400_000
NOW = 1_760_000_040_000  # a whole minute
POLICY = default_policy()


def unfounded(standing: Standing, times: int, *, reported: int = NOW, now: int = NOW) -> Standing:
    for _ in range(times):
        standing = after_unfounded(standing, reported, now, POLICY)
    return standing


def test_an_unknown_reporter_weighs_what_their_class_says() -> None:
    assert accuracy_factor(Standing(), POLICY) == 1000


def test_accuracy_is_slow_to_earn_and_bounded() -> None:
    assert accuracy_factor(Standing(upheld=1), POLICY) == 1090  # 2 x 6 / 11
    assert accuracy_factor(Standing(upheld=5), POLICY) == 1333  # 2 x 10 / 15
    assert accuracy_factor(Standing(upheld=1000), POLICY) == 1500
    assert accuracy_factor(Standing(unfounded=1), POLICY) == 909
    assert accuracy_factor(Standing(unfounded=1000), POLICY) == 100


@given(upheld=st.integers(0, MOST_DECIDED), unfounded=st.integers(0, MOST_DECIDED))
def test_more_right_never_weighs_less(upheld: int, unfounded: int) -> None:
    factor = accuracy_factor(Standing(upheld=upheld, unfounded=unfounded), POLICY)
    assert 100 <= factor <= 1500
    assert accuracy_factor(Standing(upheld=upheld + 1, unfounded=unfounded), POLICY) >= factor
    assert accuracy_factor(Standing(upheld=upheld, unfounded=unfounded + 1), POLICY) <= factor


def test_ten_unfounded_reports_warn_and_do_not_mute() -> None:
    assert unfounded(Standing(), 9).warned == 0
    warned = unfounded(Standing(), 10)
    assert warned.warned == NOW // MINUTE_MS
    assert not warned.is_muted(NOW)


def test_who_is_mostly_right_is_not_warned() -> None:
    assert unfounded(Standing(upheld=3), 10).warned == 0  # 10 of 13 are below 80 %
    assert unfounded(Standing(upheld=2), 10).warned != 0


def test_a_warned_reporter_is_muted_only_for_what_they_send_after_the_notice_period() -> None:
    warned = unfounded(Standing(), 10)
    early = unfounded(warned, 1, reported=NOW + 6 * DAY_MS, now=NOW + 8 * DAY_MS)
    assert not early.is_muted(NOW + 8 * DAY_MS)
    late = unfounded(warned, 1, reported=NOW + 7 * DAY_MS, now=NOW + 8 * DAY_MS)
    assert late.is_muted(NOW + 8 * DAY_MS)
    assert late.is_muted(NOW + 38 * DAY_MS - 1)


def test_a_mute_ends_by_itself_and_the_next_needs_a_new_warning() -> None:
    warned = unfounded(Standing(), 10)
    muted = unfounded(warned, 1, reported=NOW + 7 * DAY_MS, now=NOW + 8 * DAY_MS)
    assert not muted.is_muted(NOW + 38 * DAY_MS)
    assert (muted.warned, muted.strikes) == (0, 0)
    later = NOW + 40 * DAY_MS
    assert unfounded(muted, 9, reported=later, now=later).warned == 0
    assert unfounded(muted, 10, reported=later, now=later).warned != 0


def test_a_policy_may_mute_nobody() -> None:
    text = "threshold=5\nmin_reporters=3\nwindow_days=30\n[reporters]\nverified=1\nanonymous=0\n[reasons]\nspam=1\n"
    policy = parse_policy(text + "[abuse]\nunfounded = 0\n", "p.toml")
    standing = Standing()
    for _ in range(100):
        standing = after_unfounded(standing, NOW, NOW, policy)
    assert (standing.unfounded, standing.warned) == (100, 0)


def test_a_decision_that_is_taken_back_takes_back_its_credit() -> None:
    assert after_overturned(after_upheld(Standing(), NOW)).upheld == 0
    assert after_overturned(Standing()).upheld == 0


def test_counts_stay_within_their_bytes_and_keep_the_accuracy() -> None:
    full = after_upheld(Standing(upheld=MOST_DECIDED, unfounded=1000), NOW)
    assert (full.upheld, full.unfounded) == (32_768, 500)


def test_a_warning_ends_when_a_mute_would() -> None:
    warned = unfounded(Standing(), 10)
    assert warned.is_warned(NOW, POLICY)
    assert warned.is_warned(NOW + 30 * DAY_MS - 1, POLICY)
    assert not warned.is_warned(NOW + 30 * DAY_MS, POLICY)
    assert not Standing().is_warned(NOW, POLICY)
