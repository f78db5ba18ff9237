"""Exports what Redis knows; every API process would answer a scrape with the same numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from quorum.errors import CommandDenied, StoreUnavailable
from quorum.events.bus import BusPlace
from quorum.telemetry import metrics
from quorum.telemetry.health import EVENT_DELAYS_MS, Health, PartitionHealth, ServerHealth
from quorum.telemetry.metric import Metric
from quorum.webhooks.deliveries import Webhooks, WebhookTotals

Samples = Mapping[Metric, Sequence[float]]


class _Sampled(Protocol):
    def add_metric(self, labels: list[str], value: float) -> None: ...


class RedisCollector(Collector):
    """Reads the pipeline's state at every scrape."""

    def __init__(self, health: Health, webhooks: Webhooks, bus: BusPlace, partitions: int) -> None:
        self._health = health
        self._webhooks = webhooks
        self._bus = bus
        self._partitions = partitions
        self._unsaid: set[str] = set()  # commands that Redis denied when it was asked about itself

    def collect(self) -> Iterator[Family]:
        """Yield the families, without those that Redis does not permit; only `quorum_redis_up 0` when it is away."""
        asked: tuple[Callable[[], Iterator[Family]], ...] = (
            self._pipeline,
            self._data,
            self._server,
            self._consumers,
            self._workers,
            self._lag,
            self._clock,
        )
        families, denied = [], set()
        try:
            for ask in asked:
                try:
                    families += list(ask())
                except CommandDenied as error:
                    denied.add(error.command)
        except StoreUnavailable:
            yield _gauge(metrics.REDIS_UP, 0)
            return
        yield _gauge(metrics.REDIS_UP, 1)
        yield from families
        yield _denied(denied | self._unsaid)

    def _pipeline(self) -> Iterator[Family]:
        states = [self._health.partition(number) for number in range(self._partitions)]
        yield from _partitions(states)
        yield _classes(states)
        yield _delays(states)

    def _data(self) -> Iterator[Family]:
        yield _gauge(metrics.DATA_MISSING, len(self._health.missing_partitions()))

    def _server(self) -> Iterator[Family]:
        server = self._health.server()
        self._unsaid = set(server.denied)
        yield from _server(server)

    def _consumers(self) -> Iterator[Family]:
        yield from _webhooks(self._webhooks.totals())

    def _workers(self) -> Iterator[Family]:
        last_sweep = self._health.last_sweep_seconds()
        if last_sweep is not None:
            yield _gauge(metrics.LAST_SWEEP, last_sweep)

    def _lag(self) -> Iterator[Family]:
        lag = self._bus.lag_seconds()
        if lag is not None:
            yield _gauge(metrics.BUS_LAG, lag)

    def _clock(self) -> Iterator[Family]:
        yield _gauge(metrics.CLOCK_OFFSET, self._health.clock_offset_seconds())


def _server(server: ServerHealth) -> Iterator[Family]:
    gauges = {
        metrics.REDIS_MEMORY_USED: server.used_memory_bytes,
        metrics.REDIS_MEMORY_MAX: server.max_memory_bytes,
        metrics.REDIS_KEYS: server.keys,
        metrics.REDIS_CLIENTS: server.clients,
        metrics.REDIS_UPTIME: server.uptime_seconds,
        metrics.REDIS_AOF_OK: server.aof_ok,
    }
    yield from (_gauge(metric, float(value)) for metric, value in gauges.items() if value is not None)
    if server.evicted_keys is not None:
        evicted = CounterMetricFamily(metrics.REDIS_EVICTED.name, metrics.REDIS_EVICTED.meaning)
        evicted.add_metric([], server.evicted_keys)
        yield evicted


def _denied(commands: set[str]) -> Family:
    metric = metrics.REDIS_DENIED
    gauge = GaugeMetricFamily(metric.name, metric.meaning, labels=list(metric.labels))
    for command in sorted({"INFO", *commands}):  # one that metrics always need is there as zero
        gauge.add_metric([command], int(command in commands))
    return gauge


def _webhooks(totals: WebhookTotals) -> Iterator[Family]:
    states = GaugeMetricFamily(metrics.WEBHOOKS.name, metrics.WEBHOOKS.meaning, labels=list(metrics.WEBHOOKS.labels))
    for state in ("active", "failing", "disabled"):
        states.add_metric([state], getattr(totals, state))
    yield states
    yield _gauge(metrics.WEBHOOKS_WAITING, totals.waiting)
    yield _gauge(metrics.WEBHOOKS_DEAD, totals.dead)
    yield _gauge(metrics.DELIVERIES_PAUSED, float(totals.paused))


def _partitions(states: list[PartitionHealth]) -> Iterator[Family]:
    gauges: Samples = {
        metrics.WRONG_KEYS: [len(state.wrong_keys) for state in states],
        metrics.INBOX_DEPTH: [state.inbox_depth for state in states],
        metrics.INBOX_AGE: [state.inbox_age_seconds for state in states],
        metrics.DEAD_LETTERS: [state.dead_letters for state in states],
        metrics.BLOCKED_IMAGES: [state.blocked_images for state in states],
        metrics.HELD_IMAGES: [state.held_images for state in states],
        metrics.HELD_AGE: [state.held_age_seconds for state in states],
        metrics.APPEALS_OPEN: [state.open_appeals for state in states],
        metrics.APPEAL_AGE: [state.appeal_age_seconds for state in states],
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


def _classes(states: list[PartitionHealth]) -> Family:
    metric = metrics.REPORTERS_COUNTED
    counter = CounterMetricFamily(metric.name, metric.meaning, labels=list(metric.labels))
    for partition, state in enumerate(states):
        for name, count in state.counted_by_class.items():
            counter.add_metric([str(partition), name], count)
    return counter


def _delays(states: list[PartitionHealth]) -> Family:
    metric = metrics.EVENT_SECONDS
    histogram = HistogramMetricFamily(metric.name, metric.meaning, labels=list(metric.labels))
    bounds = [*(str(bound / 1000) for bound in EVENT_DELAYS_MS), "+Inf"]
    for partition, state in enumerate(states):
        buckets = list(zip(bounds, accumulate(state.event_delays), strict=True))
        histogram.add_metric([str(partition)], buckets, state.event_delay_ms / 1000)
    return histogram


def _gauge(metric: Metric, value: float) -> Family:
    gauge = GaugeMetricFamily(metric.name, metric.meaning)
    gauge.add_metric([], value)
    return gauge


def _fill(family: _Sampled, samples: Sequence[float]) -> None:
    for partition, value in enumerate(samples):
        family.add_metric([str(partition)], value)
