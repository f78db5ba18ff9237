"""What a moderator may decide about an image, and what follows: states, events, its reporters' standing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

from quorum.errors import DecisionRefused
from quorum.events.event import BLOCKED, HELD, RELEASED, UNBLOCKED, cloud_event, event_id
from quorum.images.image import Image
from quorum.judgement.announcing import tally_data
from quorum.judgement.arrivals.copies import merged
from quorum.judgement.figures.days import KEPT_DAYS, Days, add, count, day_of
from quorum.judgement.figures.decided import Before as FoundBefore
from quorum.judgement.figures.decided import Decided, before_of, figures_of, reversible
from quorum.judgement.records import Event, State, Tally
from quorum.judgement.waiting import Cause
from quorum.moderation.past import MOST_KEPT, Before, Past, taken_back
from quorum.policy.accuracy import Standing, after_unfounded, after_upheld
from quorum.policy.model import Policy
from quorum.tally.model import TallyModel


class Action(StrEnum):
    """A moderator's decision."""

    UPHOLD = "uphold"  # the reports are right: what is held is blocked, what is blocked stays so
    BLOCK = "block"  # block it, whatever was reported
    CLEAR = "clear"  # nothing is wrong with it: unblock it, and let no report count for a while
    REOPEN = "reopen"  # the last decision was wrong: all is as before it
    SEPARATE = "separate"  # it does not show the picture that other images show: begin anew without them


_REOPENED = {State.CLEARED: {Action.CLEAR}, State.UPHELD: {Action.UPHOLD, Action.BLOCK}}  # by what they were decided


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides what, when (Unix ms).

    `unfounded` says that the reports of a cleared image count against those who sent them; `is_named`, that events
    name the moderator.
    """

    action: Action
    moderator: str
    at_ms: int
    note: str = ""
    unfounded: bool = True
    is_named: bool = False


class Made(NamedTuple):
    """A decision that was made, and the id of its image."""

    image_id: str
    decision: Decision


@dataclass(slots=True)
class Docket:
    """All that a decision about an image looks at and changes."""

    asked: bytes  # digest of the image
    images: dict[bytes, tuple[str, Tally]]  # digest -> id and tally: all that show its picture
    holder: Tally  # that has the rows: the image's own, or that of the picture
    picture: bytes | None  # digest of the picture, where the image shares the rows of others
    past: list[Past]
    standings: dict[bytes, Standing]  # of everybody who has a row, or whom the last decision changed
    blocked_ms: int = 0  # when reports blocked it
    is_appealed: bool = False  # a moderator must decide, even that all stays so
    again: list[tuple[bytes, str]] = field(default_factory=list)  # digest and id of what is to be judged again
    made: Past | None = None  # what was decided now
    undone: Past | None = None  # what was decided before, and is taken back now

    @property
    def tally(self) -> Tally:
        """The image's own tally."""
        return self.images[self.asked][1]


def count_decision(docket: Docket, decision: Decision, found: FoundBefore, since_ms: int | None) -> Days:
    """Return what a decision that was made counts, and of which days; it is kept with it what it counted.

    `found` is what was there before it, `since_ms` since when one of its images waited. What is taken back is taken
    from the days on which it had counted.
    """
    decided = Decided(decision.action, decision.at_ms, decision.unfounded)
    counted = figures_of(found, docket.images, decided, since_ms)
    days: Days = {}
    count(days, decision.at_ms, counted)
    if docket.made:
        count(docket.made.counted, decision.at_ms, reversible(counted))
    if docket.undone:
        for day, figures in docket.undone.counted.items():
            if day_of(decision.at_ms) - day < KEPT_DAYS:
                days.setdefault(day, Counter()).subtract(figures)
    return days


def state_after(state: State, action: Action) -> State:
    """Return the state that follows. Raises DecisionRefused when the decision does not fit."""
    if action is Action.CLEAR:
        return State.CLEARED
    if action is Action.UPHOLD and state not in {State.HELD, State.BLOCKED, State.UPHELD}:
        raise DecisionRefused(f"only what is held or blocked can be upheld, and the image is {state.public_name}")
    return State.UPHELD


