"""Reads how quorum is doing at this moment."""

from dataclasses import dataclass

from quorum.telemetry.health import ServerHealth
from quorum.telemetry.history import Vitals
from quorum.webhooks.deliveries import WebhookTotals
from report_api.web.services import Services


@dataclass(frozen=True, slots=True)
class State:
    """What the page judges; ages in seconds, None for what never was."""

    vitals: Vitals
    server: ServerHealth
    webhooks: WebhookTotals
    last_sweep_seconds: float | None
    bus_lag_seconds: float | None
    clock_offset_seconds: float
    dead_letters: int
    blocked_images: int
    held_images: int
    shields_up: bool
    policy_bad: bool
    data_missing: bool
    wrong_type: bool

    @property
    def memory_share(self) -> float | None:
        """The part of `maxmemory` that is used; None without a limit, or where Redis does not say."""
        used, limit = self.server.used_memory_bytes, self.server.max_memory_bytes
        return used / limit if used is not None and limit else None

    def numbers(self) -> dict[str, float | None]:
        """Return what the page shows in large print."""
        return {
            "blocked": self.blocked_images,
            "held": self.held_images,
            "inbox": self.vitals.inbox_depth,
            "sweep": self.last_sweep_seconds,
            "memory": self.memory_share,
            "dead": self.dead_letters,
            "webhooks": self.webhooks.failing + self.webhooks.disabled,
            "uptime": self.server.uptime_seconds,
        }


def read_state(parts: Services) -> State:
    """Ask Redis for all of it. Raises StoreUnavailable."""
    states = [parts.health.partition(number) for number in range(parts.settings.partitions)]
    return State(
        vitals=parts.history.now(),
        server=parts.health.server(),
        webhooks=parts.webhooks.totals(),
        last_sweep_seconds=parts.health.last_sweep_seconds(),
        bus_lag_seconds=parts.bus.lag_seconds(),
        clock_offset_seconds=parts.health.clock_offset_seconds(),
        dead_letters=sum(state.dead_letters for state in states),
        blocked_images=sum(state.blocked_images for state in states),
        held_images=sum(state.held_images for state in states),
        shields_up=any(state.shields_up for state in states),
        policy_bad=_policy_is_bad(parts),
        data_missing=bool(parts.health.missing_partitions()),
        wrong_type=any(state.wrong_keys for state in states),
    )


def _policy_is_bad(parts: Services) -> bool:
    policies = parts.policies
    return bool(policies.current and policies.problem)  # asking for the policy looks at its file
