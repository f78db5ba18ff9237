"""The dashboard "Consumers"."""

from boards.panels import Board, Graph, Number, Row, own_rate, quantile, shared
from boards.single_numbers import HOOKS, LOOKUPS

BOARD = Board(
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
)