def decide(docket: Docket, decision: Decision, policy: Policy) -> list[Event]:
    """Change what is on the docket as decided, and return the events for its images.

    A decision is about the picture: all images that show it get the state. Unblocking raises the epoch, and so does
    every other clear: counting begins anew. Deciding what is so already changes nothing, but for a clear of what was
    reported since it was cleared, which is over then, and for what answers an appeal: that can be taken back.

    Raises DecisionRefused.
    """
    if decision.action is Action.REOPEN:
        return _reopen(docket, decision, policy)
    if decision.action is Action.SEPARATE:
        return _separate(docket, decision, policy)
    before = docket.tally.state
    after = state_after(before, decision.action)
    contested = before is State.CLEARED and after is before and bool(docket.holder.rows)
    if all(tally.state is after for _, tally in docket.images.values()) and not contested and not docket.is_appealed:
        return []
    events = [event for digest in docket.images for event in _moved(docket, digest, after, decision, policy)]
    entry = Past(decision.action, decision.at_ms, _before(docket), _judge_reporters(docket, after, decision, policy))
    for tally in _tallies(docket).values():
        tally.state, tally.cleared_ms = after, 0
        if after is State.CLEARED:
            tally.epoch, tally.cleared_ms = tally.epoch + (not contested), decision.at_ms
            tally.score, tally.wary = 0, True
    if after is State.CLEARED:
        entry.rows, docket.holder.rows = docket.holder.rows, {}
    docket.made = _with_last(docket.past.pop(), entry) if contested and docket.past else entry
    docket.past.append(docket.made)
    return events


def _tallies(docket: Docket) -> dict[bytes, Tally]:
    """Return all that a decision gives a state: the images, and the picture that they show."""
    found = {digest: tally for digest, (_, tally) in docket.images.items()}
    return {**found, docket.picture: docket.holder} if docket.picture else found


def _before(docket: Docket) -> dict[bytes, Before]:
    return {digest: Before(one.state, one.wary, one.score) for digest, one in _tallies(docket).items()}


def _moved(docket: Docket, digest: bytes, after: State, decision: Decision, policy: Policy) -> list[Event]:
    """Return the event of an image that moves into a state, if others are told of it."""
    image_id, tally = docket.images[digest]
    name = ""
    if after.is_blocked is not tally.state.is_blocked:
        name, kind = ("blocked", BLOCKED) if after.is_blocked else ("unblocked", UNBLOCKED)
    elif after is State.HELD:
        name, kind = "held-again", HELD
    elif tally.state is State.HELD and not after.is_blocked:
        name, kind = "released-by-decision", RELEASED
    if not name:
        return []
    names = {reason.name: reason.name for reason in policy.reasons}
    by: dict[str, Any] = {"kind": "moderator", **({"name": decision.moderator} if decision.is_named else {})}
    data = {**tally_data(image_id, tally, docket.holder.rows, names), "decided_by": by}
    return [cloud_event(event_id(digest, tally.epoch, name), kind, image_id, decision.at_ms, data)]


def _judge_reporters(
    docket: Docket, after: State, decision: Decision, policy: Policy
) -> dict[bytes, tuple[Standing, Standing]]:
    """Credit or blame those who reported; overturning a decision takes back first what that one gave."""
    before, known = docket.tally.state, dict(docket.standings)
    if docket.past and {before, after} == {State.CLEARED, State.UPHELD}:
        _take_back(docket, docket.past[-1])
    change = _change(docket, after, decision, policy)
    for fingerprint, row in docket.holder.rows.items():
        docket.standings[fingerprint] = change(docket.standings.get(fingerprint, Standing()), row.received_ms)
    return {
        fingerprint: (known.get(fingerprint, Standing()), standing)
        for fingerprint, standing in docket.standings.items()
        if known.get(fingerprint, Standing()) != standing
    }


def _change(docket: Docket, after: State, decision: Decision, policy: Policy) -> Callable[[Standing, int], Standing]:
    """Return how a reporter's standing changes, given the time of their report: after a block it earns nothing."""
    if after is State.CLEARED:
        if not decision.unfounded:
            return lambda standing, _reported_ms: standing
        return lambda standing, reported_ms: after_unfounded(standing, reported_ms, decision.at_ms, policy)
    until = docket.blocked_ms if docket.tally.state is State.BLOCKED else decision.at_ms
    if docket.tally.state is State.UPHELD:
        until = 0
    return lambda standing, reported_ms: after_upheld(standing, decision.at_ms) if reported_ms <= until else standing


def _take_back(docket: Docket, past: Past) -> None:
    for fingerprint, change in past.changes.items():
        docket.standings[fingerprint] = taken_back(docket.standings.get(fingerprint, Standing()), change)


