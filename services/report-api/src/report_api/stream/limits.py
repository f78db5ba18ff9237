"""How many connections and streams one process can hold, from the settings and the descriptors that there are."""

import resource
from dataclasses import dataclass

from quorum.errors import SettingsError

RESERVED = 96  # descriptors for Redis, logs, and connections that are accepted before they are counted
MOST_WAITING = 1024  # connections that are no streams: not asked yet, being answered, or on their way out
FEWEST_STREAMS = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one process; those of an address are by the client's, an IPv6 one by its /64."""

    connections: int
    streams: int
    streams_per_address: int


def raise_descriptors() -> int:
    """Take as many file descriptors as this process may; return their number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 30


def limits_within(descriptors: int, wanted_streams: int, per_address: int, *, redis_nodes: int = 1) -> Limits:
    """Return what fits: streams never take the last places, lest a probe find none. Raises SettingsError."""
    places = descriptors - RESERVED - redis_nodes
    waiting = min(MOST_WAITING, places // 4)
    streams = min(wanted_streams, places - waiting)
    if places < 2 * FEWEST_STREAMS:
        raise SettingsError(
            f"{descriptors} file descriptors are too few for the stream: let it have 1024 or more (ulimit -n)"
        )
    return Limits(streams + waiting, streams, min(per_address, streams))
