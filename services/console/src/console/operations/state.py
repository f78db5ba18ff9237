"""Reads how quorum is doing at this moment."""

from dataclasses import dataclass

from console.web.services import Services
from quorum.telemetry.health import PartitionHealth, ServerHealth
from quorum.telemetry.history import Vitals
from quorum.webhooks.deliveries import WebhookTotals


@dataclass(frozen=True, slots=True)
class State:
    """What the page judges; ages in seconds, None for what never was, counts None where the key has a wrong type."""

    vitals: Vitals
    server: ServerHealth
    webhooks: WebhookTotals
    last_sweep_seconds: float | None
    bus_lag_seconds: float | None
    clock_offset_seconds: float
    dead_letters: int | None
    blocked_images: int | None
    held_images: int | None
    inbox_depth: int | None
    shields_up: bool
    policy_bad: bool
    data_missing: bool
    wrong_type: bool

    @property
    def memory_share(self) -> float | None:
        """The part of `maxmemory` that is used; None without a limit, or where Redis does not say."""
        used, limit = self.server.used_memory_bytes, self.server.max_memory_bytes
        return used / limit if used is not None and limit else None


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
        dead_letters=_together(states, "dead", "dead_letters"),
        blocked_images=_together(states, "blocked", "blocked_images"),
        held_images=_together(states, "held", "held_images"),
        inbox_depth=_together(states, "inbox", "inbox_depth"),
        shields_up=any(state.shields_up for state in states),
        policy_bad=_policy_is_bad(parts),
        data_missing=bool(parts.health.missing_partitions()),
        wrong_type=any(state.wrong_keys for state in states),
    )


def _policy_is_bad(parts: Services) -> bool:
    policies = parts.policies
    return bool(policies.current and policies.problem)  # asking for the policy looks at its file


def _together(states: list[PartitionHealth], key: str, size: str) -> int | None:
    """Return a size of all partitions; None where a key of a wrong type hides one, since that is no zero."""
    if any(wrong.endswith(f":{key}") for state in states for wrong in state.wrong_keys):
        return None
    sizes: list[int] = [getattr(state, size) for state in states]
    return sum(sizes)
