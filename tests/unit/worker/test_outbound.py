"""Calls to addresses that somebody else chose: nothing private is reached, whatever the name says."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any, ClassVar

import pytest

from tally_worker.delivering.outbound import Answer, Caller

LOOPBACK = (ip_network("127.0.0.0/8"),)


def post(caller: Caller, url: str, body: bytes, headers: dict[str, str]) -> Answer:
    return asyncio.run(caller.post(url, body, headers))


class Receiver(BaseHTTPRequestHandler):
    """Answers by the path: a status, a redirect, or nothing for long."""

    hits: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.hits.append(self.path)
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/200")
        elif self.path == "/drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            with suppress(OSError):
                for _ in range(100):
                    self.wfile.write(b"x: y\r\n")
                    time.sleep(0.1)
            return
        else:
            self.send_response(int(self.path[1:4]))
            self.send_header("Retry-After", "17")
        self.end_headers()
        self.wfile.write(self.headers["Host"].encode() + b" " + body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Receiver.hits = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_what_came_back_is_said(port: int) -> None:
    caller = Caller(LOOPBACK, lambda _host, _port: ["127.0.0.1"])
    answer = post(caller, f"http://receiver.example:{port}/503", b"body", {"x": "y"})
    assert (answer.status, answer.retry_after) == (503, 17.0)
    assert answer.detail == f"receiver.example:{port} body"


def test_a_redirect_is_an_answer_and_not_followed(port: int) -> None:
    assert post(Caller(LOOPBACK), f"http://127.0.0.1:{port}/redirect", b"", {}).status == 302
    assert Receiver.hits == ["/redirect"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "255.255.255.255", "224.0.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_no_private_address_is_called(address: str, port: int) -> None:
    answer = post(Caller((), lambda _host, _port: [address]), f"https://harmless.example:{port}/200", b"", {})
    assert answer.status == 0
    assert "is not a public address" in answer.detail
    assert Receiver.hits == []


def test_one_private_address_among_public_ones_is_enough_to_refuse(port: int) -> None:
    caller = Caller((), lambda _host, _port: ["93.184.216.34", "127.0.0.1"])
    assert "not a public address" in post(caller, f"https://harmless.example:{port}/200", b"", {}).detail


def test_a_name_that_changes_its_mind_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    connected: list[str] = []

    def fickle(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    async def connect(addr_infos: list[Any], **_: object) -> socket.socket:
        connected.extend(info[4][0] for info in addr_infos)
        raise OSError("no network in tests")

    monkeypatch.setattr("aiohappyeyeballs.start_connection", connect)
    answer = post(Caller((), fickle), "https://fickle.example/200", b"", {})
    assert answer.status == 0
    assert (asked, connected) == (["fickle.example"], ["93.184.216.34"])


def test_outside_of_allowed_networks_only_https_is_called() -> None:
    answer = post(Caller((), lambda _host, _port: ["93.184.216.34"]), "http://public.example/", b"", {})
    assert "only https" in answer.detail


def test_an_answer_that_drips_has_an_end(port: int) -> None:
    start = time.monotonic()
    answer = post(Caller(LOOPBACK, seconds=0.5), f"http://127.0.0.1:{port}/drip", b"", {})
    assert answer.status == 0
    assert time.monotonic() - start < 3


def test_a_name_that_is_unknown_is_said() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("Name or service not known")

    assert "gaierror" in post(Caller((), unknown), "https://nowhere.example/", b"", {}).detail


def test_certificates_are_checked_against_the_name(port: int) -> None:
    caller = Caller(LOOPBACK, lambda _host, _port: ["127.0.0.1"])
    assert caller._tls.verify_mode is ssl.CERT_REQUIRED
    assert caller._tls.check_hostname
    assert post(caller, f"https://receiver.example:{port}/200", b"", {}).status == 0
