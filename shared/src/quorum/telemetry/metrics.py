"""The catalogue of metrics: every name once, with its kind, labels and meaning.

Labels take their values from enumerations only; nothing that a client sends becomes a label. `table` makes the page
docs/metrics.md.
"""

from quorum.telemetry.metric import Metric

HTTP_REQUESTS = Metric(
    "quorum_http_requests",
    "counter",
    "HTTP requests answered, by route, method and status",
    ("route", "method", "status"),
    source="api",
)
HTTP_SECONDS = Metric(
    "quorum_http_request_duration_seconds", "histogram", "Time to answer a request", ("route",), source="api"
)

HTTP_CUT = Metric(
    "quorum_http_cut",
    "counter",
    "Requests that were ended before they were whole, or had a place: late, too large, too many",
    ("reason",),
    source="api",
)

HTTP_SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

REDIS_UP = Metric("quorum_redis_up", "gauge", "1 when Redis answered this scrape, else 0")
DATA_MISSING = Metric(
    "quorum_data_missing_partitions", "gauge", "Partitions whose data Redis does not hold; what asks for it is refused"
)
WRONG_KEYS = Metric(
    "quorum_wrong_type_keys", "gauge", "Keys of a wrong type: somebody wrote them, and the tally stands", ("partition",)
)
INBOX_DEPTH = Metric("quorum_inbox_depth", "gauge", "Reports accepted and not yet tallied", ("partition",))
INBOX_AGE = Metric(
    "quorum_inbox_oldest_age_seconds", "gauge", "Age of the oldest report that is not yet tallied", ("partition",)
)
DEAD_LETTERS = Metric(
    "quorum_dead_letters", "gauge", "Reports that could not be tallied and wait to be replayed", ("partition",)
)
BLOCKED_IMAGES = Metric("quorum_blocked_images", "gauge", "Images that are blocked now", ("partition",))
HELD_IMAGES = Metric("quorum_held_images", "gauge", "Images that wait for a moderator", ("partition",))
HELD_AGE = Metric("quorum_held_oldest_age_seconds", "gauge", "Longest wait of an image for a moderator", ("partition",))
APPEALS_OPEN = Metric("quorum_appeals_open", "gauge", "Appeals that wait for a moderator", ("partition",))
APPEAL_AGE = Metric("quorum_appeals_oldest_age_seconds", "gauge", "Longest wait of an appeal", ("partition",))
SHIELDS_UP = Metric(
    "quorum_shields_up", "gauge", "1 while automatic blocks need the higher bar, else 0", ("partition",)
)
JOURNAL_REPORTS = Metric("quorum_journal_reports", "gauge", "Reports kept for simulations", ("partition",))
EVENTS_KEPT = Metric("quorum_events_kept", "gauge", "Events in the stream", ("partition",))
DRAIN_BATCHES = Metric("quorum_drain_batches", "counter", "Batches that took at least one report", ("partition",))
REPORTS_TAKEN = Metric("quorum_reports_tallied", "counter", "Reports taken out of the inbox", ("partition",))
REPORTS_COUNTED = Metric(
    "quorum_reports_counted", "counter", "Reports that added a distinct reporter to an image", ("partition",)
)
REPORTERS_COUNTED = Metric(
    "quorum_reporters_counted", "counter", "Distinct reporters counted for images, by class", ("partition", "class")
)
IMAGES_BLOCKED = Metric(
    "quorum_images_blocked", "counter", "Images blocked because reports crossed the threshold", ("partition",)
)
REPORTS_KNOWN = Metric(
    "quorum_reports_repeated", "counter", "Reports of reporters whom the image has counted already", ("partition",)
)
REPORTS_MUTED = Metric(
    "quorum_reports_muted", "counter", "Reports that weigh nothing, most of them of muted reporters", ("partition",)
)
REPORTS_IMMUNE = Metric("quorum_reports_immune", "counter", "Reports of images that a clear protects", ("partition",))
REPORTS_CONTESTED = Metric(
    "quorum_reports_contested", "counter", "Reports that put a cleared image before a moderator again", ("partition",)
)
REPORTS_FULL = Metric(
    "quorum_reports_full", "counter", "Reports of images that keep as many reporters as is kept of one", ("partition",)
)
IMAGES_HELD = Metric(
    "quorum_images_held", "counter", "Images held for a moderator because reports crossed the threshold", ("partition",)
)
IMAGES_RELEASED = Metric(
    "quorum_images_released", "counter", "Held images that reports no longer bring over the bar", ("partition",)
)
SHIELDS_RAISED = Metric("quorum_shields_raised", "counter", "Times that a cap raised the shields", ("partition",))
BLOCKED_BY_HAND = Metric(
    "quorum_images_blocked_by_moderators", "counter", "Images that moderators blocked", ("partition",)
)
IMAGES_UNBLOCKED = Metric(
    "quorum_images_unblocked", "counter", "Blocks that ended: by moderators, withdrawals, new content", ("partition",)
)
IMAGES_DELETED = Metric("quorum_images_deleted", "counter", "Images that the site says are gone", ("partition",))
DECISIONS_UPHOLD = Metric("quorum_decisions_uphold", "counter", "Decisions that reports were right", ("partition",))
DECISIONS_BLOCK = Metric("quorum_decisions_block", "counter", "Decisions to block", ("partition",))
DECISIONS_CLEAR = Metric("quorum_decisions_clear", "counter", "Decisions that nothing is wrong", ("partition",))
DECISIONS_REOPEN = Metric("quorum_decisions_reopen", "counter", "Decisions that were taken back", ("partition",))
DECISIONS_SEPARATE = Metric(
    "quorum_decisions_separate", "counter", "Images that were parted from their copies", ("partition",)
)
REPORTERS_WARNED = Metric(
    "quorum_reporters_warned", "counter", "Reporters warned because of unfounded reports", ("partition",)
)
REPORTERS_MUTED = Metric(
    "quorum_reporters_muted", "counter", "Reporters muted because of unfounded reports", ("partition",)
)
APPEALS_UPHELD = Metric("quorum_appeals_upheld", "counter", "Appeals after which the block stays", ("partition",))
APPEALS_CLEARED = Metric("quorum_appeals_cleared", "counter", "Appeals by which the block ended", ("partition",))
APPEALS_LAPSED = Metric("quorum_appeals_lapsed", "counter", "Appeals whose block ended otherwise", ("partition",))
REPORTS_DEAD = Metric("quorum_reports_dead", "counter", "Reports that became dead letters", ("partition",))
LAST_SWEEP = Metric("quorum_last_sweep_age_seconds", "gauge", "Time since any worker last swept the inboxes")

