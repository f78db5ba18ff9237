"""What becomes of an image by what is known now: it stays open, is held, or is blocked. Twin: verdict.lua."""

from dataclasses import dataclass

from quorum.judgement.caps.budgets import charge, has_spent
from quorum.judgement.caps.shields import MILLION, shields_are_up
from quorum.judgement.records import Book, Event, State, Tally
from quorum.judgement.weighing import Voice, score, voices
from quorum.policy.model import POINT, TRUSTED, Bar, Policy, thousandths


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that an image should have, and why it is held if it is."""

    state: State
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: a tally and its digest, and the ids of all images that share it."""

    digest: bytes
    tally: Tally
    ids: tuple[str, ...]
    at_ms: int


def judge(book: Book, case: Case, events: list[Event]) -> Verdict:
    """Judge an image; what the shields and budgets count of a block is counted, and the tally's score is set.

    Held when only people who are warned, or have carried enough blocks for a day, bring it over the bar; held when it
    is protected; held between the bar and that of raised shields.
    """
    people = voices(book, case.tally, case.at_ms)
    case.tally.score = score(people)
    if not _over(book, case, people):
        return Verdict(State.OPEN)
    if any(rule.protected for rule in map(book.policy.rule_for, case.ids) if rule):
        return Verdict(State.HELD, "protected")
    spent = {one.fingerprint for one in people if has_spent(book, one.fingerprint, case.at_ms)}
    carriers = [one for one in people if not one.warned and one.fingerprint not in spent]
    if not _over(book, case, carriers):
        return Verdict(State.HELD, "budget" if spent else "warned")
    if shields_are_up(book.shield, book.caps, case.at_ms, book.policy.version, events) and not _over(
        book, case, carriers, book.caps["shields_factor"]
    ):
        return Verdict(State.HELD, "shields")
    charge(book, [one.fingerprint for one in carriers], case.at_ms)
    book.shield.blocks.append(case.at_ms)
    return Verdict(State.BLOCKED)


def _over(book: Book, case: Case, people: list[Voice], factor: int = POINT) -> bool:
    """Tell whether enough people weigh enough, by the bar of the image or by that of a reason."""
    policy = book.policy
    if case.tally.epoch > 1:
        factor = factor * thousandths(policy.after_clear.threshold_factor) // POINT
    alone = policy.people.trusted_alone and any(one.row.reporter_class == TRUSTED for one in people)
    if not _reached(_bar(policy, case.ids), people, factor, alone=alone) and not any(
        _reached(reason.bar, [one for one in people if one.row.reason == reason.name], factor, alone=alone)
        for reason in policy.reasons
        if reason.bar
    ):
        return False
    views, ratio = book.views.get(case.digest, 0), round(policy.least_view_ratio * MILLION)
    return len(people) * MILLION >= ratio * views


def _bar(policy: Policy, ids: tuple[str, ...]) -> Bar:
    """Return the bar of an image; of several that share a tally the highest, whichever was reported."""
    usual = Bar(policy.threshold, policy.min_reporters)
    bars = [rule.bar if rule else usual for rule in map(policy.rule_for, ids)]
    return Bar(max(bar.threshold for bar in bars), max(bar.min_reporters for bar in bars))


def _reached(bar: Bar, people: list[Voice], factor: int, *, alone: bool) -> bool:
    enough = len(people) >= bar.min_reporters or (alone and bool(people))
    return enough and score(people) * POINT >= thousandths(bar.threshold) * factor
