"""A server that cannot be verified gets no password: not from the store, not from Celery, not from the bus."""

import datetime as dt
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from certificates import Authority, Certificate
from conftest import make_settings
from prometheus_client import CollectorRegistry
from redis_server import RedisServer, wait_until
from servers import newest_redis

from quorum.inbox.doorbell import bell_transport_options, make_celery
from quorum.settings import Settings
from quorum.store.connection import connect
from tally_worker.app import make_bus
from tally_worker.observe import DeliveryMetrics, PartMetrics

PASSWORD = "a-password-that-nobody-else-may-see"
HOUR = dt.timedelta(hours=1)


class Listener:
    """Speaks TLS and writes down all that it is told; sometimes it pretends to be a server."""

    def __init__(self, certificate: Certificate) -> None:
        self.heard = b""
        self.handshakes = 0
        self.failed = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.cert, certificate.key)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                raw, _ = self._socket.accept()
            except OSError:
                return
            raw.settimeout(2)
            try:
                with self._context.wrap_socket(raw, server_side=True) as talk:
                    self.handshakes += 1
                    self._listen(talk)
            except OSError:
                self.failed += 1

    def _listen(self, talk: ssl.SSLSocket) -> None:
        with suppress(OSError):
            while more := talk.recv(4096):
                self.heard += more
                if more.startswith(b"AMQP"):  # Connection.Start, or the client tells nothing
                    talk.sendall(_AMQP_START)
                elif more.startswith(b"*"):
                    talk.sendall(b"+OK\r\n")  # and ends: what it wanted to hear it has heard
                    return

    def close(self) -> None:
        self._socket.close()


def _amqp_start() -> bytes:
    mechanisms, locales = b"PLAIN", b"en_US"
    method = b"\x00\x0a\x00\x0a\x00\x09" + (0).to_bytes(4)
    method += len(mechanisms).to_bytes(4) + mechanisms + len(locales).to_bytes(4) + locales
    return b"\x01\x00\x00" + len(method).to_bytes(4) + method + b"\xce"


_AMQP_START = _amqp_start()


@contextmanager
def listener(certificate: Certificate) -> Iterator[Listener]:
    made = Listener(certificate)
    try:
        yield made
    finally:
        made.close()


def ask_store(settings: Settings) -> None:
    with suppress(Exception), connect(settings.store, 1.0) as client:
        client.ping()


def declare_queue(settings: Settings) -> None:
    """Speak to the broker as the doorbell does."""
    celery = make_celery(settings, broker_transport_options=bell_transport_options(settings))
    with celery.connection_for_write(connect_timeout=1) as connection:
        connection.ensure_connection(max_retries=1, timeout=1)
        channel: Any = connection.default_channel
        channel.queue_declare("x")


def ask_broker(settings: Settings) -> None:
    with suppress(Exception):
        declare_queue(settings)


def ask_bus(settings: Settings) -> None:
    registry = CollectorRegistry()
    bus = make_bus(settings, DeliveryMetrics(registry), "a-worker", PartMetrics(registry))
    assert bus
    with suppress(Exception):
        bus._publish_while_leading()


URLS: dict[str, tuple[str, Callable[[Settings], None]]] = {
    "store": ("rediss://127.0.0.1:{port}", ask_store),
    "store of a cluster": ("rediss+cluster://127.0.0.1:{port}", ask_store),
    "store by sentinels": ("rediss+sentinel://127.0.0.1:{port}/service", ask_store),
    "broker": ("rediss://127.0.0.1:{port}", ask_broker),
    "broker by sentinels": ("rediss+sentinel://127.0.0.1:{port}/service", ask_broker),
    "broker on AMQP": ("amqps://127.0.0.1:{port}", ask_broker),
    "bus": ("amqps://127.0.0.1:{port}", ask_bus),
    "bus on Redis": ("valkeys://127.0.0.1:{port}", ask_bus),
}


OTHER_FAULTS = ("unknown to the system", "another host's", "expired")


def settings_for(target: str, redis_url: str, port: int, ca: Path | None) -> Settings:
    url = URLS[target][0].format(port=port)
    given = {"username": "user", "password": PASSWORD}
    name = {"store": "redis", "broker": "broker", "bus": "bus"}[target.split(maxsplit=1)[0]]
    changes: dict[str, object] = {f"{name}_url": url, **{f"{name}_{part}": text for part, text in given.items()}}
    if "sentinels" in target:
        changes |= {"sentinel_username": "user", "sentinel_password": PASSWORD}
    first = changes.pop("redis_url", redis_url)
    return make_settings(str(first), **{"broker_url": "memory://", "tls_ca": ca, **changes})


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    directory = tmp_path_factory.mktemp("authorities")
    return Authority(directory, "ours"), Authority(directory, "theirs")


@pytest.fixture(scope="module")
def plain_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = RedisServer(newest_redis(), tmp_path_factory.mktemp("redis")).start()
    yield server.url
    server.stop()


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        *((target, "untrusted") for target in URLS),
        *((target, fault) for target in ("store", "broker", "broker on AMQP", "bus") for fault in OTHER_FAULTS),
    ],
)
@pytest.mark.trouble(
    "a server's certificate is untrusted, expired or of another name",
    "store, broker and bus refuse it, and are told no password",
)
def test_a_server_with_a_bad_certificate_is_told_nothing(
    target: str, fault: str, authorities: tuple[Authority, Authority], plain_url: str
) -> None:
    ours, theirs = authorities
    certificate = {
        "untrusted": lambda: theirs.sign("untrusted"),
        "unknown to the system": lambda: ours.sign("unknown"),
        "another host's": lambda: ours.sign("wrong", "elsewhere.example"),
        "expired": lambda: ours.sign("expired", begins=-2 * HOUR, ends=-HOUR),
    }[fault]()
    with listener(certificate) as server:
        ca = None if fault == "unknown to the system" else ours.ca
        URLS[target][1](settings_for(target, plain_url, server.port, ca))
        wait_until(lambda: server.failed, 5, "a handshake that the client breaks off")
        assert (server.heard, server.handshakes - server.failed) in {(b"", 0), (b"", -server.failed)}


@pytest.mark.parametrize("target", URLS)
def test_a_server_with_a_good_certificate_is_told_the_password(
    target: str, authorities: tuple[Authority, Authority], plain_url: str
) -> None:
    ours, _ = authorities
    with listener(ours.sign("good")) as server:
        URLS[target][1](settings_for(target, plain_url, server.port, ours.ca))
        wait_until(lambda: PASSWORD.encode() in server.heard, 5, "the password")


def test_who_says_so_may_connect_unverified(authorities: tuple[Authority, Authority], plain_url: str) -> None:
    _, theirs = authorities
    with listener(theirs.sign("self-made")) as server:
        url = f"rediss://user:{PASSWORD}@127.0.0.1:{server.port}?ssl_cert_reqs=none"
        ask_store(make_settings(url))
        ask_broker(make_settings(plain_url, broker_url=url))
        wait_until(lambda: server.heard.count(PASSWORD.encode()) > 1, 5, "the password, twice")


def test_a_broker_says_what_is_wrong_with_a_certificate(
    authorities: tuple[Authority, Authority], plain_url: str
) -> None:
    ours, theirs = authorities
    with listener(theirs.sign("untrusted-2")) as server:
        settings = settings_for("broker", plain_url, server.port, ours.ca)
        with pytest.raises(Exception, match="certificate verify failed") as error:
            declare_queue(settings)
    assert PASSWORD not in str(error.value)
