"""What the stream process counts."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics, generate_latest

from quorum.telemetry import metrics
from quorum.telemetry.metric import Metric


class Tally:
    """The metrics of one stream process."""

    def __init__(self, streams: Callable[[], int], connections: Callable[[], int]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        for metric, count in ((metrics.OPEN_STREAMS, streams), (metrics.STREAM_CONNECTIONS, connections)):
            Gauge(metric.name, metric.meaning, registry=self._registry).set_function(count)
        self._ended = self._counter(metrics.STREAMS_ENDED, "left", "slow", "key", "expired")
        self._refused = self._counter(metrics.STREAM_REFUSED, "too-many-streams", "busy", "store-unavailable")
        self._cut = self._counter(metrics.STREAM_CUT, "late", "slow", "talks", "crowded")

    def ended(self, reason: str) -> None:
        """Count a stream that is over."""
        self._ended.labels(reason).inc()

    def refused(self, problem: str) -> None:
        """Count a request that was answered with a problem."""
        self._refused.labels(problem).inc()

    def cut(self, reason: str) -> None:
        """Count a connection that was cut off."""
        self._cut.labels(reason).inc()

    def text(self) -> bytes:
        """Return what Prometheus reads."""
        return generate_latest(self._registry)

    def _counter(self, metric: Metric, *usual: str) -> Counter:
        """Return a counter that begins at zero for what is usual: Prometheus sees no growth in what is new."""
        counter = Counter(metric.name, metric.meaning, metric.labels, registry=self._registry)
        for label in usual:
            counter.labels(label)
        return counter
