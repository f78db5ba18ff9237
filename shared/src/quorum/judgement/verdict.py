"""Whether an image crosses its bar, and whether a block has to wait for a moderator. Twin: verdict.lua."""

from collections import Counter

from quorum.judgement.records import Book, Event, Report, Row, Tally
from quorum.judgement.shields import MILLION, shields_are_up
from quorum.policy.model import POINT, TRUSTED, Bar, Policy, thousandths


def crosses(book: Book, report: Report, digest: bytes, tally: Tally) -> bool:
    """Tell whether enough people weigh enough, by the bar of the image or by that of the reason."""
    policy = book.policy
    rule = policy.rule_for(report.image.id)
    bar = rule.bar if rule else Bar(policy.threshold, policy.min_reporters)
    rows = list(tally.rows.values())
    alone = policy.people.trusted_alone and report.reporter.reporter_class == TRUSTED
    if not _reached(policy, bar, rows, tally, alone=alone):
        own = next((reason.bar for reason in policy.reasons if reason.name == report.reason), None)
        of_reason = [row for row in rows if row.reason == report.reason]
        if own is None or not _reached(policy, own, of_reason, tally, alone=alone):
            return False
    views, ratio = book.views.get(digest, 0), round(policy.least_view_ratio * MILLION)
    return len(rows) * MILLION >= ratio * views


def _reached(policy: Policy, bar: Bar, rows: list[Row], tally: Tally, *, alone: bool) -> bool:
    threshold = thousandths(bar.threshold)
    if tally.epoch > 1:
        threshold = threshold * thousandths(policy.after_clear.threshold_factor) // POINT
    enough_people = len(rows) >= bar.min_reporters or (alone and bool(rows))
    return enough_people and sum(row.weight for row in rows) >= threshold


def hold_cause(book: Book, tally: Tally, ids: list[str], now_ms: int, events: list[Event]) -> str | None:
    """Return why a moderator has to look first, or nothing: then it counts as an automatic block."""
    policy = book.policy
    if any(rule.protected for rule in map(policy.rule_for, ids) if rule):
        return "protected"
    if policy.burst.hold and _looks_like_a_brigade(policy, tally, now_ms):
        return "burst"
    if shields_are_up(book.shield, book.caps, now_ms, policy.version, events):
        return "shields"
    book.shield.count_block()
    return None


def _looks_like_a_brigade(policy: Policy, tally: Tally, now_ms: int) -> bool:
    """Tell whether fresh accounts and anonymous neighbours bring most of the score, all within minutes."""
    burst, rows = policy.burst, list(tally.rows.values())
    networks = Counter(row.network for row in rows if row.network)
    suspicious = sum(
        row.weight
        for row in rows
        if (row.fresh or networks[row.network] > 1) and row.received_ms > now_ms - round(burst.minutes * 60_000)
    )
    return suspicious * POINT > tally.score * thousandths(burst.share)
