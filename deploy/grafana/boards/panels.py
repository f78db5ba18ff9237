"""The pieces that dashboards are made of, and the queries that panels have in common.

What the API reads from Redis is the same at every instance, so it is joined with `max`; what is an instance's own, with
`sum`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

RATE = "[$__rate_interval]"


@dataclass(frozen=True)
class Graph:
    """Lines over time: (query, legend) each."""

    title: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    about: str = ""


@dataclass(frozen=True)
class Number:
    """One big number that turns amber and red at its steps; `falling` when small values are the bad ones."""

    title: str
    query: str
    unit: str = "short"
    amber: float | None = None
    red: float | None = None
    falling: bool = False
    about: str = ""


@dataclass(frozen=True)
class Row:
    """A heading and the panels beneath it."""

    title: str
    panels: Sequence[Graph | Number]


@dataclass(frozen=True)
class Board:
    """A dashboard; its uid is `quorum-` and the name."""

    name: str
    title: str
    rows: Sequence[Row]


def shared(metric: str, by: str = "partition") -> str:
    """Join a value that every API instance reads from the same Redis."""
    return f"sum(max by ({by}) ({metric}))"


def own_rate(metric: str, by: str) -> str:
    """Return the rate of a counter that each instance has of its own, per second."""
    return f"sum by ({by}) (rate({metric}{RATE}))"


def shared_rate(metric: str, by: str = "") -> str:
    """Return the rate of a counter that every API instance reads from the same Redis, per second."""
    labels = f"partition, {by}" if by else "partition"
    return f"sum by ({by}) (max by ({labels}) (rate({metric}{RATE})))"


def quantile(share: float, buckets: str, *by: str) -> str:
    """Return a quantile of a histogram of instances."""
    labels = ", ".join(("le", *by))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({buckets}{RATE})))"
