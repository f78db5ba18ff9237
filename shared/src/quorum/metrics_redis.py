"""Exports what the scripts count in Redis; every API process would answer a scrape with the same numbers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from quorum import metrics
from quorum.errors import StoreUnavailable
from quorum.redis_store.health import Health, PartitionHealth

Samples = Mapping[metrics.Metric, Sequence[float]]


class _Sampled(Protocol):
    def add_metric(self, labels: list[str], value: float) -> None: ...


class RedisCollector(Collector):
    """Reads the pipeline's state at every scrape."""

    def __init__(self, health: Health, partitions: int) -> None:
        self._health = health
        self._partitions = partitions

    def collect(self) -> Iterator[Family]:
        """Yield the families; only `quorum_redis_up 0` when Redis does not answer."""
        up = GaugeMetricFamily(metrics.REDIS_UP.name, metrics.REDIS_UP.meaning)
        try:
            states = [self._health.partition(number) for number in range(self._partitions)]
            last_sweep = self._health.last_sweep_seconds()
        except StoreUnavailable:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        if last_sweep is not None:
            age = GaugeMetricFamily(metrics.LAST_SWEEP.name, metrics.LAST_SWEEP.meaning)
            age.add_metric([], last_sweep)
            yield age
        yield from self._families(states)

    @staticmethod
    def _families(states: list[PartitionHealth]) -> Iterator[Family]:
        gauges: Samples = {
            metrics.INBOX_DEPTH: [state.inbox_depth for state in states],
            metrics.INBOX_AGE: [state.inbox_age_seconds for state in states],
            metrics.DEAD_LETTERS: [state.dead_letters for state in states],
            metrics.BLOCKED_IMAGES: [state.blocked_images for state in states],
            metrics.HELD_IMAGES: [state.held_images for state in states],
            metrics.SHIELDS_UP: [float(state.shields_up) for state in states],
            metrics.JOURNAL_REPORTS: [state.journal_reports for state in states],
            metrics.EVENTS_KEPT: [state.events_kept for state in states],
        }
        counters: Samples = {
            metric: [state.counters[counter] for state in states] for counter, metric in metrics.BY_COUNTER.items()
        }
        for metric, samples in gauges.items():
            gauge = GaugeMetricFamily(metric.name, metric.meaning, labels=list(metric.labels))
            _fill(gauge, samples)
            yield gauge
        for metric, samples in counters.items():
            counter = CounterMetricFamily(metric.name, metric.meaning, labels=list(metric.labels))
            _fill(counter, samples)
            yield counter


def _fill(family: _Sampled, samples: Sequence[float]) -> None:
    for partition, value in enumerate(samples):
        family.add_metric([str(partition)], value)
