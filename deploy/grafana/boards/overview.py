"""The dashboard "Overview"."""

from boards.panels import Board, Graph, Row, own_rate, shared_rate
from boards.single_numbers import DEAD, EVENT_P50, EVENT_P99, HELD, HOOKS, INTAKE, MEMORY, OLDEST, REDIS, SHIELDS, SWEEP

BOARD = Board(
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
)
