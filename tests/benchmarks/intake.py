"""`POST /v1/reports` under load, against a bare endpoint and against a Celery task per report."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis import Redis

from .harness import SITE_KEY, Bar, Lab, Row, Scale, compare
from .load.wrk import CONNECTIONS, accepted_per_second

WORKERS = 2
THREADS = (2, 4, 16)  # tried for the baseline, which then runs with its best

_OURS = (
    f"`quorum api` ({WORKERS} Granian processes, default threads), 202 to `POST /v1/reports` with an API key; "
    f"wrk, 1 thread, {CONNECTIONS} connections, bodies of 1,000,000 images and 100,000,000 reporters"
)


def intake(lab: Lab, scale: Scale) -> Iterator[Row]:
    """Yield intake against one XADD per request, without and with a worker, and against one task per request."""
    with lab.serving("api", "quorum.cli.main", "api", "--port", "PORT", "--workers", str(WORKERS)) as ours_url:
        with _best(lab, scale, "xadd") as (xadd_url, threads):
            xadd = (
                "a bare Flask endpoint doing one XADD of the body, redis-py, same Granian settings but "
                f"{threads} threads (its best of {', '.join(map(str, THREADS))}), same load"
            )
            ours, baseline = _ours(lab, scale, ours_url), _baseline(lab, scale, xadd_url)
            measured = compare(scale.rounds, ours, baseline)
            yield Row(
                "intake alone / one XADD",
                *measured,
                "requests/s",
                f"{_OURS}; no worker runs",
                xadd,
                Bar(1.2, "at least"),
            )
            with lab.quorum_worker(2):
                measured = compare(scale.rounds, ours, baseline)
            yield Row(
                "intake with tallying / one XADD",
                *measured,
                "requests/s",
                f"{_OURS}; `quorum worker` tallies on the same cores",
                f"{xadd}; nobody reads the stream",
            )
        with _best(lab, scale, "delay") as (delay_url, threads):
            measured = compare(scale.rounds, ours, _baseline(lab, scale, delay_url))
            yield Row(
                "intake / delay() per report",
                *measured,
                "requests/s",
                f"{_OURS}; no worker runs",
                f"Flask, marshmallow and a Celery `delay()` per report on the same Redis, same Granian settings but "
                f"{threads} threads (its best of {', '.join(map(str, THREADS))}), same load, no worker runs",
                Bar(4, "at least"),
            )


@contextmanager
def _best(lab: Lab, scale: Scale, name: str) -> Iterator[tuple[str, int]]:
    """Serve a baseline with the number of threads that suits it best; yield its URL and that number."""
    rates = {}
    for threads in THREADS:
        with _serving(lab, name, threads) as url:
            rates[threads] = accepted_per_second(url, min(scale.seconds, 2))[0]
    best = max(rates, key=lambda threads: rates[threads])
    with _serving(lab, name, best) as url:
        yield url, best


@contextmanager
def _serving(lab: Lab, name: str, threads: int) -> Iterator[str]:
    factory = f"tests.benchmarks.baselines.{name}:create_app"
    command = ("tests.benchmarks.baselines.serve", factory, "PORT", str(WORKERS), str(threads))
    with lab.serving(name, *command) as url:
        yield url


def _ours(lab: Lab, scale: Scale, url: str) -> Callable[[], float]:
    def run() -> float:
        with lab.client() as client:
            before = _stored(lab, client)
            rate, accepted = accepted_per_second(url, scale.seconds, SITE_KEY)
            stored = _stored(lab, client) - before
            if not accepted <= stored <= accepted + CONNECTIONS:  # wrk leaves up to one request on each connection
                raise RuntimeError(f"{accepted} reports were accepted and {stored} are in Redis")
            client.delete(lab.keys.inbox)
        return rate

    return run


def _stored(lab: Lab, client: Redis) -> int:
    pipe = client.pipeline()  # a transaction: a drain moves reports from one to the other
    pipe.llen(lab.keys.inbox)
    pipe.hget(lab.keys.stats, "taken")
    waiting, taken = pipe.execute()
    return int(waiting) + int(taken or 0)


def _baseline(lab: Lab, scale: Scale, url: str) -> Callable[[], float]:
    def run() -> float:
        rate, _ = accepted_per_second(url, scale.seconds)
        with lab.client(1) as client:
            client.flushdb(asynchronous=True)
        return rate

    return run
