"""A real RabbitMQ of a test's own, from Debian's packages, which it may kill and start again."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue
from redis_server import ServerTls, free_port, wait_until

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def is_installed() -> bool:
    return SERVER.exists() and shutil.which("erl") is not None


@dataclass
class RabbitMQ:
    """A broker with its data in `directory`."""

    directory: Path
    port: int = field(default_factory=free_port)
    dist_port: int = field(default_factory=free_port)
    epmd_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    tls: ServerTls | None = None

    @property
    def url(self) -> str:
        scheme, query = ("amqps", self.tls.query) if self.tls else ("amqp", "")
        return f"{scheme}://guest:guest@127.0.0.1:{self.port}//{query}"

    def start(self) -> "RabbitMQ":
        here = str(self.directory)
        env = {
            **os.environ,
            "HOME": here,
            "RABBITMQ_NODENAME": f"q{self.port}@localhost",
            **self._listening(),
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": f"{here}/mnesia",
            "RABBITMQ_LOG_BASE": f"{here}/log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{here}/plugins",
            "RABBITMQ_CONFIG_FILE": f"{here}/tls" if self.tls else f"{here}/none",
            "RABBITMQ_PID_FILE": f"{here}/pid",
        }
        with (self.directory / "rabbitmq.log").open("ab") as log:
            self.process = subprocess.Popen([str(SERVER)], env=env, stdout=log, stderr=log, start_new_session=True)
        wait_until(self.answers, 60, "an answer from RabbitMQ")
        return self

    def _listening(self) -> dict[str, str]:
        if not self.tls:
            return {"RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_NODE_PORT": str(self.port)}
        (self.directory / "tls.conf").write_text(
            f"listeners.tcp = none\nlisteners.ssl.default = 127.0.0.1:{self.port}\n"
            f"ssl_options.cacertfile = {self.tls.ca}\n"
            f"ssl_options.certfile = {self.tls.certificate.cert}\n"
            f"ssl_options.keyfile = {self.tls.certificate.key}\n"
            f"ssl_options.verify = {'verify_peer' if self.tls.asks_clients else 'verify_none'}\n"
            f"ssl_options.fail_if_no_peer_cert = {str(self.tls.asks_clients).lower()}\n"
        )
        return {}

    def answers(self) -> bool:
        """Tell whether it speaks AMQP yet: a client that says something else is told the version."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
                if self.tls:
                    return True
                probe.sendall(b"AMQP\x00\x00\x00\x00")
                return probe.recv(4) == b"AMQP"
        except OSError:
            return False

    def kill(self) -> None:
        """End it and all that it started, at once."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)

    def stop(self) -> None:
        self.kill()
        subprocess.run(
            ["pkill", "-9", "-f", f"epmd.*{self.epmd_port}"], check=False, capture_output=True
        )  # its port mapper lives on by itself


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RabbitMQ]:
    directory = tmp_path / "rabbitmq"
    directory.mkdir()
    made = RabbitMQ(directory).start()
    yield made
    made.stop()


class BusConsumer:
    """Reads a durable queue that is bound to every event, across restarts of the broker."""

    def __init__(self, broker: RabbitMQ) -> None:
        self.got: list[dict[str, Any]] = []
        self._url = broker.url
        self._queue = Queue(
            "everything", Exchange("quorum", type="topic", durable=True), routing_key="quorum.#", durable=True
        )
        self._stop = Event()
        self._declare()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _declare(self) -> None:
        with Connection(self._url, connect_timeout=3) as connection:
            self._queue(connection.channel()).declare()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with (
                    Connection(self._url, connect_timeout=3) as connection,
                    connection.Consumer(self._queue, callbacks=[self._take], prefetch_count=100),
                ):
                    while not self._stop.is_set():
                        try:
                            connection.drain_events(timeout=0.5)
                        except TimeoutError:
                            continue
            except Exception:  # noqa: BLE001 - the broker is away
                time.sleep(0.3)

    def _take(self, body: Any, message: Any) -> None:
        event = json.loads(body if isinstance(body, (str, bytes)) else json.dumps(body))
        assert message.properties["message_id"] == event["id"]
        assert message.delivery_info["routing_key"] == event["type"]
        self.got.append(event)
        message.ack()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)
