"""Numbers and parts of queries that several dashboards show."""

from boards.panels import Number, shared, shared_rate

EVENT_P50, EVENT_P99 = (
    f"histogram_quantile({share}, {shared_rate('quorum_time_to_event_seconds_bucket', 'le')})" for share in (0.5, 0.99)
)
LOOKUPS = 'route=~"/v1/(events|blocklist|images/status|gate/.*)"'
INTAKE = 'route=~"/v1/reports(/batch)?", method="POST"'
REDIS = Number(
    "Redis", "min(quorum_redis_up)", red=1, falling=True, about="1: it answers every API. docs/operations.md#redis-down"
)
SWEEP = Number("Last sweep", "max(quorum_last_sweep_age_seconds)", "s", 5, 15, about="docs/operations.md#no-worker")
OLDEST = Number(
    "Oldest report waits",
    "max(quorum_inbox_oldest_age_seconds)",
    "s",
    5,
    30,
    about="docs/operations.md#blocks-come-late",
)
DEAD = Number("Dead letters", shared("quorum_dead_letters"), amber=1, about="docs/operations.md#dead-letters")
SHIELDS = Number(
    "Shields", "max(quorum_shields_up)", amber=1, red=1, about="1: blocks are holds. docs/operations.md#brigade"
)
MEMORY = Number(
    "Memory of Redis",
    "max(quorum_redis_memory_used_bytes) / (max(quorum_redis_memory_max_bytes) > 0)",
    "percentunit",
    0.85,
    0.97,
    about="docs/operations.md#redis-full",
)
HOOKS = Number(
    "Webhooks in trouble",
    'max(sum by (instance) (quorum_webhooks{state=~"failing|disabled"}))',
    amber=1,
    about="docs/operations.md#webhook-endpoint-down",
)
HELD = Number("Images wait for a moderator", shared("quorum_held_images"), amber=50)
