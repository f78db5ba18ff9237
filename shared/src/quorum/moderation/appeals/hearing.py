"""What a decision about a picture does to the appeals against blocks of the images that show it."""

from collections.abc import Mapping
from dataclasses import dataclass

from quorum.judgement.records import Event, State, Tally
from quorum.moderation.appeals.appeals import (
    Appeal,
    By,
    Outcome,
    current,
    decided,
    events_between,
    open_one,
    waiting_again,
)

Heard = dict[bytes, list[Appeal]]  # by the digest of the image


@dataclass(frozen=True, slots=True)
class Before:
    """The images before a decision, each with its state and epoch, and their appeals."""

    states: Mapping[bytes, tuple[State, int]]
    appeals: Mapping[bytes, list[Appeal]]

    @classmethod
    def of(cls, images: Mapping[bytes, tuple[str, Tally]], appeals: Heard) -> "Before":
        """Return it of images, which the decision will change."""
        return cls({digest: (tally.state, tally.epoch) for digest, (_, tally) in images.items()}, dict(appeals))

    def is_appealed(self, digest: bytes) -> bool:
        """Tell whether there is an open appeal against the block of an image."""
        waits = open_one(self.appeals[digest])
        return waits is not None and waits is current(self.appeals[digest], *self.states[digest])

    def hear(
        self, images: Mapping[bytes, tuple[str, Tally]], by: By, *, another: bool, undone_ms: int | None = None
    ) -> tuple[Heard, list[Event], dict[bytes, Outcome]]:
        """Return the appeals, their events and their outcomes, now that the decision has changed the images.

        With `undone_ms` an earlier decision, of that time, is taken back: where the block stands after that, an appeal
        against it waits on, and one that the wrong decision answered waits again. Raises AppealNeedsAnother.
        """
        heard, events, outcomes = dict(self.appeals), list[Event](), dict[bytes, Outcome]()
        for digest, (image_id, tally) in images.items():
            was = self.appeals[digest]
            stays = undone_ms is not None and tally.state.is_blocked and tally.epoch == self.states[digest][1]
            if not stays:
                heard[digest] = decided(was, self.states[digest], tally.state, by, another=another)
            fresh = events_between(digest, image_id, was, heard[digest], by)
            if undone_ms is not None and tally.state.is_blocked:
                heard[digest] = waiting_again(heard[digest], undone_ms, tally.epoch, by.at_ms)
            events += fresh
            if fresh:
                outcomes[digest] = Outcome(fresh[0]["data"]["outcome"])
        return heard, events, outcomes
