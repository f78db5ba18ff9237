"""An API and workers as processes of their own, a crowd that reports to them, and the books of what was kept."""

import http.client
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from time import sleep
from typing import Any, Self

import psutil
from conftest import SITE_KEY, environment, running
from redis_server import free_port, wait_until

from quorum.images.image import parse_image
from quorum.reporters.fingerprints import NAMED, fingerprint
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.tally.codec import decode_entry, decode_record

Pair = tuple[bytes, bytes]  # image digest, reporter's fingerprint: what may be counted once

HEADERS = {"Authorization": f"Bearer {SITE_KEY}", "Content-Type": "application/json"}
CROSSING = 5  # verified reporters that block an image under the default policy
CROWD = 7  # reporters that the crowd sends to each image


@dataclass(frozen=True)
class Answer:
    """What came back. In place of a status: 0 refused, -1 cut off before any answer, -2 cut off within one."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


REFUSED, CUT, HALF = Answer(0), Answer(-1), Answer(-2)


class Visitor:
    """One keep-alive connection to the API."""

    def __init__(self, port: int, timeout: float = 10.0) -> None:
        self._port = port
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None

    def report(self, image: str, reporter: str, reason: str = "violence") -> Answer:
        body = {"image_id": image, "reporter_id": reporter, "reason": reason}
        return self.ask("POST", "/v1/reports", json.dumps(body))

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: str | None = None) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout)
            try:
                self._connection.connect()
            except OSError:
                self.close()
                return REFUSED
        try:
            self._connection.request(method, path, body, HEADERS)
            response = self._connection.getresponse()
        except (OSError, http.client.HTTPException):
            self.close()
            return CUT
        try:
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return HALF
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Crowd:
    """Readers who report without pause: seven of them each image, in the order of their numbers.

    `acknowledged` holds (image, reporter) for every 202; a report that was not acknowledged is not sent again.
    """

    def __init__(
        self, port: int, *, visitors: int = 4, name: str = "img", repeat: int = 1, timeout: float = 10
    ) -> None:
        self.acknowledged: set[tuple[str, str]] = set()
        self.statuses: Counter[int] = Counter()
        self.answers: dict[int, Answer] = {}  # the latest of each status
        self._port = port
        self._name = name
        self._repeat = repeat
        self._timeout = timeout
        self._lock = Lock()
        self._number = 0
        self._stop = Event()
        self._threads = [Thread(target=self._visit, daemon=True) for _ in range(visitors)]

    def _visit(self) -> None:
        with Visitor(self._port, self._timeout) as visitor:
            while not self._stop.is_set():
                with self._lock:
                    number, self._number = self._number, self._number + 1
                image, reporter = f"{self._name}-{number // CROWD}", f"reader-{number % CROWD}"
                for _ in range(self._repeat):
                    answer = visitor.report(image, reporter)
                    with self._lock:
                        self.answers[answer.status] = answer
                        self.statuses[answer.status] += 1
                        if answer.status == 202:
                            self.acknowledged.add((image, reporter))
                sleep(0.001 if answer.status == 202 else 0.02)

    def start(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(15)
        assert not any(thread.is_alive() for thread in self._threads)

    def wait_for(self, more: int, seconds: float = 20.0) -> None:
        """Wait until `more` reports have been acknowledged from now on."""
        wanted = len(self.acknowledged) + more
        wait_until(lambda: len(self.acknowledged) >= wanted, seconds, f"{more} more acknowledged reports")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


@dataclass(frozen=True)
class Books:
    """All that Redis holds at one moment, decoded."""

    rows: dict[bytes, list[bytes]]  # by image digest: the fingerprints in its record
    waiting: list[Pair]
    dead: int
    events: list[dict[str, Any]]
    stats: Counter[str]

    @property
    def counted(self) -> set[Pair]:
        return {(digest, mark) for digest, marks in self.rows.items() for mark in marks}

    @property
    def crossed(self) -> set[bytes]:
        return {digest for digest, marks in self.rows.items() if len(marks) >= CROSSING}


def pair_of(settings: Settings, image: str, reporter: str) -> Pair:
    return parse_image(image).digest, fingerprint(settings.pepper.encode(), NAMED, reporter)


def read_books(settings: Settings) -> Books:
    """Read every partition. To be called when nothing writes."""
    rows: dict[bytes, list[bytes]] = {}
    waiting: list[Pair] = []
    events: list[dict[str, Any]] = []
    stats: Counter[str] = Counter()
    dead = 0
    with connect(settings.store, 10.0) as client:
        for partition in range(settings.partitions):
            keys = keys_of(settings.namespace, partition)
            for bucket in client.scan_iter(f"{keys.images}*", count=2000):
                for digest, raw in client.hgetall(bucket).items():
                    assert digest not in rows
                    rows[digest] = [row.fingerprint for row in decode_record(raw).rows]
            entries = map(decode_entry, client.lrange(keys.inbox, 0, -1))
            waiting += [(entry.image.digest, entry.reporter.fingerprint) for entry in entries]
            events += [json.loads(fields[b"event"]) for _, fields in client.xrange(keys.events)]
            dead += client.xlen(keys.dead)
            stats.update({name.decode(): int(count) for name, count in client.hgetall(keys.stats).items()})
    return Books(rows, waiting, dead, events, stats)


def assert_balanced(books: Books) -> None:
    """Hold the books to the promises: each reporter counted once, one event for each crossed image and no other."""
    assert all(len(marks) == len(set(marks)) for marks in books.rows.values())
    assert books.stats["counted"] == len(books.counted)
    ids = [event["id"] for event in books.events]
    assert len(ids) == len(set(ids))
    told = [parse_image(event["subject"]).digest for event in books.events]
    assert len(told) == len(set(told))
    assert set(told) == books.crossed
    assert books.stats["blocked"] == len(told)


def assert_all_tallied(settings: Settings, *crowds: Crowd) -> Books:
    """Wait until the inboxes are empty; then every acknowledged report is counted, once, and the books balance."""
    wait_until(lambda: inbox_depth(settings) == 0, 20, "an empty inbox")
    books = read_books(settings)
    acknowledged = {pair_of(settings, *report) for crowd in crowds for report in crowd.acknowledged}
    assert acknowledged - books.counted == set()
    assert books.dead == 0
    assert_balanced(books)
    return books


def inbox_depth(settings: Settings) -> int:
    with connect(settings.store, 5.0) as client:
        keys = [keys_of(settings.namespace, partition) for partition in range(settings.partitions)]
        return sum(client.llen(key.inbox) for key in keys)


class Pipeline:
    """An API and workers with the same settings, each to be ill-treated and started again."""

    def __init__(self, settings: Settings, directory: Path, **env: str) -> None:
        self.settings = settings
        self.port = free_port()
        self.directory = directory
        self.env = environment(settings, **env)
        self._stack = ExitStack()
        self.api: psutil.Popen | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.directory.glob("*.log")))

    def start_api(self) -> psutil.Popen:
        """Start the API, with both its processes serving."""
        process = self.api = self._start("api", "--port", str(self.port))

        def serves() -> bool:
            assert process.poll() is None, self.log
            with Visitor(self.port, 1.0) as visitor:
                return visitor.get("/livez").status == 200

        wait_until(serves, 20, "an answer from the API")
        wait_until(lambda: sum(child.num_threads() > 4 for child in process.children()) == 2, 20, "both API processes")
        return process

    def stop_api(self) -> None:
        assert self.api
        self.api.terminate()
        self.api.wait(25)

    def start_worker(self, *, wait: bool = True, metrics_port: int = 0) -> psutil.Popen:
        """Start a worker; `wait` until it listens for the doorbell and its pool is there."""
        process = self._start("worker", "--concurrency", "1", "--metrics-port", str(metrics_port))
        if wait:
            self.wait_for_worker(process)
        return process

    def wait_for_worker(self, process: psutil.Popen) -> None:
        def ready() -> bool:
            assert process.poll() is None, self.log
            return bool(process.children())

        wait_until(ready, 20, "the worker's pool")
        wait_until(lambda: self.sweeps(process), 20, "the worker's first sweep")

    def sweeps(self, process: psutil.Popen) -> bool:
        """Tell whether this worker has swept and tidied at least once."""
        with connect(self.settings.store, 5.0) as client:
            names = client.zrange(keys_of(self.settings.namespace, 0).workers, 0, -1)
        return any(str(process.pid) in name.decode().split(":") for name in names)

    def _start(self, *command: str) -> psutil.Popen:
        log = self.directory / f"{command[0]}.log"
        return self._stack.enter_context(running(list(command), {**self._as_user(command[0]), **self.env}, log))

    def _as_user(self, service: str) -> dict[str, str]:
        """Return the least privileged user for a service: every test with a server of its own runs under them."""
        stores = {one: getattr(self.settings, one) for one in ("redis_url", "broker_url")}
        user, password = f"quorum-{service}", f"REDIS_{service.upper()}_PASSWORD"
        told: dict[str, str] = {}
        for attribute, url in stores.items():
            if "REDIS_URL" not in os.environ and "@" not in url and url.startswith("redis"):
                name = f"QUORUM_{attribute.removesuffix('_url').upper()}"
                told |= {f"{name}_USERNAME": user, f"{name}_PASSWORD": password}
        return told


@contextmanager
def whole_pipeline(settings: Settings, directory: Path, *, workers: int = 1, **env: str) -> Iterator[Pipeline]:
    """A pipeline whose API answers and whose workers sweep."""
    with Pipeline(settings, directory, **env) as pipeline:
        started = [pipeline.start_worker(wait=False) for _ in range(workers)]
        pipeline.start_api()
        for worker in started:
            pipeline.wait_for_worker(worker)
        yield pipeline
