"""An image as it is reviewed: what is known of it, in words, and what may be decided."""

from dataclasses import dataclass

from flask import g

from console.images.words import sentences
from console.web.services import services
from quorum.images.image import Image
from quorum.judgement.records import State
from quorum.moderation.appeals.appeals import Appeal, open_one
from quorum.moderation.decisions import Action
from quorum.moderation.dossier import Dossier
from quorum.moderation.stories import Told

_DECIDABLE = {
    State.OPEN: (Action.CLEAR, Action.BLOCK),
    State.BLOCKED: (Action.UPHOLD, Action.CLEAR),
    State.HELD: (Action.UPHOLD, Action.CLEAR),
    State.CLEARED: (Action.BLOCK, Action.REOPEN),
    State.UPHELD: (Action.CLEAR, Action.REOPEN),
}


@dataclass(frozen=True, slots=True)
class Review:
    """What the page of an image shows."""

    dossier: Dossier
    sentences: list[str]
    story: list[Told]
    copies: list[str]
    shares: bool  # its reports with those copies
    picture: str | None
    decisions: tuple[Action, ...]
    claimed_by_me: bool
    appeals: list[Appeal]
    appeal: Appeal | None  # that waits for a moderator


def claimant() -> str:
    """Return under which name somebody claims images here: API keys have ids of another shape."""
    return f"account {g.account.name}"


def review_of(image: Image) -> Review:
    """Read all of it. Raises StoreUnavailable, DataMissing."""
    parts = services()
    policy = parts.policy
    dossier = parts.dossiers.of(image, policy)
    shares, copies = parts.copies.of(image)
    state = dossier.status.state
    decisions: tuple[Action, ...] = _DECIDABLE[state]
    if dossier.cause and state is State.CLEARED:  # contested
        decisions = (Action.CLEAR, *decisions)
    appeals = parts.appeals.of(image)
    waits = open_one(appeals)
    if waits and waits.is_about(state, dossier.status.epoch):
        decisions = (Action.UPHOLD, Action.CLEAR)
    else:
        waits = None
    if shares:
        decisions = (*decisions, Action.SEPARATE)
    return Review(
        dossier,
        sentences(dossier, policy),
        parts.stories.of(image),
        copies,
        shares,
        policy.pictures.url_of(image.id),
        decisions,
        claimed_by_me=bool(dossier.claim and dossier.claim.key == claimant()),
        appeals=appeals,
        appeal=waits,
    )
