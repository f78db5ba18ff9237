"""The dashboard "Pipeline"."""

from boards.panels import Board, Graph, Row, own_rate, quantile, shared_rate
from boards.single_numbers import EVENT_P50, EVENT_P99

BOARD = Board(
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
)
