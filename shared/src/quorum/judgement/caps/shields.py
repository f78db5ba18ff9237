"""The shields: a cap on automatic blocks; while they are up the bar is higher. Twin: shields.lua."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quorum.events.event import SHIELDS_RAISED, cloud_event, timestamp

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MILLION = 1_000_000


@dataclass(slots=True)
class Shield:
    """What the caps have counted; times in Unix milliseconds."""

    up_until: int = 0
    counted_from: int = 0  # blocks before this do not count any more: coming down begins anew
    blocks: list[int] = field(default_factory=list)  # when images were blocked automatically, oldest first

    def blocks_since(self, at_ms: int) -> int:
        """Return how many automatic blocks the caps count after a time."""
        return sum(when > max(at_ms, self.counted_from) for when in self.blocks)

    def cause_to_raise(self, at_ms: int, caps: Mapping[str, Any]) -> str | None:
        """Return which cap is reached, if one is."""
        for cause, cap, span in (("blocks_per_hour", "hour_cap", HOUR_MS), ("blocks_per_day", "day_cap", DAY_MS)):
            if caps[cap] and self.blocks_since(at_ms - span) >= caps[cap]:
                return cause
        return None


def shields_are_up(
    shield: Shield, caps: Mapping[str, Any], now_ms: int, version: str, events: list[dict[str, Any]]
) -> bool:
    """Tell whether automatic blocks need the higher bar just now; raising the shields adds an event."""
    if now_ms < shield.up_until:
        return True
    shield.counted_from = max(shield.counted_from, shield.up_until)
    cause = shield.cause_to_raise(now_ms, caps)
    if cause is None:
        return False
    shield.up_until = now_ms + caps["shields_ms"]
    events.append(shields_raised(now_ms, shield.up_until, cause, version))
    return True


def shields_raised(now_ms: int, until_ms: int, cause: str, version: str) -> dict[str, Any]:
    """Return the event that says that the bar is higher from now on."""
    data = {"until": timestamp(until_ms), "cause": cause, "decided_by": {"kind": "policy", "version": version}}
    return cloud_event(f"shields-{now_ms}-raised", SHIELDS_RAISED, "shields", now_ms, data)
