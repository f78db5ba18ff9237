"""A Redis server of a test's own, and the waiting that goes with servers."""

import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis


def wait_until(true: Callable[[], object], seconds: float = 10.0, what: str = "the condition") -> None:
    """Poll until `true()`; fail the test when it does not come about."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come about within {seconds} s"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RedisServer:
    """A redis-server of a test's own, which it may stop, freeze, kill and restart."""

    binary: Path
    directory: Path
    port: int = field(default_factory=free_port)
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> Redis:
        return Redis.from_url(self.url, socket_timeout=5)

    def start(self) -> "RedisServer":
        command = [str(self.binary), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
        command += ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction", "--loglevel", "warning"]
        command += ["--hash-max-ziplist-value", "512", "--hash-max-ziplist-entries", "1024", *self.options]
        with (self.directory / "redis.log").open("ab") as log:
            # Signals stay as Python has them: a file that may not grow is an error of the write, not the end of Redis.
            self.process = subprocess.Popen(command, stdout=log, stderr=log, restore_signals=False)
        wait_until(self.answers, 20, f"an answer from {self.binary}")
        return self

    def answers(self) -> bool:
        with self.client as client:
            try:
                return bool(client.ping())
            except Exception:  # noqa: BLE001 - not yet
                return False

    def limit_files(self, size_bytes: int = resource.RLIM_INFINITY) -> None:
        """Let no file that it writes grow beyond a size, as on a full disk."""
        assert self.process
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))

    def append_only_bytes(self) -> int:
        return int(self.client.info("persistence")["aof_current_size"])

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)
        if number in {signal.SIGKILL, signal.SIGTERM}:
            self.process.wait(10)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(10)
