"""Passes `/v1/events/stream` on to the stream process, so that it answers under the API's address, too.

What is open costs a task and two sockets here, and a place and a queue there, where every limit of the stream holds:
the client's address is told to a port that only the API reaches (`quorum stream --inner-port`).
"""

import asyncio
from typing import Any, NamedTuple

import h11

from quorum.errors import SettingsError
from quorum.network.forwarding import Forwarding
from report_api.server.environ import Environ
from report_api.web.problems import Refused

PATH = "/v1/events/stream"
MOST = 512  # streams that one process passes on
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 10.0
PIECE_BYTES = 16_384
_LATER = {"Retry-After": "2"}
_PASSED = ("authorization", "last-event-id", "accept", "user-agent")
_NOT_PASSED = frozenset({"connection", "transfer-encoding", "keep-alive"})


class Place(NamedTuple):
    """Where the stream process listens for the API."""

    host: str
    port: int


def read_place(text: str) -> Place | None:
    """Return a place from `host:port`; None for an empty text. Raises SettingsError."""
    if not text:
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65_536:  # noqa: PLR2004 - ports
        raise SettingsError(f"QUORUM_STREAM_INNER is {text!r}; write host:port")
    return Place(host.strip("[]"), int(port))


class Passage:
    """To be used in one event loop. `take_seconds` is how long a client may leave a piece untaken."""

    def __init__(self, place: Place, forwarding: Forwarding, take_seconds: float) -> None:
        self._place = place
        self._forwarding = forwarding
        self._take_seconds = take_seconds
        self._open = 0

    async def serve(self, environ: Environ, protocol: Any) -> None:
        """Answer a request from the stream process, for as long as both sides stay. Raises Refused before it begins."""
        if self._open >= MOST:
            raise Refused(503, "busy", "Too busy just now", "Too many streams are open here", headers=_LATER)
        self._open += 1
        try:
            await self._pass_on(environ, protocol)
        finally:
            self._open -= 1

    async def _pass_on(self, environ: Environ, protocol: Any) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(*self._place, limit=PIECE_BYTES)
        except (OSError, TimeoutError):
            raise _away() from None
        try:
            inner = _Inner(reader, writer)
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    response = await inner.ask(environ, self._client(environ))
            except (OSError, TimeoutError, h11.RemoteProtocolError):
                raise _away() from None
            told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
            headers = [(name, value) for name, value in told if name not in _NOT_PASSED]
            transport = protocol.response_stream(response.status_code, headers)
            await self._pump(inner, transport)
        finally:
            writer.close()

    async def _pump(self, inner: "_Inner", transport: Any) -> None:
        """Send piece after piece. A client that has gone, or takes none for too long, ends it; so does the stream."""
        try:
            while piece := await inner.piece():
                async with asyncio.timeout(self._take_seconds):
                    await transport.send_bytes(piece)
        except (OSError, TimeoutError, RuntimeError, h11.RemoteProtocolError):
            return

    def _client(self, environ: Environ) -> str:
        address = self._forwarding.client(environ["REMOTE_ADDR"], environ.get("HTTP_X_FORWARDED_FOR"))
        return environ["REMOTE_ADDR"] if address is None else str(address)


class _Inner:
    """A connection to the stream process."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)

    async def ask(self, environ: Environ, client: str) -> h11.Response:
        """Send the request, with nothing but what the stream reads; return the head of the answer."""
        query = environ["QUERY_STRING"]
        names = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in _PASSED}
        headers = [(name, environ[key]) for name, key in names.items() if key in environ]
        headers += [("host", "stream"), ("x-forwarded-for", client), ("connection", "close")]
        target = f"{PATH}?{query}" if query else PATH
        request = h11.Request(method=environ["REQUEST_METHOD"], target=target.encode("latin-1"), headers=headers)
        self._writer.write((self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b""))
        await self._writer.drain()
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                return event

    async def piece(self) -> bytes:
        """Return what comes next; nothing at the end."""
        while True:
            event = await self._next()
            if isinstance(event, h11.Data):
                return bytes(event.data)
            if isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                return b""

    async def _next(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(PIECE_BYTES))
        return event


def _away() -> Refused:
    detail = "The stream cannot be reached just now. Come back after the time in Retry-After."
    return Refused(503, "stream-away", "The stream is away", detail, headers=_LATER)