EVENT_SECONDS = Metric(
    "quorum_time_to_event_seconds",
    "histogram",
    "From receiving the report that crosses the threshold to its event",
    ("partition",),
)
REDIS_MEMORY_USED = Metric("quorum_redis_memory_used_bytes", "gauge", "Memory that Redis uses")
REDIS_MEMORY_MAX = Metric("quorum_redis_memory_max_bytes", "gauge", "Memory that Redis may use; 0: no limit")
REDIS_KEYS = Metric("quorum_redis_keys", "gauge", "Keys in the database that quorum uses")
REDIS_CLIENTS = Metric("quorum_redis_clients", "gauge", "Connections to Redis")
REDIS_UPTIME = Metric("quorum_redis_uptime_seconds", "gauge", "Time since Redis was started")
REDIS_EVICTED = Metric(
    "quorum_redis_evicted_keys", "counter", "Keys that Redis threw away at maxmemory; with `noeviction` none"
)
CLOCK_OFFSET = Metric(
    "quorum_clock_offset_seconds",
    "gauge",
    "How far this process' clock is ahead of that of Redis",
    source="api, worker",
)
REDIS_AOF_OK = Metric(
    "quorum_redis_aof_ok", "gauge", "1 when the append-only file was written and rewritten well the last time, else 0"
)
REDIS_DENIED = Metric(
    "quorum_redis_denied",
    "gauge",
    "1 for each command that Redis does not permit and that metrics here need",
    ("command",),
)

WEBHOOKS = Metric("quorum_webhooks", "gauge", "Webhooks: active, failing (no success since), disabled", ("state",))
WEBHOOKS_WAITING = Metric("quorum_webhook_waiting", "gauge", "Images with an event that waits for its delivery")
WEBHOOKS_DEAD = Metric("quorum_webhook_dead_letters", "gauge", "Events that webhooks gave up on")
WEBHOOK_ATTEMPTS = Metric(
    "quorum_webhook_attempts",
    "counter",
    "Deliveries that this worker tried: delivered, retry, dead",
    ("outcome",),
    source="worker",
)
DELIVERY_SECONDS = Metric(
    "quorum_delivery_seconds",
    "histogram",
    "From an event's time to its acknowledgement by a webhook or the bus; replays count with the age of their events",
    ("channel",),
    source="worker",
)
DELIVERY_SECONDS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0)
DELIVERIES_PAUSED = Metric(
    "quorum_deliveries_paused", "gauge", "1 while webhooks and bus wait for somebody's word after a restore, else 0"
)
BUS_LAG = Metric(
    "quorum_bus_oldest_age_seconds", "gauge", "Age of the oldest event that the message bus has not confirmed"
)

