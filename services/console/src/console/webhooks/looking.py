"""What a page says of webhooks."""

from dataclasses import dataclass

from console.web.services import services
from console.words.translating import gettext as _
from console.words.translating import later
from quorum.errors import CursorExpired, InvalidCursor
from quorum.events.event import (
    APPEAL_DECIDED,
    BLOCKED,
    DELETED,
    HELD,
    RELEASED,
    SHIELDS_LOWERED,
    SHIELDS_RAISED,
    UNBLOCKED,
)
from quorum.webhooks.subscription import Subscription

TYPES = {
    BLOCKED: later("an image is blocked"),
    UNBLOCKED: later("an image is not blocked any more"),
    DELETED: later("an image is gone from the site"),
    HELD: later("an image waits for a moderator"),
    RELEASED: later("an image does not wait any more"),
    SHIELDS_RAISED: later("the shields are raised"),
    SHIELDS_LOWERED: later("the shields are lowered"),
    APPEAL_DECIDED: later("an appeal is decided"),
}
_STATES = {
    "ok": later("works"),
    "failing": later("fails"),
    "disabled": later("disabled"),
    "behind": later("lags behind"),
}
_OUTCOMES = {
    "delivered": later("delivered"),
    "retry": later("is tried again"),
    "dead": later("given up"),
}
BEHIND_MS = 60_000  # events that nobody has queued for so long: the workers do not keep up


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook and its state, times in Unix ms; `waiting` counts images whose events wait, `dead` events given up."""

    subscription: Subscription
    state: str
    failing_ms: int | None
    behind_ms: int  # how old the oldest event is that nobody has queued for it
    waiting: int
    dead: int


def all_hooks() -> list[Hook]:
    """Return all webhooks, oldest first. Raises StoreUnavailable."""
    return [hook_of(one) for one in services().webhooks.all()]


def hook_of(subscription: Subscription) -> Hook:
    """Return one. Raises StoreUnavailable."""
    store = services().webhooks
    waiting, dead = store.backlog(subscription.id)
    since, behind = store.failing_since(subscription.id), _behind_ms(subscription)
    known = "disabled" if subscription.disabled_ms is not None else "failing" if since else "ok"
    state = "behind" if known == "ok" and behind > BEHIND_MS else known
    return Hook(subscription, state, since, behind, waiting, dead)


def state_names() -> dict[str, str]:
    """Return what states are called in the reader's language."""
    return {state: _(text) for state, text in _STATES.items()}


def outcome_names() -> dict[str, str]:
    """Return what may become of a delivery, in the reader's language."""
    return {outcome: _(text) for outcome, text in _OUTCOMES.items()}


def _behind_ms(subscription: Subscription) -> int:
    """Return how old the oldest event is that nobody has queued for it, 0 for none."""
    store = services().webhooks
    try:
        waiting, _after = services().feed.after(store.place(subscription.id), 1)
    except (CursorExpired, InvalidCursor):
        return 0
    return max(store.now_ms() - round(waiting[0].time.timestamp() * 1000), 0) if waiting else 0
