"""The worker's own metrics, served by its main process."""

import time
from typing import Any

from celery.worker.request import Request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from quorum import metrics


class SweepMetrics:
    """Counts sweeps, and tells how long ago the last good one was: the health of a worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sweeps = Counter(
            metrics.WORKER_SWEEPS.name, metrics.WORKER_SWEEPS.meaning, metrics.WORKER_SWEEPS.labels, registry=registry
        )
        self._last = time.monotonic()
        age = Gauge(metrics.WORKER_SWEEP_AGE.name, metrics.WORKER_SWEEP_AGE.meaning, registry=registry)
        age.set_function(lambda: time.monotonic() - self._last)

    def succeeded(self) -> None:
        """Count a sweep that reached every inbox."""
        self._last = time.monotonic()
        self._sweeps.labels("ok").inc()

    def failed(self) -> None:
        """Count a sweep that did not."""
        self._sweeps.labels("failed").inc()


class DeliveryMetrics:
    """Counts the attempts at webhooks, and times how long events take to their consumers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        attempts, seconds = metrics.WEBHOOK_ATTEMPTS, metrics.DELIVERY_SECONDS
        self._attempts = Counter(attempts.name, attempts.meaning, attempts.labels, registry=registry)
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
    """Return Celery's request with a count of results; Celery calls it in the worker's main process."""
    tasks = metrics.DRAIN_TASKS
    results = Counter(tasks.name, tasks.meaning, tasks.labels, registry=registry)

    class Counting(Request):
        def on_success(self, *args: Any, **options: Any) -> Any:
            results.labels("ok").inc()
            return super().on_success(*args, **options)

        def on_failure(self, *args: Any, **options: Any) -> Any:
            results.labels("failed").inc()
            return super().on_failure(*args, **options)

        def on_timeout(self, soft: bool, timeout: float) -> Any:  # noqa: FBT001 - Celery's signature
            results.labels("slow" if soft else "timeout").inc()
            return super().on_timeout(soft, timeout)

    return Counting


def serve(registry: CollectorRegistry, address: str, port: int) -> None:
    """Serve the registry at /metrics from a thread."""
    start_http_server(port, addr=address, registry=registry)
