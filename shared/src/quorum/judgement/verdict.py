"""What becomes of an image by what is known now: it stays open, is held, or is blocked. Twin: verdict.lua."""

from dataclasses import dataclass

from quorum.judgement.caps.budgets import charge, has_spent
from quorum.judgement.caps.shields import MILLION, shields_are_up
from quorum.judgement.records import Book, Event, State
from quorum.judgement.weighing import Voice, score, voices
from quorum.policy.classes import TRUSTED
from quorum.policy.model import POINT, Bar, thousandths


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that an image should have, and why it is held if it is."""

    state: State
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged, and when: an image, with the rows of all that show its picture."""

    digest: bytes
    image_id: str
    at_ms: int


def judge(book: Book, case: Case, events: list[Event]) -> Verdict:
    """Judge an image; what the shields and budgets count of a block is counted, and the image's score is set.

    Held when only people who are warned, or have carried enough blocks for a day, bring it over the bar; held when it
    is protected; held between the bar and that of raised shields.
    """
    people = voices(book, book.with_rows(case.digest), case.at_ms)
    book.tallies[case.digest].score = score(people)
    if not over(book, case, people):
        return Verdict(State.OPEN)
    rule = book.policy.rule_for(case.image_id)
    if rule and rule.protected:
        return Verdict(State.HELD, "protected")
    spent = {one.fingerprint for one in people if has_spent(book, one.fingerprint, case.at_ms)}
    carriers = [one for one in people if not one.warned and one.fingerprint not in spent]
    if not over(book, case, carriers):
        return Verdict(State.HELD, "budget" if spent else "warned")
    if shields_are_up(book.shield, book.caps, case.at_ms, book.policy.version, events) and not over(
        book, case, carriers, book.caps["shields_factor"]
    ):
        return Verdict(State.HELD, "shields")
    charge(book, [one.fingerprint for one in carriers], case.at_ms)
    book.shield.blocks.append(case.at_ms)
    return Verdict(State.BLOCKED)


def over(book: Book, case: Case, people: list[Voice], factor: int = POINT) -> bool:
    """Tell whether enough people weigh enough, by the bar of the image or by that of a reason."""
    policy = book.policy
    if book.tallies[case.digest].wary:
        factor = factor * thousandths(policy.after_clear.threshold_factor) // POINT
    alone = policy.people.trusted_alone and any(one.row.reporter_class == TRUSTED for one in people)
    rule = policy.rule_for(case.image_id)
    bar = rule.bar if rule else Bar(policy.threshold, policy.min_reporters)
    if not _reached(bar, people, factor, alone=alone) and not any(
        _reached(reason.bar, [one for one in people if one.row.reason == reason.name], factor, alone=alone)
        for reason in policy.reasons
        if reason.bar
    ):
        return False
    views, ratio = book.views.get(case.digest, 0), round(policy.least_view_ratio * MILLION)
    return len(people) * MILLION >= ratio * views


def _reached(bar: Bar, people: list[Voice], factor: int, *, alone: bool) -> bool:
    enough = len(people) >= bar.min_reporters or (alone and bool(people))
    return enough and score(people) * POINT >= thousandths(bar.threshold) * factor
