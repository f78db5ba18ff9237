"""An appeal against a block: once against each, decided by whatever is decided about the image, or over with the block.

If what decided it is taken back, it waits again.

It is open until then; an image has one open appeal at most. Of each image the last MOST_KEPT are kept, as JSON.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from quorum.errors import AppealExists, AppealNeedsAnother, InvalidRecord, NotBlocked
from quorum.events.event import APPEAL_DECIDED, cloud_event, event_id, timestamp
from quorum.judgement.records import Event, State

MOST_KEPT = 8  # appeals against blocks of one image


class Outcome(StrEnum):
    """What became of an appeal."""

    UPHELD = "upheld"  # the block stays
    CLEARED = "cleared"  # a moderator ended the block
    LAPSED = "lapsed"  # the block ended otherwise: reports were withdrawn, the site replaced or removed the image


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided, when (Unix ms), by whom and why; nobody decides what lapses."""

    outcome: Outcome
    at_ms: int
    moderator: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal of `at_ms` (Unix ms) against the block of an epoch.

    `uploader` is a fingerprint in hex, `against` the moderator who had decided; either is empty for nobody known.
    """

    epoch: int
    at_ms: int
    text: str
    uploader: str = ""
    against: str = ""
    answer: Answer | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits for a moderator."""
        return self.answer is None

    @property
    def has_lapsed(self) -> bool:
        """Whether nobody decided it."""
        return self.answer is not None and self.answer.outcome is Outcome.LAPSED

    def is_about(self, state: State, epoch: int) -> bool:
        """Tell whether an image in this state and epoch is under the block that it is against."""
        return state.is_blocked and epoch == self.epoch


@dataclass(frozen=True, slots=True)
class By:
    """Who decides, when (Unix ms): a moderator, whom events may name, or the rules of a policy version."""

    at_ms: int
    moderator: str = ""
    note: str = ""
    is_named: bool = False
    policy: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """Who it was, as events tell it."""
        if not self.moderator:
            return {"kind": "policy", "version": self.policy}
        return {"kind": "moderator", **({"name": self.moderator} if self.is_named else {})}


def open_one(appeals: Sequence[Appeal]) -> Appeal | None:
    """Return the appeal that waits for a moderator."""
    return next((one for one in reversed(appeals) if one.is_open), None)


def current(appeals: Sequence[Appeal], state: State, epoch: int) -> Appeal | None:
    """Return the appeal against the block under which an image is in this state and epoch."""
    return next((one for one in reversed(appeals) if one.is_about(state, epoch)), None)


def lodged(appeals: Sequence[Appeal], state: State, fresh: Appeal) -> list[Appeal]:
    """Return the appeals with a fresh one, about an image in a state and the epoch of the fresh one.

    Raises NotBlocked, AppealExists.
    """
    if not state.is_blocked:
        raise NotBlocked(state.public_name)
    if any(one.epoch == fresh.epoch and not one.has_lapsed for one in appeals):
        raise AppealExists
    return [*appeals, fresh][-MOST_KEPT:]


def decided(
    appeals: Sequence[Appeal], before: tuple[State, int], after: State, by: By, *, another: bool
) -> list[Appeal]:
    """Return the appeals after a decision about an image that was in a state and epoch `before`.

    With `another` nobody decides an appeal against their own decision. Raises AppealNeedsAnother.
    """
    waits = open_one(appeals)
    if waits is None:
        return list(appeals)
    if not waits.is_about(*before):
        return answered(appeals, Answer(Outcome.LAPSED, by.at_ms))
    if another and waits.against and waits.against == by.moderator:
        raise AppealNeedsAnother(by.moderator)
    outcome = Outcome.UPHELD if after.is_blocked else Outcome.CLEARED
    return answered(appeals, Answer(outcome, by.at_ms, by.moderator, by.note))


