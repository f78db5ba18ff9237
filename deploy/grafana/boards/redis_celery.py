"""The dashboard "Redis and Celery"."""

from boards.panels import RATE, Board, Graph, Number, Row, own_rate, shared
from boards.single_numbers import MEMORY, REDIS

BOARD = Board(
    "redis-celery",
    "Redis and Celery",
    (
        Row(
            "Now",
            (
                REDIS,
                MEMORY,
                Number(
                    "Append-only file",
                    "min(quorum_redis_aof_ok)",
                    red=1,
                    falling=True,
                    about="docs/operations.md#append-only-file",
                ),
                Number(
                    "Keys thrown away",
                    "max(quorum_redis_evicted_keys_total)",
                    red=1,
                    about="docs/operations.md#redis-evicts",
                ),
                Number("Up since", "min(quorum_redis_uptime_seconds)", "s", 300, falling=True),
                Number("Largest clock offset", "max(abs(quorum_clock_offset_seconds))", "s", 1, 2),
            ),
        ),
        Row(
            "Over time",
            (
                Graph(
                    "Memory",
                    (
                        ("max(quorum_redis_memory_used_bytes)", "used"),
                        ("max(quorum_redis_memory_max_bytes)", "maxmemory"),
                    ),
                    "bytes",
                ),
                Graph("Keys", (("max(quorum_redis_keys)", "keys"),)),
                Graph("Connections", (("max(quorum_redis_clients)", "connections"),)),
                Graph("Reports kept for simulations", ((shared("quorum_journal_reports"), "reports"),)),
                Graph(
                    "Drain tasks",
                    ((own_rate("quorum_drain_tasks_total", "outcome"), "{{outcome}}"),),
                    "ops",
                ),
                Graph(
                    "Processors used by workers",
                    ((f'rate(process_cpu_seconds_total{{job="worker"}}{RATE})', "{{instance}}"),),
                ),
                Graph(
                    "Memory of workers",
                    (('process_resident_memory_bytes{job="worker"}', "{{instance}}"),),
                    "bytes",
                ),
            ),
        ),
    ),
)
