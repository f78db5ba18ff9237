"""Unfinished requests are counted by the reader for whom a proxy asks, not by the proxy."""

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import make_settings
from pipeline import Pipeline
from redis_server import RedisServer, wait_until

MOST = 2  # unfinished requests of one address


def begun(port: int, forwarded: str) -> socket.socket:
    """Begin a report and leave it unfinished."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(
        f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {forwarded}\r\n"
        "Content-Type: application/json\r\nContent-Length: 60\r\n\r\n{".encode()
    )
    return connection


def is_answered(connection: socket.socket) -> bool:
    connection.settimeout(0.01)
    try:
        return connection.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 429"
    except TimeoutError:
        return False


@pytest.mark.parametrize(
    ("addresses", "trusted", "refused"),
    [
        ([f"203.0.113.{number}" for number in range(9)], "127.0.0.0/8", 0),
        ([f"2001:db8::{number}" for number in range(9)], "127.0.0.0/8", 9 - 2 * MOST),
        (["203.0.113.1:1", "[::ffff:203.0.113.1]:2", "64:ff9b::203.0.113.1"] * 3, "127.0.0.0/8", 9 - 2 * MOST),
        ([f"203.0.113.{number}" for number in range(9)], "192.0.2.0/24", 9 - 2 * MOST),
    ],
)
def test_a_proxy_is_not_one_slow_client(
    own_redis: RedisServer, tmp_path: Path, addresses: list[str], trusted: str, refused: int
) -> None:
    more = {
        "QUORUM_PROXY_HOPS": "1",
        "QUORUM_TRUSTED_PROXIES": trusted,
        "QUORUM_UNFINISHED_PER_ADDRESS": str(MOST),
        "QUORUM_REQUEST_SECONDS": "60",
    }
    with ExitStack() as stack:
        pipeline = stack.enter_context(Pipeline(make_settings(own_redis.url), tmp_path, **more))
        pipeline.start_api()
        held = [stack.enter_context(begun(pipeline.port, address)) for address in addresses]
        # Two processes share the connections, and each counts its own: so these many are refused at the least.
        wait_until(lambda: sum(map(is_answered, held)) >= refused, 10, "the refusals")
        with begun(pipeline.port, "198.51.100.1") as another:
            assert trusted != "127.0.0.0/8" or not is_answered(another)
        assert refused or not sum(map(is_answered, held))
