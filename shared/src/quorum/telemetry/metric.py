"""What a metric of the catalogue is."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, by Prometheus conventions; counters are exported with `_total`."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()
    source: Literal["api", "redis", "policy", "worker", "stream", "api, worker"] = "redis"

    @property
    def exported(self) -> str:
        """The name that Prometheus sees."""
        return f"{self.name}_total" if self.kind == "counter" else self.name