DRAIN_TASKS = Metric(
    "quorum_drain_tasks",
    "counter",
    "Celery drain tasks of this worker: ok, failed, timeout",
    ("outcome",),
    source="worker",
)
WORKER_SWEEPS = Metric(
    "quorum_worker_sweeps", "counter", "Sweeps of this worker, by outcome", ("outcome",), source="worker"
)
WORKER_SWEEP_AGE = Metric(
    "quorum_worker_sweep_age_seconds", "gauge", "Time since this worker last swept every inbox", source="worker"
)
WORKER_TURN_AGE = Metric(
    "quorum_worker_turn_age_seconds",
    "gauge",
    "Time since a part of this worker (sweeper, deliverer, bus) last got on, whether or not it reached Redis",
    ("part",),
    source="worker",
)
WORKER_PART_FAILURES = Metric(
    "quorum_worker_part_failures",
    "counter",
    "Times that a part of this worker ended by an error nobody expected and began again",
    ("part",),
    source="worker",
)

OPEN_STREAMS = Metric(
    "quorum_open_streams", "gauge", "Streams of events that are open in this process", source="stream"
)
STREAM_CONNECTIONS = Metric(
    "quorum_stream_connections", "gauge", "Connections to the stream process, with a stream or without", source="stream"
)
STREAMS_ENDED = Metric(
    "quorum_streams_ended",
    "counter",
    "Streams that are over: the client left, was too slow or talked, its key holds no longer, its cursor was too old",
    ("reason",),
    source="stream",
)
STREAM_REFUSED = Metric(
    "quorum_stream_refused",
    "counter",
    "Requests for a stream that got a problem instead",
    ("problem",),
    source="stream",
)
STREAM_CUT = Metric(
    "quorum_stream_cut",
    "counter",
    "Connections to the stream process that were cut: late, slow, talking, or crowded out while they asked for nothing",
    ("reason",),
    source="stream",
)

POLICY_INFO = Metric(
    "quorum_policy_info", "gauge", "1, with the version of the policy in use", ("version",), source="policy"
)
POLICY_BAD = Metric(
    "quorum_policy_file_bad",
    "gauge",
    "1 while the policy file cannot be used and the last good policy stays, else 0",
    source="policy",
)

BY_COUNTER = {
    "batches": DRAIN_BATCHES,
    "taken": REPORTS_TAKEN,
    "counted": REPORTS_COUNTED,
    "blocked": IMAGES_BLOCKED,
    "dead": REPORTS_DEAD,
    "known": REPORTS_KNOWN,
    "muted": REPORTS_MUTED,
    "immune": REPORTS_IMMUNE,
    "contested": REPORTS_CONTESTED,
    "full": REPORTS_FULL,
    "held": IMAGES_HELD,
    "released": IMAGES_RELEASED,
    "shields": SHIELDS_RAISED,
    "blocked_by_moderators": BLOCKED_BY_HAND,
    "unblocked": IMAGES_UNBLOCKED,
    "deleted": IMAGES_DELETED,
    "decisions_uphold": DECISIONS_UPHOLD,
    "decisions_block": DECISIONS_BLOCK,
    "decisions_clear": DECISIONS_CLEAR,
    "decisions_reopen": DECISIONS_REOPEN,
    "decisions_separate": DECISIONS_SEPARATE,
    "reporters_warned": REPORTERS_WARNED,
    "reporters_muted": REPORTERS_MUTED,
    "appeals_upheld": APPEALS_UPHELD,
    "appeals_cleared": APPEALS_CLEARED,
    "appeals_lapsed": APPEALS_LAPSED,
}

SOURCES = {
    "api": "the report API: all its processes together",
    "redis": "the report API, from Redis: every process and machine gives the same number",
    "policy": "the report API",
    "api, worker": "both, each for itself",
    "worker": "each worker",
    "stream": "each stream process",
}


def catalogue() -> list[Metric]:
    """Return every metric, in the order of this module."""
    return [value for value in globals().values() if isinstance(value, Metric)]


def table() -> str:
    """Return the page docs/metrics.md."""
    rows = [
        f"| `{one.exported}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} "
        f"| {one.meaning.replace('|', ' ')} | {one.source} |"
        for one in catalogue()
    ]
    sources = [f"- {name}: {meaning}" for name, meaning in SOURCES.items()]
    return "\n".join(
        [
            "# Metrics",
            "",
            "Made by `make generate` from `shared/src/quorum/telemetry/metrics.py`;",
            "`tests/e2e/telemetry/test_prometheus.py` scrapes each. Exported at `/metrics` of",
            "",
            *sources,
            "",
            "| metric | kind | labels | meaning | from |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
