"""What every benchmark needs: a Redis of its own, processes that end with it, fair comparisons, rows of a table."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Literal

from redis import Redis

from quorum.cli.trial.redis_servers import servers
from quorum.settings import Settings
from quorum.store.keys import Keys, keys_of

ROOT = Path(__file__).parents[2]
SITE_KEY = "qk_bench.a-site-key-for-benchmarks-only"
PEPPER = "a pepper for benchmarks only"
POLICY = Path(__file__).parents[1] / "policies" / "benchmarks.toml"
NAMESPACE = "bench"
PASSWORD = "benchmark"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    rounds: int  # of every interleaved comparison
    seconds: int  # of one load run
    reports: int  # drained in one round
    tasks: int  # drained in one round of the baseline
    crossings: int  # timed one by one
    images: int  # open images of the large side


FULL = Scale(rounds=5, seconds=4, reports=200_000, tasks=3_000, crossings=300, images=1_000_000)
QUICK = Scale(rounds=1, seconds=1, reports=5_000, tasks=200, crossings=10, images=5_000)


@dataclass(frozen=True, slots=True)
class Bar:
    """The number that a row must reach, judged by its ratio or by our side alone."""

    limit: float
    kind: Literal["at least", "at most"]
    of: Literal["ratio", "ours"] = "ratio"

    def holds(self, row: "Row") -> bool:
        """Tell whether `row` reaches the bar."""
        value = row.ratio if self.of == "ratio" else row.ours
        return value >= self.limit if self.kind == "at least" else value <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `ours` and `baseline` are medians in `unit`, `ratio` the median of ratios."""

    what: str
    ours: float
    baseline: float
    ratio: float
    unit: str
    ours_is: str
    baseline_is: str
    bar: Bar | None = None


def compare(rounds: int, ours: Callable[[], float], baseline: Callable[[], float]) -> tuple[float, float, float]:
    """Measure both sides in turn; return the medians of ours, of the baseline, and of the ratios."""
    pairs = [(ours(), baseline()) for _ in range(rounds)]
    return median(a for a, _ in pairs), median(b for _, b in pairs), median(a / b for a, b in pairs)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(true: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Poll until `true()`. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come about within {seconds} s")
        time.sleep(0.005)


@dataclass(frozen=True, slots=True)
class Lab:
    """A Redis of the benchmark's own, and a directory for logs."""

    directory: Path
    port: int

    def url(self, database: int = 0) -> str:
        """Return the URL of one of its databases: 0 is quorum's, 1 the baselines'."""
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def client(self, database: int = 0) -> Redis:
        """Return a client of one of its databases."""
        return Redis.from_url(self.url(database), socket_timeout=60)

    @property
    def keys(self) -> Keys:
        """The keys of the one partition."""
        return keys_of(NAMESPACE, 0)

    @property
    def settings(self) -> Settings:
        """The settings of the processes that run here."""
        return Settings(
            redis_url=self.url(), broker_url=self.url(), namespace=NAMESPACE, pepper=PEPPER, site_key=SITE_KEY
        )

    def clear(self) -> None:
        """Empty all databases."""
        with self.client() as client:
            client.flushall(asynchronous=False)

    @contextmanager
    def running(self, name: str, *command: str, **more: str) -> Iterator[None]:
        """Run `python -m COMMAND` with the settings of this lab; end it and all that it started."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("QUORUM_")}
        env = {
            **inherited,
            "QUORUM_REDIS_URL": self.url(),
            "QUORUM_NAMESPACE": NAMESPACE,
            "QUORUM_PEPPER": PEPPER,
            "QUORUM_SITE_KEY": SITE_KEY,
            "QUORUM_POLICY": str(POLICY),
            "BENCHMARK_REDIS_URL": self.url(1),
            **more,
        }
        with process([sys.executable, "-m", *command], self.directory / f"{name}.log", env):
            yield

    @contextmanager
    def serving(self, name: str, *command: str) -> Iterator[str]:
        """Run `python -m COMMAND`, in which PORT stands for a free port; yield its URL once it accepts connections."""
        port = free_port()
        with self.running(name, *(part.replace("PORT", str(port)) for part in command)):
            wait_until(lambda: _accepts(port), f"a listener of {name}")
            time.sleep(1)  # for the second worker process
            yield f"http://127.0.0.1:{port}/v1/reports"

    @contextmanager
    def quorum_worker(self, processes: int, **more: str) -> Iterator[None]:
        """Run `quorum worker` until it is seen to take reports."""
        with self.running("worker", "quorum.cli.main", "worker", "--concurrency", str(processes), **more):
            with self.client() as client:
                wait_until(lambda: client.exists(self.keys.workers), "the worker's first sweep")
            yield

    @contextmanager
    def baseline_worker(self, processes: int) -> Iterator[None]:
        """Run a Celery worker with the baseline's tasks."""
        from .baselines.tasks import ECHO, make_app  # noqa: PLC0415 - only these rows need it

        with self.running("baseline-worker", "tests.benchmarks.baselines.worker", self.url(1), str(processes)):
            make_app(self.url(1)).send_task(ECHO, args=["started"])
            with self.client(1) as client:
                wait_until(lambda: client.exists("started"), "the baseline worker's first task")
            yield


@contextmanager
def open_lab(directory: Path) -> Iterator[Lab]:
    """Run a Redis with the configuration that `quorum run` gives its own."""
    port = free_port()
    binary = servers()[0].binary
    template = files("quorum.cli.trial").joinpath("embedded_redis.conf").read_text(encoding="utf-8")
    config = directory / "redis.conf"
    config.write_text(template.format(port=port, password=PASSWORD))
    lab = Lab(directory, port)
    with (
        process(
            [str(binary), str(config), "--dir", str(directory), "--logfile", ""],
            directory / "redis.log",
            dict(os.environ),
        ),
        lab.client() as client,
    ):
        wait_until(lambda: _accepts(port), "an answer from Redis")
        client.ping()
        yield lab


def redis_version() -> str:
    """Return the version of the server that a lab runs."""
    return ".".join(map(str, servers()[0].version.number))


@contextmanager
def process(command: list[str], log: Path, env: dict[str, str]) -> Iterator[None]:
    """Run a command in a process group of its own, which ends with the block."""
    with log.open("ab") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output, env=env, cwd=ROOT, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        try:
            started.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait(5)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