def _with_last(last: Past, entry: Past) -> Past:
    """Return a clear and one that followed it as one, to be taken back together."""
    changes = dict(last.changes)
    for fingerprint, (before, after) in entry.changes.items():
        changes[fingerprint] = (changes.get(fingerprint, (before, after))[0], after)
    counted = {day: Counter(figures) for day, figures in last.counted.items()}
    return replace(last, changes=changes, rows=merged(last.rows, entry.rows), counted=counted)


def _reopen(docket: Docket, decision: Decision, policy: Policy) -> list[Event]:
    """Take the last decision back; what was blocked by it and is not any more begins a new epoch."""
    state = docket.tally.state
    if state not in _REOPENED:
        raise DecisionRefused(
            f"only what a moderator has cleared or upheld can be reopened, and the image is {state.public_name}"
        )
    if not docket.past or docket.past[-1].action not in _REOPENED[state]:
        raise DecisionRefused("what the last decision changed is not known any more; clear or block the image")
    last = docket.past.pop()
    docket.undone = last
    _take_back(docket, last)
    docket.holder.rows = merged(last.rows, docket.holder.rows)
    events: list[Event] = []
    for digest, tally in _tallies(docket).items():
        was = last.images.get(digest)
        if was is None or tally.state is not state:
            continue
        if digest in docket.images:
            events += _moved(docket, digest, was.state, decision, policy)
            if was.state.is_judged:
                tally.name = docket.images[digest][0]
                docket.again.append((digest, tally.name))
        _restore(tally, was, decision.at_ms, docket.past)
    return events


def _restore(tally: Tally, was: Before, at_ms: int, past: list[Past]) -> None:
    """Make a tally what it was before a decision; `past` are those before that one."""
    upheld = tally.state is State.UPHELD
    if upheld and not was.state.is_blocked:
        tally.epoch += 1
    if was.state is State.BLOCKED:
        tally.blocked_ms = (tally.blocked_ms if upheld else 0) or at_ms
    else:
        tally.blocked_ms = 0
    cleared_ms = past[-1].at_ms if past and past[-1].action == Action.CLEAR else at_ms
    tally.cleared_ms = cleared_ms if was.state is State.CLEARED else 0
    tally.state, tally.wary, tally.score = was.state, was.wary, was.score


def _separate(docket: Docket, decision: Decision, policy: Policy) -> list[Event]:
    if docket.picture is None:
        raise DecisionRefused("the image shares no reports with others: there is nothing to part it from")
    events = _moved(docket, docket.asked, State.OPEN, decision, policy)
    image_id, tally = docket.images[docket.asked]
    docket.images = {docket.asked: (image_id, Tally(tally.epoch + 1))}
    docket.holder.copies.pop(docket.asked, None)
    return events


def decide_in_model(model: TallyModel, image: Image, decision: Decision) -> list[Event]:
    """Decide about an image of the model, as the store does. Raises DecisionRefused."""
    own, shown = image.digest, model.aliases.get(image.digest)
    holder = model.with_rows(own)
    past = model.decided.get(shown or own, [])
    images = {
        digest: (image_id, model.tallies.setdefault(digest, Tally()))
        for digest, image_id in (holder.copies or {own: image.id}).items()
    }
    people = {*holder.rows, *(past[-1].changes if past else ())}
    standings = {person: model.standings.get(person, Standing()) for person in people}
    docket = Docket(own, images, holder, shown, list(past), dict(standings), images[own][1].blocked_ms)
    found = before_of(docket.images, docket.holder.rows.values(), model.policy)
    over = any(image_id in model.causes for image_id, _ in images.values())
    events = decide(docket, decision, model.policy)
    over = over and docket.tally.state is not State.HELD
    if docket.past != past or decision.action is Action.SEPARATE or over:
        add(model.days, count_decision(docket, decision, found, None))
    model.standings.update({person: one for person, one in docket.standings.items() if one != standings[person]})
    if docket.past != past:
        model.decided[shown or own] = docket.past[-MOST_KEPT:]
    if decision.action is Action.SEPARATE and shown:
        model.tallies[own] = docket.tally
        model.aliases.pop(own)
        model.parted[own] = shown
    for image_id, tally in docket.images.values():
        if tally.state is State.HELD:
            model.causes.setdefault(image_id, Cause.REOPENED)
        else:
            model.causes.pop(image_id, None)
    model.pending.update(dict.fromkeys(docket.again, 0))
    return events
