"""How a call finds its way: names, addresses, ports, Host and certificates; nobody waits for a name that hangs."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hostile import Hostile, receivers, say

from quorum.webhooks.subscription import CALL_SECONDS, LEASE_MS, STORE_SECONDS
from tally_worker.delivering.outbound import Answer, Caller

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def post(url: str, *addresses: str, seconds: float = CALL_SECONDS, trust: Path | None = None) -> Answer:
    caller = Caller(LOOPBACK, lambda _host, _port: addresses or ["127.0.0.1"], seconds)
    if trust:
        caller._tls.load_verify_locations(trust)
    return asyncio.run(caller.post(url, b"{}", {"x": "y"}))


@contextmanager
def listening(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """Answer 200 on a free port, and keep what was sent."""
    seen: list[bytes] = []
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with suppress(OSError), tls.wrap_socket(peer, server_side=True) if tls else peer as wrapped:
                    seen.append(wrapped.recv(65536))
                    wrapped.sendall(OK)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], seen


def _answer_one(listener: socket.socket) -> None:
    with listener.accept()[0] as peer:
        peer.recv(65536)
        peer.sendall(OK)


def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.mark.parametrize(
    ("listener", "authority", "host"),
    [
        ("::1", "[::1]:{port}", "[::1]:{port}"),
        ("127.0.0.1", "127.0.0.1:{port}", "127.0.0.1:{port}"),
        ("127.0.0.1", "Receiver.example:{port}", "Receiver.example:{port}"),
        ("127.0.0.1", "receiver.example.:{port}", "receiver.example:{port}"),
        ("127.0.0.1", "xn--mnchen-3ya.example:{port}", "xn--mnchen-3ya.example:{port}"),
    ],
)
def test_the_host_is_named_as_the_url_does(listener: str, authority: str, host: str) -> None:
    with listening(listener) as (port, seen):
        assert post(f"http://{authority.format(port=port)}/a%2Fb?c=%2F").status == 200
    first, *headers = seen[0].split(b"\r\n")
    assert first == b"POST /a%2Fb?c=%2F HTTP/1.1"
    assert f"Host: {host.format(port=port)}".encode() in headers


@pytest.mark.parametrize(
    ("url", "host", "port"), [("http://a.example", "a.example", 80), ("https://b.example", "b.example", 443)]
)
def test_without_a_port_the_default_one_is_called(url: str, host: str, port: int) -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        raise OSError("no network in tests")

    asyncio.run(Caller((), resolve).post(url, b"", {}))
    assert asked == [(host, port)]


def test_an_address_that_is_dead_is_not_the_only_one() -> None:
    with listening() as (port, _):
        assert post(f"http://two.example:{port}/", "127.0.0.2", "127.0.0.3", "127.0.0.1").status == 200


def test_an_address_that_swallows_everything_is_not_the_only_one() -> None:
    full = socket.create_server(("127.0.0.9", 0), backlog=0)
    port = full.getsockname()[1]
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:  # then the queue is full, and nobody who knocks is answered
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.9", port))
    with full, socket.create_server(("127.0.0.1", port)) as listener:
        threading.Thread(target=_answer_one, args=(listener,), daemon=True).start()
        answer = post(f"http://two.example:{port}/", "127.0.0.9", "127.0.0.1")
    for filler in fillers:
        filler.close()
    assert answer.status == 200


@pytest.mark.slow
def test_a_receiver_that_takes_six_seconds_has_answered() -> None:
    def late(peer: socket.socket) -> None:
        time.sleep(6)
        peer.sendall(OK)

    with receivers([Hostile("late", late)]) as ports:
        answer = post(f"http://127.0.0.1:{ports['late']}/")
    assert answer.status == 200
    assert 5900 < answer.duration_ms < CALL_SECONDS * 1000


def test_a_lease_outlives_an_attempt_however_late_it_begins() -> None:
    assert LEASE_MS / 1000 >= STORE_SECONDS + CALL_SECONDS + STORE_SECONDS


def test_a_body_without_end_after_a_good_status_is_not_waited_for() -> None:
    endless = Hostile("endless", say(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b"x" * 200_000))
    with receivers([endless]) as ports:
        answer = post(f"http://127.0.0.1:{ports['endless']}/")
    assert answer.status == 200


def test_a_name_that_hangs_ends_in_time_and_keeps_nobody_from_another() -> None:
    hung = threading.Event()

    def resolve(host: str, _port: int) -> list[str]:
        if host != "well.example":
            hung.wait(30)
        return ["127.0.0.1"]

    async def call(port: int) -> tuple[list[Answer], Answer, int]:
        caller = Caller(LOOPBACK, resolve, seconds=1.0)
        hanging = [
            asyncio.create_task(caller.post(f"http://hangs-{number % 50}.example:{port}/", b"", {}))
            for number in range(200)
        ]
        await asyncio.sleep(0)
        start = time.monotonic()
        well = await caller.post(f"http://well.example:{port}/", b"", {})
        assert time.monotonic() - start < 1
        looking = sum(thread.name == "name" for thread in threading.enumerate())
        return list(await asyncio.gather(*hanging)), well, looking

    with listening() as (port, _):
        hanging, well, looking = asyncio.run(call(port))
    hung.set()
    assert well.status == 200
    assert {(answer.status, answer.detail) for answer in hanging} == {(0, "no answer within 1 s")}
    assert all(answer.duration_ms < 2000 for answer in hanging)
    assert looking <= 51  # one for each name, however many ask for it


def write_certificate(path: Path, host: str, begins: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.with_suffix(".pem").write_bytes(made.public_bytes(Encoding.PEM))
    path.with_suffix(".key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    for name, host, begins in (
        ("right", "receiver.example", datetime.now(UTC) - timedelta(hours=1)),
        ("other", "other.example", datetime.now(UTC) - timedelta(hours=1)),
        ("expired", "receiver.example", datetime(2020, 1, 1, tzinfo=UTC)),
    ):
        write_certificate(folder / name, host, begins)
    return folder


@pytest.mark.parametrize(
    ("name", "trusted", "told"),
    [
        ("right", True, ""),
        ("right", False, "self-signed"),
        ("other", True, "Hostname mismatch"),
        ("expired", True, "expired"),
    ],
)
def test_only_a_certificate_of_that_name_is_taken(certificates: Path, name: str, trusted: bool, told: str) -> None:  # noqa: FBT001
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    with listening(tls=tls) as (port, seen):
        answer = post(f"https://receiver.example:{port}/", trust=certificates / f"{name}.pem" if trusted else None)
    assert answer.status == (0 if told else 200)
    assert told in answer.detail
    assert bool(seen) == (not told)


@pytest.mark.parametrize("way", ["silence", "garbage", "reset", "plain"])
def test_a_handshake_that_comes_to_nothing_ends_in_time(way: str) -> None:
    from hostile import FAMILY  # noqa: PLC0415 - the ways before any request

    acts = {one.name: one.act for one in FAMILY if not one.reads}
    act = acts.get(f"before the request: {way}", say(OK))
    with receivers([Hostile(way, act, reads=False)]) as ports:
        answer = post(f"https://receiver.example:{ports[way]}/", seconds=1.0)
    assert answer.status == 0
    assert answer.detail
    assert answer.duration_ms < 3000


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{dead_port()}")
    monkeypatch.setenv("NETRC", "/dev/null")
    with listening() as (port, _):
        assert post(f"http://receiver.example:{port}/").status == 200
