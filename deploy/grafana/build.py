"""Makes Grafana's dashboards from code: `python deploy/grafana/build.py DIRECTORY` (`make generate`).

What the API reads from Redis is the same at every instance, so it is joined with `max`; what is an instance's own, with
`sum`. tests/e2e/test_prometheus.py runs every query of every panel against a quorum under load.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
)

RATE = "[$__rate_interval]"
SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")


@dataclass(frozen=True)
class Graph:
    """Lines over time: (query, legend) each."""

    title: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    about: str = ""


@dataclass(frozen=True)
class Number:
    """One big number that turns amber and red at its steps; `falling` when small values are the bad ones."""

    title: str
    query: str
    unit: str = "short"
    amber: float | None = None
    red: float | None = None
    falling: bool = False
    about: str = ""


@dataclass(frozen=True)
class Row:
    """A heading and the panels beneath it."""

    title: str
    panels: Sequence[Graph | Number]


@dataclass(frozen=True)
class Board:
    """A dashboard; its uid is `quorum-` and the name."""

    name: str
    title: str
    rows: Sequence[Row]


def shared(metric: str, by: str = "partition") -> str:
    """Join a value that every API instance reads from the same Redis."""
    return f"sum(max by ({by}) ({metric}))"


def own_rate(metric: str, by: str) -> str:
    """Return the rate of a counter that each instance has of its own, per second."""
    return f"sum by ({by}) (rate({metric}{RATE}))"


def shared_rate(metric: str, by: str = "") -> str:
    """Return the rate of a counter that every API instance reads from the same Redis, per second."""
    labels = f"partition, {by}" if by else "partition"
    return f"sum by ({by}) (max by ({labels}) (rate({metric}{RATE})))"


def quantile(share: float, buckets: str, *by: str) -> str:
    """Return a quantile of a histogram of instances."""
    labels = ", ".join(("le", *by))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({buckets}{RATE})))"


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

BOARDS = (
    Board(
        "overview",
        "Overview",
        (
            Row("Is anything wrong?", (REDIS, SWEEP, OLDEST, MEMORY, DEAD, SHIELDS, HOOKS, HELD)),
            Row(
                "The main job",
                (
                    Graph(
                        "Reports",
                        (
                            (
                                own_rate(f"quorum_http_requests_total{{{INTAKE}}}", "status"),
                                "requests, {{status}}",
                            ),
                            (shared_rate("quorum_reports_tallied_total"), "tallied"),
                        ),
                        "reqps",
                        "Requests that bring reports, by answer; a batch brings up to 1,000.",
                    ),
                    Graph(
                        "Images",
                        (
                            (shared_rate("quorum_images_blocked_total"), "blocked"),
                            (shared_rate("quorum_images_held_total"), "held"),
                            (shared_rate("quorum_images_unblocked_total"), "unblocked by moderators"),
                        ),
                        "ops",
                    ),
                    Graph(
                        "From the crossing report to the event",
                        ((EVENT_P50, "median"), (EVENT_P99, "99 %")),
                        "s",
                        "Objective: 99 % within a second.",
                    ),
                    Graph(
                        "Share of errors",
                        (
                            ("quorum:intake_errors:ratio_rate5m", "intake, five minutes"),
                            ("quorum:late_events:ratio_rate5m", "late events, five minutes"),
                        ),
                        "percentunit",
                        "Objectives: 0.1 % and 1 %.",
                    ),
                ),
            ),
        ),
    ),
    Board(
        "pipeline",
        "Pipeline",
        (
            Row(
                "API: rate, errors, duration",
                (
                    Graph(
                        "Requests",
                        ((own_rate("quorum_http_requests_total", "route"), "{{route}}"),),
                        "reqps",
                    ),
                    Graph(
                        "Answers that are errors",
                        (
                            (
                                own_rate('quorum_http_requests_total{status=~"[45].."}', "route, status"),
                                "{{status}} {{route}}",
                            ),
                        ),
                        "reqps",
                    ),
                    Graph(
                        "Duration of POST /v1/reports",
                        tuple(
                            (quantile(share, 'quorum_http_request_duration_seconds_bucket{route="/v1/reports"}'), name)
                            for share, name in ((0.5, "median"), (0.99, "99 %"))
                        ),
                        "s",
                    ),
                    Graph(
                        "Duration, 99 %",
                        ((quantile(0.99, "quorum_http_request_duration_seconds_bucket", "route"), "{{route}}"),),
                        "s",
                    ),
                ),
            ),
            Row(
                "Inbox and workers",
                (
                    Graph(
                        "Reports in the inbox",
                        (("max by (partition) (quorum_inbox_depth)", "partition {{partition}}"),),
                    ),
                    Graph(
                        "Oldest report waits",
                        (("max by (partition) (quorum_inbox_oldest_age_seconds)", "partition {{partition}}"),),
                        "s",
                    ),
                    Graph("Tallied", ((shared_rate("quorum_reports_tallied_total"), "reports"),), "ops"),
                    Graph(
                        "Reports in a batch",
                        (
                            (
                                shared_rate("quorum_reports_tallied_total")
                                + " / "
                                + shared_rate("quorum_drain_batches_total"),
                                "mean",
                            ),
                        ),
                    ),
                    Graph(
                        "Sweeps",
                        ((own_rate("quorum_worker_sweeps_total", "outcome"), "{{outcome}}"),),
                        "ops",
                    ),
                    Graph("Since a worker swept", (("quorum_worker_sweep_age_seconds", "{{instance}}"),), "s"),
                    Graph("Dead letters", (("max by (partition) (quorum_dead_letters)", "partition {{partition}}"),)),
                    Graph("From the crossing report to the event", ((EVENT_P50, "median"), (EVENT_P99, "99 %")), "s"),
                ),
            ),
        ),
    ),
    Board(
        "moderation",
        "Moderation and abuse",
        (
            Row(
                "Now",
                (
                    SHIELDS,
                    HELD,
                    Number("Longest wait for a moderator", "max(quorum_held_oldest_age_seconds)", "s", 86400),
                ),
            ),
            Row(
                "What became of reports",
                (
                    Graph(
                        "Reports",
                        tuple(
                            (shared_rate(f"quorum_reports_{name}_total"), name)
                            for name in ("counted", "repeated", "muted", "immune", "crowded", "full", "dead")
                        ),
                        "ops",
                        "Counted: a new reporter of an image. Crowded: anonymous beyond what counts of one network.",
                    ),
                    Graph(
                        "New reporters, by class",
                        (
                            (
                                shared_rate("quorum_reporters_counted_total", "class"),
                                "{{class}}",
                            ),
                        ),
                        "ops",
                        "A brigade of throw-away accounts shows as many anonymous or fresh reporters at once.",
                    ),
                    Graph(
                        "Blocks and holds",
                        (
                            (shared_rate("quorum_images_blocked_total"), "blocked by reports"),
                            (shared_rate("quorum_images_held_total"), "held"),
                            (shared_rate("quorum_images_blocked_by_moderators_total"), "blocked by moderators"),
                            (shared_rate("quorum_images_unblocked_total"), "unblocked"),
                        ),
                        "ops",
                    ),
                    Graph(
                        "Decisions",
                        tuple(
                            (shared_rate(f"quorum_decisions_{name}_total"), name)
                            for name in ("block", "uphold", "clear")
                        ),
                        "ops",
                        "Many that clear: the threshold is too low, or somebody abuses reports.",
                    ),
                    Graph(
                        "Reporters",
                        (
                            (shared_rate("quorum_reporters_warned_total"), "warned"),
                            (shared_rate("quorum_reporters_muted_total"), "muted"),
                        ),
                        "ops",
                    ),
                    Graph(
                        "Images",
                        (
                            (shared("quorum_blocked_images"), "blocked"),
                            (shared("quorum_held_images"), "held"),
                        ),
                    ),
                    Graph("Shields raised", ((shared_rate("quorum_shields_raised_total"), "raised by a cap"),), "ops"),
                    Graph(
                        "Policy",
                        (("count by (version) (quorum_policy_info)", "{{version}}"),),
                        about="One version is right.",
                    ),
                ),
            ),
        ),
    ),
    Board(
        "consumers",
        "Consumers",
        (
            Row(
                "Now",
                (
                    HOOKS,
                    Number("Images with a delivery waiting", "max(quorum_webhook_waiting)", amber=1000),
                    Number("Given up", "max(quorum_webhook_dead_letters)", amber=1),
                    Number("Bus behind", "max(quorum_bus_oldest_age_seconds)", "s", 10, 60),
                ),
            ),
            Row(
                "Over time",
                (
                    Graph("Webhooks", (("max by (state) (quorum_webhooks)", "{{state}}"),)),
                    Graph(
                        "Attempts",
                        ((own_rate("quorum_webhook_attempts_total", "outcome"), "{{outcome}}"),),
                        "ops",
                    ),
                    Graph(
                        "From the event to its acknowledgement, 99 %",
                        ((quantile(0.99, "quorum_delivery_seconds_bucket", "channel"), "{{channel}}"),),
                        "s",
                    ),
                    Graph("Open streams", (("sum(quorum_open_streams)", "streams"),)),
                    Graph("Events kept", ((shared("quorum_events_kept"), "events"),)),
                    Graph(
                        "Reads of the feed and of the list",
                        (
                            (
                                own_rate(f"quorum_http_requests_total{{{LOOKUPS}}}", "route"),
                                "{{route}}",
                            ),
                        ),
                        "reqps",
                    ),
                ),
            ),
        ),
    ),
    Board(
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
    ),
)


def build(board: Board) -> dashboard.Dashboard:
    """Return the SDK's builder of a dashboard."""
    made = (
        dashboard.Dashboard(f"quorum: {board.title}")
        .uid(f"quorum-{board.name}")
        .tags(["quorum"])
        .readonly()
        .refresh("10s")
        .time("now-1h", "now")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("quorum")
            .type(DashboardLinkType.DASHBOARDS)
            .tags(["quorum"])
            .as_dropdown(True)
            .keep_time(True)
        )
    )
    number = count(1)
    for row in board.rows:
        made = made.with_row(dashboard.Row(row.title).id(next(number)))
        for panel in row.panels:
            drawn = _number(panel) if isinstance(panel, Number) else _graph(panel)
            made = made.with_panel(drawn.id(next(number)))
    return made


