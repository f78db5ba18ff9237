"""A stream process of a test's own, those who read from it, and those who only hold it up."""

import json
import re
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event as Flag
from threading import Lock, Thread
from typing import Any, Self

import psutil
from conftest import SITE_KEY, environment, kill_tree
from redis_server import free_port, wait_until

from quorum.events.event import BLOCKED, cloud_event
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of

SMALL = 4096  # bytes of a socket's buffer
STREAM_HEAD = f"GET /v1/events/stream?after=%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SITE_KEY}\r\n\r\n"


class StreamProcess:
    """`quorum stream`, and what it does to the machine."""

    def __init__(self, process: psutil.Popen, port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    @property
    def memory(self) -> float:
        """MiB that it holds."""
        return float(self.process.memory_info().rss) / 2**20

    def cores(self, seconds: float = 1.0) -> float:
        """Return how many cores it takes."""
        return float(self.process.cpu_percent(seconds)) / 100

    def ask(self, path: str, timeout: float = 10.0, head: str = "") -> tuple[int, str]:
        """Return status and body of a request; 0 when nothing came."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode("latin-1"))
            answer = read_all(connection)
        status, _, body = answer.decode().partition("\r\n\r\n")
        return int(status.split()[1]) if status else 0, body

    def metric(self, name: str) -> float:
        """Return a metric; 0 when it is not there."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.ask("/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else 0.0


def read_all(connection: socket.socket) -> bytes:
    """Read until the other side closes."""
    answer = b""
    with suppress(ConnectionError):
        while data := connection.recv(65536):
            answer += data
    return answer


@contextmanager
def stream_process(
    settings: Settings, directory: Path, env: dict[str, str] | None = None, *, files: int = 0
) -> Iterator[StreamProcess]:
    """Run `quorum stream`, with so many file descriptors at most."""
    port, log = free_port(), directory / "stream.log"
    limit = f"ulimit -n {files}; " if files else ""
    command = ["sh", "-c", f'{limit}exec "$0" "$@"', sys.executable, "-m", "quorum.cli.main", "stream"]
    with log.open("ab") as output:
        process = psutil.Popen(
            [*command, "--port", str(port)], env=environment(settings, **(env or {})), stdout=output, stderr=output
        )
    try:
        wait_until(lambda: accepts(port) or process.poll() is not None, 20, "the stream process")
        assert process.poll() is None, log.read_text()
        yield StreamProcess(process, port, log)
    finally:
        kill_tree(process)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Publisher:
    """Writes events as the drain does."""

    def __init__(self, settings: Settings) -> None:
        self._client: Any = connect(settings.redis_url, 10.0)
        self._key = keys_of(settings.namespace, 0).events
        self.count = 0

    def publish(self, number: int = 1) -> None:
        """Append some events; each says when it was written."""
        pipe = self._client.pipeline(transaction=False)
        for _ in range(number):
            data = {
                "image_id": "x" * 150,
                "number": self.count,
                "at": time.time(),
                "reasons": {"violence": 4, "spam": 1},
            }
            event = cloud_event(f"event-{self.count}", BLOCKED, f"img-{self.count % 7}", 1, data)
            pipe.xadd(self._key, {"event": json.dumps(event)})
            self.count += 1
        pipe.execute()


class GoodReader:
    """Reads a stream as fast as it can; comes back, after the last event, when it was cut off."""

    def __init__(self, port: int, after: str = "0", key: str = SITE_KEY, *, buffer_bytes: int = 0) -> None:
        self._port = port
        self._buffer_bytes = buffer_bytes  # of the kernel, for what it leaves lying
        self._key = key
        self.cursor = after
        self.numbers: list[int] = []
        self.delays: list[float] = []
        self._lock = Lock()
        self._stop = Flag()
        self.reads = Flag()  # else it leaves what comes lying
        self.reads.set()
        self.ended = Flag()  # once or more
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def take_delays(self) -> list[float]:
        """Return the seconds that each event took since this was last asked."""
        with self._lock:
            taken, self.delays = self.delays, []
        return taken

    def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(OSError):
                self._read()
            self.ended.set()
            self._stop.wait(0.1)

    def _read(self) -> None:
        with _connected(self._port, self._buffer_bytes) as connection:
            connection.sendall((STREAM_HEAD % self.cursor).replace(SITE_KEY, self._key).encode())
            for line in connection.makefile("r", encoding="utf-8"):
                self.reads.wait()
                if self._stop.is_set():
                    return
                if line.startswith('data: {"'):
                    event = json.loads(line[6:])
                    with self._lock:
                        self.delays.append(time.time() - event["data"]["at"])
                        self.numbers.append(event["data"]["number"])
                    self.cursor = event["cursor"]


class Greedy:
    """Clients that hold a connection for nothing; each sends `first`, then `drip` again and again."""

    def __init__(self, port: int, number: int, first: bytes, drip: bytes = b"") -> None:
        self._sockets = [_connected(port) for _ in range(number)]
        self._drip = drip
        self._stop = Flag()
        for one in self._sockets:
            with suppress(OSError):
                one.sendall(first)
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)
        for one in self._sockets:
            one.close()

    def _run(self) -> None:
        while self._drip and not self._stop.wait(0.3):
            for one in self._sockets:
                with suppress(OSError):
                    one.send(self._drip)

    def answers(self, seconds: float) -> list[bytes]:
        """Read until each is closed by the server; fail when one stays open."""
        answers = dict.fromkeys(self._sockets, b"")
        with selectors.DefaultSelector() as selector:
            for one in self._sockets:
                one.setblocking(False)
                selector.register(one, selectors.EVENT_READ, one)
            end = time.monotonic() + seconds
            while selector.get_map():
                assert time.monotonic() < end, f"{len(selector.get_map())} connections are still open"
                for key, _ in selector.select(0.5):
                    try:
                        data = key.data.recv(65536)
                    except ConnectionError:
                        data = b""
                    answers[key.data] += data
                    if not data:
                        selector.unregister(key.data)
        return list(answers.values())


def never_reading(port: int, number: int, after: str = "0") -> Greedy:
    """Open streams that are never read."""
    return Greedy(port, number, (STREAM_HEAD % after).encode())


def _connected(port: int, buffer_bytes: int = SMALL) -> socket.socket:
    one = socket.socket()
    if buffer_bytes:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    one.settimeout(20)
    one.connect(("127.0.0.1", port))
    return one
