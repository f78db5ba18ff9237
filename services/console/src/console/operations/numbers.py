"""The numbers in large print: what each is called, and how it is said."""

from dataclasses import dataclass

from console.operations.state import State
from console.words.formats import duration, number, share
from console.words.translating import gettext as _
from console.words.translating import later

LABELS = {
    "blocked": later("images blocked"),
    "held": later("wait for a moderator"),
    "inbox": later("reports in the inbox"),
    "sweep": later("since the last sweep"),
    "memory": later("of Redis' memory"),
    "dead": later("dead letters"),
    "webhooks": later("webhooks in trouble"),
    "uptime": later("since Redis was started"),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """A number as it is shown, in the reader's language."""

    name: str
    label: str
    value: str


def tiles(state: State | None) -> list[Tile]:
    """Return all numbers; without a state each of them is unknown, never zero."""
    said = _said(state) if state else dict.fromkeys(LABELS, _("unknown"))
    return [Tile(name, _(label), said[name]) for name, label in LABELS.items()]


def _said(state: State) -> dict[str, str]:
    return {
        "blocked": number(state.blocked_images),
        "held": number(state.held_images),
        "inbox": number(state.inbox_depth),
        "sweep": _("never") if state.last_sweep_seconds is None else duration(state.last_sweep_seconds),
        "memory": _("no limit") if state.server.max_memory_bytes == 0 else share(state.memory_share),
        "dead": number(state.dead_letters),
        "webhooks": number(state.webhooks.failing + state.webhooks.disabled),
        "uptime": duration(state.server.uptime_seconds),
    }
