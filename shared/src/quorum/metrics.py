"""The catalogue of metrics: every name once, with its kind, labels and meaning.

Labels take their values from enumerations only; nothing that a client sends becomes a label.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, by Prometheus conventions; counters are exported with `_total`."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()


HTTP_REQUESTS = Metric(
    "quorum_http_requests",
    "counter",
    "HTTP requests answered, by route, method and status",
    ("route", "method", "status"),
)
HTTP_SECONDS = Metric("quorum_http_request_duration_seconds", "histogram", "Time to answer a request", ("route",))

REDIS_UP = Metric("quorum_redis_up", "gauge", "1 when Redis answered this scrape, else 0")
INBOX_DEPTH = Metric("quorum_inbox_depth", "gauge", "Reports accepted and not yet tallied", ("partition",))
INBOX_AGE = Metric(
    "quorum_inbox_oldest_age_seconds", "gauge", "Age of the oldest report that is not yet tallied", ("partition",)
)
DEAD_LETTERS = Metric(
    "quorum_dead_letters", "gauge", "Reports that could not be tallied and wait to be replayed", ("partition",)
)
BLOCKED_IMAGES = Metric("quorum_blocked_images", "gauge", "Images that are blocked now", ("partition",))
EVENTS_KEPT = Metric("quorum_events_kept", "gauge", "Events in the stream", ("partition",))
DRAIN_BATCHES = Metric("quorum_drain_batches", "counter", "Batches that took at least one report", ("partition",))
REPORTS_TAKEN = Metric("quorum_reports_tallied", "counter", "Reports taken out of the inbox", ("partition",))
REPORTS_COUNTED = Metric(
    "quorum_reports_counted", "counter", "Reports that added a distinct reporter to an image", ("partition",)
)
IMAGES_BLOCKED = Metric(
    "quorum_images_blocked", "counter", "Images blocked because reports crossed the threshold", ("partition",)
)
REPORTS_DEAD = Metric("quorum_reports_dead", "counter", "Reports that became dead letters", ("partition",))
LAST_SWEEP = Metric("quorum_last_sweep_age_seconds", "gauge", "Time since any worker last swept the inboxes")

WORKER_SWEEPS = Metric("quorum_worker_sweeps", "counter", "Sweeps of this worker, by outcome", ("outcome",))
WORKER_SWEEP_AGE = Metric("quorum_worker_sweep_age_seconds", "gauge", "Time since this worker last swept every inbox")

BY_COUNTER = {
    "batches": DRAIN_BATCHES,
    "taken": REPORTS_TAKEN,
    "counted": REPORTS_COUNTED,
    "blocked": IMAGES_BLOCKED,
    "dead": REPORTS_DEAD,
}
