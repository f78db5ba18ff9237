"""The worker's own metrics, served by its main process.

Counters are there from the start with each of their labels, as zeros: Prometheus' rate() sees a counter grow only from
its second sample on.
"""

import time
from typing import Any

from celery.worker.request import Request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from quorum.telemetry import metrics


class SweepMetrics:
    """Counts sweeps, and tells how long ago the last good one was: the health of a worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sweeps = Counter(
            metrics.WORKER_SWEEPS.name, metrics.WORKER_SWEEPS.meaning, metrics.WORKER_SWEEPS.labels, registry=registry
        )
        _begin(self._sweeps, "ok", "failed")
        self._last = time.monotonic()
        age = Gauge(metrics.WORKER_SWEEP_AGE.name, metrics.WORKER_SWEEP_AGE.meaning, registry=registry)
        age.set_function(lambda: time.monotonic() - self._last)
        self._clock = Gauge(metrics.CLOCK_OFFSET.name, metrics.CLOCK_OFFSET.meaning, registry=registry)

    def succeeded(self) -> None:
        """Count a sweep that reached every inbox."""
        self._last = time.monotonic()
        self._sweeps.labels("ok").inc()

    def clock_offset(self, seconds: float) -> None:
        """Keep how far this worker's clock is ahead of Redis'."""
        self._clock.set(seconds)

    def failed(self) -> None:
        """Count a sweep that did not."""
        self._sweeps.labels("failed").inc()


class PartMetrics:
    """Tells how long ago each lasting thread of the worker last got on, and counts how often one began again."""

    def __init__(self, registry: CollectorRegistry) -> None:
        ages, failures = metrics.WORKER_TURN_AGE, metrics.WORKER_PART_FAILURES
        self._ages = Gauge(ages.name, ages.meaning, ages.labels, registry=registry)
        self._failures = Counter(failures.name, failures.meaning, failures.labels, registry=registry)
        self._turns: dict[str, float] = {}

    def turned(self, part: str) -> None:
        """Note that a part got on."""
        if part not in self._turns:
            self._ages.labels(part).set_function(lambda: time.monotonic() - self._turns[part])
            _begin(self._failures, part)
        self._turns[part] = time.monotonic()

    def failed(self, part: str) -> None:
        """Count that a part ended by an error and begins again."""
        self._failures.labels(part).inc()


class DeliveryMetrics:
    """Counts the attempts at webhooks, and times how long events take to their consumers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        attempts, seconds = metrics.WEBHOOK_ATTEMPTS, metrics.DELIVERY_SECONDS
        self._attempts = Counter(attempts.name, attempts.meaning, attempts.labels, registry=registry)
        _begin(self._attempts, "delivered", "retry", "dead")
        self._seconds = Histogram(
            seconds.name, seconds.meaning, seconds.labels, registry=registry, buckets=metrics.DELIVERY_SECONDS_BUCKETS
        )

    def attempted(self, outcome: str) -> None:
        """Count an attempt at a webhook: delivered, retry or dead."""
        self._attempts.labels(outcome).inc()

    def delivered(self, channel: str, seconds: float) -> None:
        """Observe an event that a webhook or the bus has acknowledged."""
        self._seconds.labels(channel).observe(max(seconds, 0.0))


def counting_requests(registry: CollectorRegistry) -> type[Request]:
    """Return Celery's request with a count of results; Celery calls it in the worker's main process.

    Celery subclasses what it is given and replaces `on_success`; the acknowledgement comes after every end of a task.
    """
    tasks = metrics.DRAIN_TASKS
    results = Counter(tasks.name, tasks.meaning, tasks.labels, registry=registry)
    _begin(results, "ok", "failed", "timeout")

    class Counting(Request):
        _outcome = ""

        def _count(self, outcome: str) -> None:
            if not self._outcome:
                self._outcome = outcome
                results.labels(outcome).inc()

        def on_failure(self, *args: Any, **options: Any) -> Any:
            self._count("failed")
            return super().on_failure(*args, **options)

        def on_timeout(self, soft: bool, timeout: float) -> Any:  # noqa: FBT001 - Celery's signature
            self._count("timeout")
            return super().on_timeout(soft, timeout)

        def acknowledge(self) -> Any:
            self._count("ok")
            return super().acknowledge()

    return Counting


def _begin(counter: Counter, *labels: str) -> None:
    for label in labels:
        counter.labels(label)


def serve(registry: CollectorRegistry, address: str, port: int) -> None:
    """Serve the registry at /metrics from a thread."""
    start_http_server(port, addr=address, registry=registry)
