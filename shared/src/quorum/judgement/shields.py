"""The shields: a cap on automatic blocks; while they are up, blocks are holds. Twin: shields.lua."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quorum.events.event import SHIELDS_RAISED, cloud_event, timestamp

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MILLION = 1_000_000


@dataclass(slots=True)
class Shield:
    """What the cap on automatic blocks has counted: hours and days since 1970, times in Unix milliseconds."""

    hour: int = 0
    hour_blocks: int = 0
    day: int = 0
    day_blocks: int = 0
    day_images: int = 0
    up_until: int = 0

    def roll(self, at_ms: int) -> None:
        """Begin a new hour or day when its time has come."""
        if at_ms // HOUR_MS > self.hour:
            self.hour, self.hour_blocks = at_ms // HOUR_MS, 0
        if at_ms // DAY_MS > self.day:
            self.day, self.day_blocks, self.day_images = at_ms // DAY_MS, 0, 0

    def count_block(self) -> None:
        """Note an automatic block."""
        self.hour_blocks += 1
        self.day_blocks += 1

    def cause_to_raise(self, at_ms: int, caps: Mapping[str, Any]) -> str | None:
        """Return which cap is reached, if one is, and keep the shields up from then on."""
        by_share = self.day_images * caps["image_share"] // MILLION
        if self.hour_blocks >= caps["hour_cap"]:
            cause = "blocks_per_hour"
        elif self.day_blocks >= max(caps["free_blocks"], by_share):
            cause = "share_of_images"
        else:
            return None
        self.up_until = at_ms + caps["shields_ms"]
        return cause


def shields_are_up(
    shield: Shield, caps: Mapping[str, Any], now_ms: int, version: str, events: list[dict[str, Any]]
) -> bool:
    """Tell whether automatic blocks are capped just now; raising the shields adds an event."""
    if not caps["hour_cap"]:
        return now_ms < shield.up_until
    shield.roll(now_ms)
    if now_ms < shield.up_until:
        return True
    cause = shield.cause_to_raise(now_ms, caps)
    if cause is None:
        return False
    events.append(shields_raised(now_ms, shield.up_until, cause, version))
    return True


def shields_raised(now_ms: int, until_ms: int, cause: str, version: str) -> dict[str, Any]:
    """Return the event that says that blocks are holds from now on."""
    data = {"until": timestamp(until_ms), "cause": cause, "decided_by": {"kind": "policy", "version": version}}
    return cloud_event(f"shields-{now_ms}-raised", SHIELDS_RAISED, "shields", now_ms, data)
