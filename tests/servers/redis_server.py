"""A Redis server of a test's own, and the waiting that goes with servers."""

import os
import random
import re
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

from certificates import Certificate
from redis import Redis

from quorum.store.connection import connect

# Each process of pytest-xdist has ports of its own, below those that Linux gives to connections (from 32768 on). Buses
# of clusters are 10,000 above.
PORTS_EACH = 3000
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw2").removeprefix("gw"))
_FIRST_PORT = 11_000 + PORTS_EACH * (_WORKER % 3)
_turns = count(random.randrange(PORTS_EACH))

USERS = Path(__file__).parents[2] / "deploy" / "redis" / "users.acl"


def wait_until(true: Callable[[], object], seconds: float = 10.0, what: str = "the condition") -> None:
    """Poll until `true()`; fail the test when it does not come about."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come about within {seconds} s"
        time.sleep(0.01)


def free_port() -> int:
    """Return a port that nothing listens on: none that a connection may get meanwhile, or another process of tests."""
    for _ in range(PORTS_EACH):
        port = _FIRST_PORT + next(_turns) % PORTS_EACH
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"{PORTS_EACH} ports from {_FIRST_PORT} on are all taken")


@dataclass(frozen=True)
class ServerTls:
    """The files with which a server is known, and with which it knows its clients."""

    ca: Path
    certificate: Certificate
    asks_clients: bool = False

    @property
    def options(self) -> list[str]:
        return [
            *("--tls-ca-cert-file", str(self.ca), "--tls-cert-file", str(self.certificate.cert)),
            *("--tls-key-file", str(self.certificate.key), "--tls-auth-clients", "yes" if self.asks_clients else "no"),
            *("--tls-replication", "yes"),
        ]

    @property
    def query(self) -> str:
        client = f"&ssl_certfile={self.certificate.cert}&ssl_keyfile={self.certificate.key}"
        return f"?ssl_ca_certs={self.ca}{client if self.asks_clients else ''}"


@dataclass
class RedisServer:
    """A redis-server of a test's own, which it may stop, freeze, kill and restart."""

    binary: Path
    directory: Path
    port: int = field(default_factory=free_port)
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    password: str = ""  # of its default user
    tls: ServerTls | None = None
    users: Path | None = None  # an ACL file, in the place of that of every test

    @property
    def url(self) -> str:
        """Its URL for a client that has all it needs in it."""
        scheme = "rediss" if self.tls else "redis"
        who = f":{quote(self.password, safe='')}@" if self.password else ""
        return f"{scheme}://{who}127.0.0.1:{self.port}/0{self.tls.query if self.tls else ''}"

    @property
    def client(self) -> Redis:
        return connect(self.url, 5.0)

    def start(self) -> "RedisServer":
        ports = ["--port", "0", "--tls-port"] if self.tls else ["--port"]
        command = [str(self.binary), *ports, str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
        command += self.tls.options if self.tls else []
        if self.password and not self.users:
            command += ["--requirepass", self.password, "--masterauth", self.password]
        else:
            command += ["--aclfile", str(self.users or self._users())]
        command += ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction", "--loglevel", "warning"]
        command += ["--hash-max-ziplist-value", "512", "--hash-max-ziplist-entries", "1024", *self.options]
        with (self.directory / "redis.log").open("ab") as log:
            # Signals stay as Python has them: a file that may not grow is an error of the write, not the end of Redis.
            self.process = subprocess.Popen(command, stdout=log, stderr=log, restore_signals=False)
        wait_until(self.answers, 20, f"an answer from {self.binary}")
        return self

    def _users(self) -> Path:
        """Have the users of deploy/redis/users.acl, for namespaces of tests; the test itself may do everything."""
        users = USERS.read_text().replace("~quorum:*", "~quorum:* ~test-*")
        everything = re.sub(r"^user default .*", "user default on nopass ~* &* +@all", users)
        made = self.directory / "users.acl"
        made.write_text(everything)
        return made

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
