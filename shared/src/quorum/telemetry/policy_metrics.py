"""Exports which policy a process goes by, and whether its file is bad."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from quorum.policy.file import PolicyFile
from quorum.telemetry import metrics


class PolicyCollector(Collector):
    """Looks at the policy at every scrape. The version is the only label; a policy is edited by hand."""

    def __init__(self, policies: PolicyFile) -> None:
        self._policies = policies

    def collect(self) -> Iterator[Family]:
        """Yield the version in use, and 1 while the file cannot be used."""
        version = self._policies.current.version
        info = GaugeMetricFamily(
            metrics.POLICY_INFO.name, metrics.POLICY_INFO.meaning, labels=list(metrics.POLICY_INFO.labels)
        )
        info.add_metric([version], 1)
        yield info
        bad = GaugeMetricFamily(metrics.POLICY_BAD.name, metrics.POLICY_BAD.meaning)
        bad.add_metric([], 1 if self._policies.problem else 0)
        yield bad
