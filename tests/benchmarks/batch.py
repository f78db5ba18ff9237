"""`POST /v1/reports/batch`, end to end, against the same reports one by one."""

import time
from collections.abc import Callable, Iterator

from redis import Redis

from .harness import SITE_KEY, Bar, Lab, Row, Scale, compare, wait_until
from .intake import WORKERS
from .load.wrk import BATCH_SCRIPT, REPORTS_PER_BATCH, accepted_per_second

CONNECTIONS = 4


def batch(lab: Lab, scale: Scale) -> Iterator[Row]:
    """Yield reports accepted and tallied a second: from the first request until the inbox is empty."""
    with (
        lab.serving("api", "quorum.cli.main", "api", "--port", "PORT", "--workers", str(WORKERS)) as url,
        lab.quorum_worker(2),
    ):
        measured = compare(scale.rounds, _batches(lab, scale, url), _singles(lab, scale, url))
        yield Row(
            "batch intake, accepted and tallied / one by one",
            *measured,
            "reports/s",
            f"`quorum api` ({WORKERS} Granian processes) and `quorum worker`; wrk, {CONNECTIONS} connections, "
            f"{REPORTS_PER_BATCH} reports a batch; reports that the drain took, divided by the time until the inbox "
            "was empty",
            "the same with `POST /v1/reports`, 64 connections",
            Bar(20_000, "at least", of="ours"),
        )


def _batches(lab: Lab, scale: Scale, url: str) -> Callable[[], float]:
    address = url.replace("/v1/reports", "/v1/reports/batch")
    return lambda: _tallied_per_second(
        lab, lambda: accepted_per_second(address, scale.seconds, SITE_KEY, script=BATCH_SCRIPT, connections=CONNECTIONS)
    )


def _singles(lab: Lab, scale: Scale, url: str) -> Callable[[], float]:
    return lambda: _tallied_per_second(lab, lambda: accepted_per_second(url, scale.seconds, SITE_KEY))


def _tallied_per_second(lab: Lab, load: Callable[[], object]) -> float:
    with lab.client() as client:
        before, start = _taken(lab, client), time.monotonic()
        load()
        wait_until(lambda: client.llen(lab.keys.inbox) == 0, "an empty inbox")
        return (_taken(lab, client) - before) / (time.monotonic() - start)


def _taken(lab: Lab, client: Redis) -> int:
    taken = client.hget(lab.keys.stats, "taken")
    return int(taken or 0)
