"""The worker's own metrics, served by its main process."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

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


def serve(registry: CollectorRegistry, address: str, port: int) -> None:
    """Serve the registry at /metrics from a thread."""
    start_http_server(port, addr=address, registry=registry)
