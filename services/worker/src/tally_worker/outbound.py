"""Calls out to addresses that somebody else chose, without becoming a way into the network that this runs in.

A name is resolved once; every address that it has must be public (or in an allowed network); the connection goes to the
address that was checked, so that a name that changes its mind between two look-ups gains nothing. Redirects are not
followed, and a call as a whole has an end.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Timer
from typing import Any, cast
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

CONNECT_SECONDS = 3.0
READ_SECONDS = 7.0
TOTAL_SECONDS = 10.0
MAX_DETAIL = 200  # characters of an answer that are kept

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Iterable[str]]

_NAT64 = IPv6Network("64:ff9b::/96")


class Forbidden(Exception):
    """The address is not one that may be called."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 means that nothing did, and `detail` says why."""

    status: int
    detail: str
    retry_after: float | None
    duration_ms: int


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Caller:
    """Posts to URLs. `allowed` are private networks that may be called all the same, there also without TLS."""

    def __init__(self, allowed: tuple[Network, ...] = (), find: Resolve = resolve) -> None:
        self._allowed = allowed
        self._find = find
        self._tls = ssl.create_default_context()

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send `body`, and say what came back. Never raises for what the other side does."""
        start = time.monotonic()

        def answer(status: int, detail: str, retry_after: float | None = None) -> Answer:
            took = round((time.monotonic() - start) * 1000)
            return Answer(status, detail[:MAX_DETAIL], retry_after, took)

        try:
            status, detail, retry_after = self._post(url, body, headers)
        except Forbidden as error:
            return answer(0, str(error))
        except (HTTPError, OSError, ValueError) as error:
            return answer(0, f"{type(error).__name__}: {error}")
        return answer(status, detail, retry_after)

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str, float | None]:
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        address = self._checked(host, port, secure=secure)
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        if secure:
            pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
                address,
                port,
                timeout=timeout,
                maxsize=1,
                ssl_context=self._tls,
                server_hostname=host,
                assert_hostname=host,
            )
        else:
            pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout, maxsize=1)
        authority = host if parts.port is None else f"{host}:{port}"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with pool:
            connection = pool._get_conn()  # noqa: SLF001 - to be able to end it from outside
            late: list[bool] = []
            timer = Timer(TOTAL_SECONDS, _cut, [connection, late])
            timer.daemon = True
            timer.start()
            try:
                connection.timeout = CONNECT_SECONDS
                connection.connect()
                cast("Any", connection).sock.settimeout(READ_SECONDS)
                connection.request(
                    "POST", path, body, {"host": authority, **headers}, preload_content=False, decode_content=False
                )
                response = connection.getresponse()
                detail = response.read(MAX_DETAIL, decode_content=False).decode("utf-8", "replace")
                retry_after = _seconds(response.headers.get("retry-after"))
                if late:
                    raise TimeoutError(f"no whole answer within {TOTAL_SECONDS:g} s")
                return response.status, "".join(one if one.isprintable() else " " for one in detail), retry_after
            finally:
                timer.cancel()
                connection.close()

    def _checked(self, host: str, port: int, *, secure: bool) -> str:
        """Return the address to connect to. Raises Forbidden, OSError."""
        found = [ip_address(text.partition("%")[0]) for text in self._find(host, port)]
        if not found:
            raise Forbidden("the name has no address")
        for address in found:
            inner = _embedded(address)
            if any(inner in network for network in self._allowed):
                continue
            if not inner.is_global or inner.is_multicast or inner.is_reserved:
                raise Forbidden(f"{address} is not a public address")
            if not secure:
                raise Forbidden("only https is called outside of allowed networks")
        return str(found[0])


def _embedded(address: Address) -> Address:
    """Return the IPv4 address inside an IPv6 address that stands for one."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address.sixtofour:
            return address.sixtofour
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _cut(connection: object, late: list[bool]) -> None:
    """End a call that takes too long, whatever it waits for, and say so in `late`."""
    late.append(True)
    sock = getattr(connection, "sock", None)
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _seconds(text: str | None) -> float | None:
    """Return a Retry-After in seconds; a date is not understood."""
    return float(text) if text and text.isascii() and text.isdigit() else None