def waiting_again(appeals: Sequence[Appeal], undone_ms: int, epoch: int, at_ms: int) -> list[Appeal]:
    """Return the appeals, the last of them open again, under another id, if a decision of `undone_ms` answered it.

    That decision was taken back at `at_ms`, and the image is under the block of `epoch`.
    """
    last = appeals[-1] if appeals else None
    if last is None or last.answer is None or last.has_lapsed or last.answer.at_ms != undone_ms:
        return list(appeals)
    return [*appeals, replace(last, epoch=epoch, at_ms=max(at_ms, last.at_ms + 1), answer=None)][-MOST_KEPT:]


def lapsed(appeals: Sequence[Appeal], state: State, epoch: int, at_ms: int) -> list[Appeal]:
    """Return the appeals, the open one over where the image is not under the block any more that it is against."""
    waits = open_one(appeals)
    if waits is None or waits.is_about(state, epoch):
        return list(appeals)
    return answered(appeals, Answer(Outcome.LAPSED, at_ms))


def answered(appeals: Sequence[Appeal], answer: Answer) -> list[Appeal]:
    """Return the appeals with the open one answered."""
    return [replace(one, answer=answer) if one.is_open else one for one in appeals]


def kept_since(appeals: Sequence[Appeal], oldest_ms: int) -> list[Appeal]:
    """Return the appeals without those that were decided before a time, Unix ms."""
    return [one for one in appeals if one.answer is None or one.answer.at_ms >= oldest_ms]


def stands(appeals: Sequence[Appeal]) -> tuple[int | None, int | None]:
    """Return since when an appeal is open, and when the oldest that is kept was decided, Unix ms."""
    waits = open_one(appeals)
    ended = [one.answer.at_ms for one in appeals if one.answer]
    return waits.at_ms if waits else None, min(ended, default=None)


def appeal_id(digest: bytes, appeal: Appeal) -> str:
    """Return what names an appeal, and the event that tells its outcome."""
    return event_id(digest, appeal.epoch, f"appeal-{appeal.at_ms}")


def event_of(digest: bytes, image_id: str, appeal: Appeal, by: By) -> Event:
    """Return the event that says that an appeal was decided: never its text."""
    assert appeal.answer is not None
    data = {
        "image_id": image_id,
        "epoch": appeal.epoch,
        "outcome": appeal.answer.outcome.value,
        "appealed_at": timestamp(appeal.at_ms),
        "decided_by": by.told,
    }
    return cloud_event(appeal_id(digest, appeal), APPEAL_DECIDED, image_id, appeal.answer.at_ms, data)


def events_between(
    digest: bytes, image_id: str, before: Sequence[Appeal], after: Sequence[Appeal], by: By
) -> list[Event]:
    """Return an event for each appeal that was open before and is decided after; `by` of what lapses is the policy."""
    waits = open_one(before)
    if waits is None:
        return []
    ended = [one for one in after if one.answer and (one.epoch, one.at_ms) == (waits.epoch, waits.at_ms)]
    rules = replace(by, moderator="")
    return [
        event_of(digest, image_id, one, rules if one.answer and one.answer.outcome is Outcome.LAPSED else by)
        for one in ended
    ]


def encode_appeals(appeals: Sequence[Appeal]) -> bytes:
    """Return appeals as they are stored; nothing for none."""
    return json.dumps([asdict(one) for one in appeals], separators=(",", ":")).encode() if appeals else b""


def decode_appeals(raw: bytes | None) -> list[Appeal]:
    """Return appeals, oldest first. Raises InvalidRecord."""
    try:
        return [_read(fields) for fields in json.loads(raw)] if raw else []
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRecord(f"the appeals of an image cannot be read: {error}") from error


def _read(fields: dict[str, Any]) -> Appeal:
    answer = fields["answer"]
    given = Answer(**{**answer, "outcome": Outcome(answer["outcome"])}) if answer else None
    return Appeal(**{**fields, "answer": given})
