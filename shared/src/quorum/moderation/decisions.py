"""What a moderator may decide about an image, and what follows: its state, its events, its reporters' standing."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from quorum.errors import DecisionRefused
from quorum.events.event import BLOCKED, UNBLOCKED, cloud_event, event_id
from quorum.images.image import Image
from quorum.judgement.announcing import tally_data
from quorum.judgement.records import Event, State, Tally
from quorum.policy.accuracy import Standing, after_overturned, after_unfounded, after_upheld
from quorum.policy.model import Policy
from quorum.tally.model import TallyModel


class Action(StrEnum):
    """A moderator's decision."""

    UPHOLD = "uphold"  # the reports are right: what is held is blocked, what is blocked stays so
    BLOCK = "block"  # block it, whatever was reported
    CLEAR = "clear"  # nothing is wrong with it: unblock it, and let no report count for a while


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides what, when (Unix ms).

    `unfounded` says that the reports of a cleared image count against those who sent them.
    """

    action: Action
    moderator: str
    at_ms: int
    note: str = ""
    unfounded: bool = True


def state_after(state: State, action: Action) -> State:
    """Return the state that follows. Raises DecisionRefused when the decision does not fit."""
    if action is Action.CLEAR:
        return State.CLEARED
    if action is Action.UPHOLD and state not in {State.HELD, State.BLOCKED, State.UPHELD}:
        raise DecisionRefused(f"only what is held or blocked can be upheld, and the image is {state.public_name}")
    return State.UPHELD


def decide(tally: Tally, subjects: dict[bytes, str], decision: Decision, policy: Policy) -> list[Event]:
    """Change `tally` as decided, and return the events for its images: `subjects`, digest -> id.

    Unblocking raises the epoch, and so does every other clear: counting begins anew. Deciding what is so already
    changes nothing, but for a clear of what was reported since it was cleared: that is over then.

    Raises DecisionRefused.
    """
    before, after = tally.state, state_after(tally.state, decision.action)
    contested = before is State.CLEARED and bool(tally.rows)
    if after is before and not contested:
        return []
    events: list[Event] = []
    if after.is_blocked is not before.is_blocked:
        name, kind = ("blocked", BLOCKED) if after.is_blocked else ("unblocked", UNBLOCKED)
        names = {reason.name: reason.name for reason in policy.reasons}
        for digest, image_id in subjects.items():
            data = {
                **tally_data(image_id, tally, names),
                "decided_by": {"kind": "moderator", "name": decision.moderator},
            }
            events.append(cloud_event(event_id(digest, tally.epoch, name), kind, image_id, decision.at_ms, data))
    tally.state, tally.cleared_ms = after, 0
    if after is State.CLEARED:
        tally.epoch, tally.cleared_ms, tally.score = tally.epoch + (not contested), decision.at_ms, 0
        tally.rows.clear()
    return events


def standing_change(before: State, decision: Decision, policy: Policy) -> Callable[[Standing, int], Standing]:
    """Return how the standing of an image's reporters changes, given the time of their report (Unix ms)."""
    now = decision.at_ms
    after = state_after(before, decision.action)
    if after is before:
        return lambda standing, _reported_ms: standing
    if after is State.UPHELD:
        return lambda standing, _reported_ms: after_upheld(standing, now)

    def cleared(standing: Standing, reported_ms: int) -> Standing:
        if before is State.UPHELD:
            standing = after_overturned(standing)
        return after_unfounded(standing, reported_ms, now, policy) if decision.unfounded else standing

    return cleared


def decide_in_model(model: TallyModel, image: Image, decision: Decision) -> list[Event]:
    """Decide about an image of the model, as the store does. Raises DecisionRefused."""
    digest = model.aliases.get(image.digest, image.digest)
    tally = model.tallies.get(digest, Tally())
    change = standing_change(tally.state, decision, model.policy)
    model.tallies[digest] = tally
    for fingerprint, row in tally.rows.items():
        changed = change(model.standings.get(fingerprint, Standing()), row.received_ms)
        if changed != Standing():
            model.standings[fingerprint] = changed
    return decide(tally, tally.copies or {image.digest: image.id}, decision, model.policy)
