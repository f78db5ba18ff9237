"""What decided reports say of a reporter: a bounded weight, a warning, a mute that ends."""

from dataclasses import dataclass, replace

from quorum.policy.model import POINT, Policy, thousandths

MINUTE_MS = 60_000
MOST_DECIDED = 65_535  # a record keeps 16 bits; then both counts are halved, which keeps the accuracy
MOST_STRIKES = 255


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a reporter. Times are in minutes since 1970; 0 stands for never."""

    upheld: int = 0
    unfounded: int = 0
    strikes: int = 0  # unfounded reports since the last mute
    warned: int = 0
    muted_until: int = 0
    decided: int = 0  # when a report of theirs was last decided

    def is_muted(self, at_ms: int) -> bool:
        """Tell whether their reports count for nothing at a time."""
        return self.muted_until * MINUTE_MS > at_ms

    def is_warned(self, at_ms: int, policy: Policy) -> bool:
        """Tell whether their reports bring about no automatic block: a warning lasts as long as a mute would."""
        return bool(self.warned) and at_ms < (self.warned + round(policy.abuse.mute_days * 1440)) * MINUTE_MS


def accuracy_factor(standing: Standing, policy: Policy) -> int:
    """Return by how much a reporter's weight is multiplied, in thousandths.

    Twice the expected value of a Beta distribution over "this reporter is right", whose prior is `prior` right and
    `prior` wrong reports: 2 (upheld + prior) / (upheld + unfounded + 2 prior), within [least, most]. So an unknown
    reporter has exactly 1, trust is slow to earn, and one decision moves little. Source: A. Josang and R. Ismail,
    "The Beta Reputation System" (2002), equation 5, with a prior of their own choice; Discourse bounds the accuracy of
    flags likewise (app/models/reviewable_score.rb).
    """
    rules = policy.accuracy
    decided = standing.upheld + standing.unfounded + 2 * rules.prior
    factor = 2 * POINT * (standing.upheld + rules.prior) // decided if decided else POINT
    return max(thousandths(rules.least), min(thousandths(rules.most), factor))


def after_upheld(standing: Standing, now_ms: int) -> Standing:
    """Return the standing once a moderator has found a report right."""
    return _counted(standing, now_ms, upheld=1)


def after_overturned(standing: Standing) -> Standing:
    """Return the standing once a decision that found a report right was taken back."""
    return replace(standing, upheld=max(standing.upheld - 1, 0))


def after_unfounded(standing: Standing, reported_ms: int, now_ms: int, policy: Policy) -> Standing:
    """Return the standing once a moderator has found a report unfounded.

    Who reaches the policy's number and share of unfounded reports is warned. Who after that, and after the notice
    period, sends another unfounded one is muted for a time, and starts afresh when it ends.
    """
    rules = policy.abuse
    found = _counted(standing, now_ms, unfounded=1)
    found = replace(found, strikes=min(found.strikes + 1, MOST_STRIKES))
    if not rules.unfounded:
        return found
    now, share = now_ms // MINUTE_MS, POINT * found.unfounded // (found.upheld + found.unfounded)
    notice, mute = round(rules.notice_days * 1440), round(rules.mute_days * 1440)
    if not found.warned:
        frequent = found.strikes >= rules.unfounded and share >= thousandths(rules.share)
        return replace(found, warned=now) if frequent else found
    if reported_ms // MINUTE_MS >= found.warned + notice and not found.is_muted(now_ms):
        return replace(found, warned=0, strikes=0, muted_until=now + mute)
    return found


def _counted(standing: Standing, now_ms: int, upheld: int = 0, unfounded: int = 0) -> Standing:
    counts = [standing.upheld + upheld, standing.unfounded + unfounded]
    if max(counts) > MOST_DECIDED:
        counts = [count // 2 for count in counts]
    return replace(standing, upheld=counts[0], unfounded=counts[1], decided=now_ms // MINUTE_MS)
