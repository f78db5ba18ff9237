"""A worker that is told to end ends its parts, so nobody waits for its lease. One that breaks off says so."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from conftest import environment, make_settings
from pipeline import Pipeline
from redis_server import RedisServer, wait_until

from quorum.events.bus import LEASE_MS
from quorum.store.connection import connect
from quorum.store.keys import keys_of


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_the_lease_is_given_back_at_once(own_redis: RedisServer, tmp_path: Path, told: signal.Signals) -> None:
    settings = make_settings(own_redis.url)
    client, lease = connect(settings.redis_url, 5.0), f"{keys_of(settings.namespace, 0).bus}lease"
    with Pipeline(settings, tmp_path, QUORUM_BUS_URL="memory://") as pipeline:
        worker = pipeline.start_worker()
        wait_until(lambda: client.get(lease), 20, "the lease")
        worker.send_signal(told)
        psutil.wait_procs([worker], timeout=30)
        assert not worker.is_running()
        left = int(client.pttl(lease))
    assert left == -2, f"it is held for {left} of {LEASE_MS} ms more"


def test_a_worker_that_cannot_start_a_part_ends_with_an_error(own_redis: RedisServer) -> None:
    settings = make_settings(own_redis.url)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "quorum.cli.main", "worker", "--concurrency", "1", "--metrics-port", port]
        done = subprocess.run(
            command, env=environment(settings), capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert "Address already in use" in done.stderr
