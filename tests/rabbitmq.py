"""A real RabbitMQ of a test's own, from Debian's packages, which it may kill and start again."""

import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from conftest import free_port, wait_until

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

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> "RabbitMQ":
        here = str(self.directory)
        env = {
            **os.environ,
            "HOME": here,
            "RABBITMQ_NODENAME": f"q{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": f"{here}/mnesia",
            "RABBITMQ_LOG_BASE": f"{here}/log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{here}/plugins",
            "RABBITMQ_CONFIG_FILE": f"{here}/none",
            "RABBITMQ_PID_FILE": f"{here}/pid",
        }
        with (self.directory / "rabbitmq.log").open("ab") as log:
            self.process = subprocess.Popen([str(SERVER)], env=env, stdout=log, stderr=log, start_new_session=True)
        wait_until(self.answers, 60, "an answer from RabbitMQ")
        return self

    def answers(self) -> bool:
        """Tell whether it speaks AMQP yet: a client that says something else is told the version."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
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
