"""Calls out to addresses that somebody else chose, without becoming a way into the network that this runs in.

A name is resolved once; every address that it has must be public (or in an allowed network); connections go to the
addresses that were checked, one after the other until one takes it, so that a name that changes its mind between two
look-ups gains nothing. Redirects are not followed, no proxy of the environment is used, and nothing is unpacked.

Through a proxy of the settings it is the same: the proxy is told the address that was checked (CONNECT), never the
name, which it would look up anew, inside. The name is for the certificate and the request alone. What lies in an
allowed network is called directly.

Every call ends within its time on the wall clock, whatever arrives. The status is the answer: once the headers are
there, only the beginning of an error's text is waited for, and not for long.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    hdrs,
)
from yarl import URL

from quorum.network.addresses import Network, is_global_unicast, is_within, parse_address
from quorum.webhooks.subscription import CALL_SECONDS, retry_after_seconds
from tally_worker.delivering.connections import PinnedConnector
from tally_worker.delivering.names import Names, Resolve, resolve

CONNECT_SECONDS = 3.0  # for each address, with TLS
DETAIL_SECONDS = 1.0  # how long an error's text is waited for
MAX_DETAIL = 200  # characters of an answer that are kept
MAX_HEADERS = 100
MIN_STATUS = 100
MAX_HEADER_BYTES = 8190  # of each header
MAX_ANSWER_BYTES = 65_536  # then it is hung up on: interim answers (1xx) and all

_PLAIN = {"accept-encoding": "identity"}


class Forbidden(Exception):
    """The address is not one that may be called."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 means that nothing did, and `detail` says why."""

    status: int
    detail: str
    retry_after: float | None
    duration_ms: int

    @property
    def well(self) -> bool:
        """Tell whether the other side has taken it."""
        return _is_well(self.status)


class Caller:
    """Posts to URLs. `allowed` are private networks that may be called all the same, there also without TLS."""

    def __init__(
        self,
        allowed: tuple[Network, ...] = (),
        resolve: Resolve = resolve,
        seconds: float = CALL_SECONDS,
        *,
        proxy: str = "",
    ) -> None:
        self._allowed = allowed
        self._proxy = URL(proxy) if proxy else None
        self._names = Names(resolve)
        self._seconds = seconds
        self._tls = ssl.create_default_context()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send `body`, and say what came back. Never raises for what the other side does."""
        start = time.monotonic()
        whole = asyncio.timeout(self._seconds)
        retry_after = None
        try:
            async with whole:
                status, detail, retry_after = await self._post(url, body, headers)
        except Forbidden as error:
            status, detail = 0, str(error)
        except Exception as error:  # noqa: BLE001 - whatever it was, this is what came back
            status, detail = 0, f"no answer within {self._seconds:g} s" if whole.expired() else _told(error)
        return Answer(status, printable(detail), retry_after, round((time.monotonic() - start) * 1000))

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, float | None]:
        target = URL(url, encoded=True)  # as it was given: a receiver may have signed it
        host, port = target.raw_host or "", target.port or 0
        addresses = await self._checked(host, port, secure=target.scheme == "https")
        content = {"data": body, "headers": {**_PLAIN, **headers}}
        if self._proxy is None or all(self._is_allowed(address) for address in addresses):
            return await self._send(addresses, target, content)
        return await self._send_through(self._proxy, addresses, target, content)

    async def _send_through(
        self, proxy: URL, addresses: list[str], target: URL, content: dict[str, Any]
    ) -> tuple[int, str, float | None]:
        """Send by the proxy, to the first of the addresses to which it connects."""
        name = target.raw_host or ""
        content["headers"] = {hdrs.HOST: target.authority.rpartition("@")[2], **content["headers"]}
        at = await self._names.addresses(proxy.raw_host or "", proxy.port or 0)
        while True:
            there = target.with_host(addresses.pop(0))
            try:
                return await self._send(at, there, {**content, "proxy": proxy, "server_hostname": name})
            except ClientHttpProxyError:
                if not addresses:
                    raise

    async def _send(self, addresses: list[str], target: URL, content: dict[str, Any]) -> tuple[int, str, float | None]:
        session = ClientSession(
            connector=PinnedConnector(addresses, self._tls, MAX_ANSWER_BYTES),
            timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=(hdrs.ACCEPT,),
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            max_headers=MAX_HEADERS,
        )
        async with session:
            response = await session.post(target, allow_redirects=False, **content)
            try:
                if response.status < MIN_STATUS:
                    return 0, f"the answer has the status {response.status}", None
                return response.status, await _detail(response), _retry_after(response)
            finally:
                response.close()

    async def _checked(self, host: str, port: int, *, secure: bool) -> list[str]:
        """Return the addresses to connect to. Raises Forbidden, and what the look-up raises."""
        found = [host] if parse_address(host) else await self._names.addresses(host, port)
        if not found:
            raise Forbidden("the name has no address")
        for text in found:
            address = parse_address(text)
            if self._is_allowed(text):
                continue
            if not address or not is_global_unicast(address):
                raise Forbidden(f"{text} is not a public address")
            if not secure:
                raise Forbidden("only https is called outside of allowed networks")
        return found

    def _is_allowed(self, text: str) -> bool:
        address = parse_address(text)
        return address is not None and is_within(address, self._allowed)


def _is_well(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004 - HTTP


async def _detail(response: ClientResponse) -> str:
    """Return how the text of an error begins, as far as it comes soon."""
    text = b""
    if not _is_well(response.status):
        with suppress(TimeoutError, ClientError, OSError, ValueError):
            async with asyncio.timeout(DETAIL_SECONDS):
                while len(text) < MAX_DETAIL and (chunk := await response.content.read(MAX_DETAIL)):
                    text += chunk
    return text.decode("utf-8", "replace")


def _told(error: Exception) -> str:
    if isinstance(error, ClientHttpProxyError):
        return f"the proxy does not connect: {error.status} {' '.join(error.message.split())}"
    if isinstance(error, ClientProxyConnectionError):
        return f"no connection to the proxy: {error.os_error}"
    if isinstance(error, ClientResponseError):  # its text has the URL and what arrived, at length
        return f"not an answer in HTTP: {' '.join(error.message.split())}"
    if isinstance(error, ClientConnectorCertificateError) and isinstance(error.certificate_error, ssl.SSLError):
        return f"the certificate is not accepted: {getattr(error.certificate_error, 'verify_message', error)}"
    if isinstance(error, ClientConnectorError):
        return f"no connection: {error.os_error}"
    return f"{type(error).__name__}: {error}"


def _retry_after(response: ClientResponse) -> float | None:
    """Return what the receiver says, in seconds; a date is taken against the receiver's own clock."""
    now, headers = datetime.now(UTC), response.headers
    return retry_after_seconds(headers.get(hdrs.RETRY_AFTER), headers.get(hdrs.DATE), now)


def printable(text: str) -> str:
    """Return the beginning of a foreign text as it may be kept: nothing that moves a cursor or has no encoding."""
    return "".join(one if one.isprintable() else " " for one in text[:MAX_DETAIL])