def _graph(panel: Graph) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.about)
        .unit(panel.unit)
        .datasource(SOURCE)
        .min(0)
        .height(8)
        .span(12)
        .line_width(2)
        .fill_opacity(8)
        .show_points(VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    )
    for place, (query, legend) in enumerate(panel.queries):
        made = made.with_target(_target(query, legend, "ABCDEFGH"[place]))
    return made


def _number(panel: Number) -> stat.Panel:
    return (
        stat.Panel()
        .title(panel.title)
        .description(panel.about)
        .unit(panel.unit)
        .datasource(SOURCE)
        .height(4)
        .span(3)
        .color_mode(BigValueColorMode.BACKGROUND)
        .graph_mode(BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(_steps(panel)))
        .with_target(_target(panel.query, "", "A"))
    )


def _steps(panel: Number) -> list[Threshold]:
    stops: list[tuple[float | None, Literal["green", "orange", "red"]]] = [(None, "green")]
    if panel.falling:  # the worst comes first, and green from the last step on
        worst: Literal["orange", "red"] = "red" if panel.red is not None else "orange"
        limit = panel.red if panel.red is not None else panel.amber
        stops = [(None, worst), (limit, "green")]
    else:
        stops += [(panel.amber, "orange")] if panel.amber is not None else []
        stops += [(panel.red, "red")] if panel.red is not None else []
    return [Threshold(value=value, color=color) for value, color in stops]


def _target(query: str, legend: str, ref: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query).legend_format(legend).ref_id(ref).range()


def main(directory: Path) -> None:
    """Write a file for each dashboard, named after it."""
    for board in BOARDS:
        text = JSONEncoder(sort_keys=True, indent=1).encode(build(board).build())
        (directory / f"{board.name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
