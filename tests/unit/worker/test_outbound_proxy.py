"""Webhooks through a proxy: it is told checked addresses alone, and nothing that it says is a way inside."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from unit.worker.test_outbound_ways import listening, write_certificate

from tally_worker.delivering.outbound import Answer, Caller

PUBLIC, ANOTHER = "93.184.216.34", "93.184.216.35"
LOOPBACK = (ip_network("127.0.0.0/8"),)


@dataclass
class ConnectProxy:
    """A proxy that tunnels whatever it is asked for to one port of this machine."""

    port: int
    to: int
    says: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n"
    refused: frozenset[str] = frozenset()  # hosts
    heard: list[bytes] = field(default_factory=list)

    def serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = client.recv(65536)
            self.heard.append(head)
            host = head.split()[1].decode().rpartition(":")[0]
            if host in self.refused:
                client.sendall(b"HTTP/1.1 502 no way there\r\nContent-Length: 0\r\n\r\n")
                return
            client.sendall(self.says)
            with socket.create_connection(("127.0.0.1", self.to)) as server:
                back = threading.Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join(5)

    @property
    def targets(self) -> list[str]:
        return [head.split(b"\r\n")[0].decode() for head in self.heard]


def pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


@contextmanager
def proxy(to: int, **options: object) -> Iterator[ConnectProxy]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = ConnectProxy(listener.getsockname()[1], to, **options)  # type: ignore[arg-type]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=made.serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield made


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("certificate") / "receiver"
    write_certificate(path, "receiver.example", datetime.now(UTC) - timedelta(hours=1))
    return path


@pytest.fixture
def receiver(certificate: Path) -> Iterator[tuple[int, list[bytes]]]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate.with_suffix(".pem"), certificate.with_suffix(".key"))
    with listening(tls=tls) as listener:
        yield listener


def post(url: str, by: str, *addresses: str, trust: Path | None = None) -> Answer:
    names = {"receiver.example": list(addresses), "proxy.example": ["127.0.0.1"]}
    caller = Caller(LOOPBACK, lambda host, _port: names[host], 5.0, proxy=by)
    if trust:
        caller._tls.load_verify_locations(trust.with_suffix(".pem"))
    return asyncio.run(caller.post(url, b"{}", {"x": "y"}))


def test_the_proxy_is_told_the_checked_address_and_the_receiver_its_name(
    receiver: tuple[int, list[bytes]], certificate: Path
) -> None:
    port, seen = receiver
    with proxy(port) as by:
        url = f"https://receiver.example:{port}/hook?a=%2F"
        answer = post(url, f"http://user:p%40ss@proxy.example:{by.port}", PUBLIC, trust=certificate)
    assert (answer.status, answer.detail) == (200, "")
    assert by.targets == [f"CONNECT {PUBLIC}:{port} HTTP/1.1"]
    assert b"receiver.example" not in by.heard[0]
    assert b"Proxy-Authorization: Basic dXNlcjpwQHNz" in by.heard[0]  # user:p@ss
    [request] = seen
    assert request.startswith(b"POST /hook?a=%2F HTTP/1.1\r\n")
    assert f"Host: receiver.example:{port}\r\n".encode() in request
    assert b"Proxy-" not in request


@pytest.mark.parametrize("address", ["10.1.2.3", "169.254.169.254", "::1", "fc00::1", "::ffff:10.0.0.1"])
def test_no_private_address_is_asked_of_the_proxy(address: str) -> None:
    with proxy(1) as by:
        answer = post("https://receiver.example/hook", f"http://127.0.0.1:{by.port}", PUBLIC, address)
    assert "is not a public address" in answer.detail
    assert by.heard == []


def test_the_certificate_must_be_of_the_name_behind_the_proxy_too(receiver: tuple[int, list[bytes]]) -> None:
    port, seen = receiver
    with proxy(port) as by:
        answer = post(f"https://receiver.example:{port}/", f"http://proxy.example:{by.port}", PUBLIC)
    assert answer.status == 0
    assert "certificate" in answer.detail
    assert seen == []


def test_an_address_that_the_proxy_cannot_reach_gives_way_to_the_next(
    receiver: tuple[int, list[bytes]], certificate: Path
) -> None:
    port, seen = receiver
    with proxy(port, refused=frozenset({PUBLIC})) as by:
        url, to = f"https://receiver.example:{port}/", f"http://proxy.example:{by.port}"
        assert post(url, to, PUBLIC, ANOTHER, trust=certificate).status == 200
        assert len(seen) == 1
        answer = post(url, to, PUBLIC, trust=certificate)
    assert (answer.status, answer.detail) == (0, "the proxy does not connect: 502 no way there")


def test_what_lies_in_an_allowed_network_is_called_directly() -> None:
    with listening() as (port, seen), proxy(1) as by:
        answer = post(f"http://receiver.example:{port}/", f"http://proxy.example:{by.port}", "127.0.0.1")
    assert answer.status == 200
    assert len(seen) == 1
    assert by.heard == []


@pytest.mark.parametrize("says", [b"HTTP/1.1 407 Who are you?\r\nContent-Length: 0\r\n\r\n", b"junk\r\n\r\n"])
def test_a_proxy_that_does_not_connect_is_named(says: bytes, receiver: tuple[int, list[bytes]]) -> None:
    with proxy(receiver[0], says=says) as by:
        answer = post("https://receiver.example/", f"http://proxy.example:{by.port}", PUBLIC)
    assert answer.status == 0
    assert answer.detail
    assert receiver[1] == []


def test_a_proxy_that_is_not_there_is_named() -> None:
    answer = post("https://receiver.example/", "http://proxy.example:1", PUBLIC)
    assert answer.detail.startswith("no connection to the proxy: ")
