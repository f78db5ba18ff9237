"""What is wrong, worst first. The bounds are those of deploy/prometheus/alerts.yml, without its patience."""

from console.operations.state import State
from console.words.findings import Finding

SWEEP_SECONDS = 15
INBOX_SECONDS = 30
NEARLY_FULL, FULL = 0.85, 0.97
CLOCK_SECONDS = 2
BUS_SECONDS = 60
YOUNG_SECONDS = 300

URGENT = frozenset(
    (
        *("data_missing", "wrong_type", "redis_evicts", "aof_error", "redis_full"),
        *("no_worker", "blocks_late", "shields_up", "paused", "bus_behind"),
    )
)


def findings(state: State) -> list[Finding]:
    """Return what is wrong, worst first; empty when all is well."""
    share = state.memory_share or 0.0
    sweep = state.last_sweep_seconds
    judged = {
        "data_missing": state.data_missing,
        "redis_evicts": (state.server.evicted_keys or 0) > 0,
        "aof_error": state.server.aof_ok is False,
        "redis_full": share > FULL,
        "wrong_type": state.wrong_type,
        # Workers cannot note their sweeps while Redis cannot write its file: they are not dead then. And one that is
        # started on a Redis that has lost its data takes it for a new one.
        "no_worker": state.server.aof_ok is not False
        and not state.data_missing
        and (sweep is None or sweep > SWEEP_SECONDS),
        "blocks_late": state.vitals.inbox_age_seconds > INBOX_SECONDS,
        "shields_up": state.shields_up,
        "redis_nearly_full": NEARLY_FULL < share <= FULL,
        "paused": state.webhooks.paused,
        "bus_behind": not state.webhooks.paused and (state.bus_lag_seconds or 0) > BUS_SECONDS,
        "webhooks": state.webhooks.failing + state.webhooks.disabled > 0,
        "dead_letters": (state.dead_letters or 0) > 0,
        "policy_bad": state.policy_bad,
        "clock_skew": abs(state.clock_offset_seconds) > CLOCK_SECONDS,
        "redis_denies": bool(state.server.denied),
        "redis_young": state.server.uptime_seconds is not None and state.server.uptime_seconds < YOUNG_SECONDS,
    }
    return [Finding(name, name in URGENT) for name, wrong in judged.items() if wrong]
