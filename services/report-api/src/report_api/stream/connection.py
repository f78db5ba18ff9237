"""One client: a request, its answer, the end. HTTP/1.1 by h11; every wait for the client has an end.

What was sent and not taken is bounded: the buffer of the kernel, which is small, and one piece here, since nothing is
sent before the last piece is in the kernel.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from enum import Enum, auto
from http import HTTPStatus
from typing import NamedTuple, Protocol, cast

import h11

from report_api.stream.guests import Guests
from report_api.stream.requests import Request, read_head
from report_api.web.problems import Refused

HEAD_BYTES = 32_768  # of a request: a cursor of 1,024 partitions has 20,000
UNHEARD_BYTES = 262_144  # of a body that is not read, until its sender is cut off
LEFT = "left"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: give up what was not taken

log = logging.getLogger(__name__)


class Gone(Exception):
    """The client has left, or was cut off."""


class _State(Enum):
    READING = auto()
    ANSWERING = auto()
    STREAMING = auto()
    LEAVING = auto()  # all is said; the client should close, lest what it has not read is lost
    GONE = auto()


class Patience(NamedTuple):
    """How many seconds a client has: to send a request, or take an answer; to take a piece of a stream."""

    request: float
    take: float


class Host(Protocol):
    """What is behind the connections."""

    async def serve(self, connection: "Connection", request: Request) -> None:
        """Answer a request. Raises Refused, Gone."""

    def refuse(self, connection: "Connection", error: Refused) -> None:
        """Answer with a problem."""

    def told_cut(self, reason: str) -> None:
        """Hear why a connection was cut."""


class Connection(asyncio.Protocol):
    """To be made in the event loop, for a client that has come."""

    def __init__(self, guests: Guests, host: Host, patience: Patience) -> None:
        self._guests = guests
        self._host = host
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        self._state = _State.READING
        self._heard = 0  # bytes of the request
        self._unheard = 0  # those that came after it
        self._is_head = False  # the request, whose answer has no body then
        self._taken = asyncio.Event()
        self._taken.set()
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self.reason = LEFT  # why a stream ended

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the request."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(0)  # what the kernel does not take at once pauses the writing
        self._wait(self._late)
        self._guests.come(self)

    def data_received(self, data: bytes) -> None:
        """Read the head; who sends more than a request is not listened to."""
        if self._state is _State.STREAMING:
            self.cut("talks")
        elif self._state is _State.LEAVING:
            self._unheard += len(data)
            if self._unheard > UNHEARD_BYTES:
                self.cut("talks")
        elif self._state is _State.READING:
            try:
                self._read(data)
            except h11.RemoteProtocolError as error:
                self._host.refuse(self, _malformed(error))
            except Refused as error:
                self._host.refuse(self, error)

    def eof_received(self) -> bool:
        """Let an answer that is under way go out; who has a stream and says good-bye has left."""
        if self._state is _State.STREAMING:
            self.cut(LEFT)
        return self._state is _State.ANSWERING

    def pause_writing(self) -> None:
        """Note that the kernel has not taken all."""
        self._taken.clear()

    def resume_writing(self) -> None:
        """Note that it has."""
        self._taken.set()

    def connection_lost(self, _: Exception | None) -> None:
        """Forget everything."""
        self._over()

    # What the application does.

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Send a whole answer, unless one has begun, and expect the client to close."""
        if self._state in {_State.READING, _State.ANSWERING}:
            self._begin(status, {**headers, "Content-Length": str(len(body))})
            if not self._is_head:
                self._write(h11.Data(data=body))
            self._finish()

    async def begin_stream(self, headers: dict[str, str], text: bytes) -> None:
        """Begin an answer without a length, with its first piece. Raises Gone."""
        if self._state is not _State.ANSWERING:
            raise Gone
        self._state = _State.STREAMING
        self._begin(200, headers)
        await self.send(text)

    async def send(self, text: bytes) -> None:
        """Send a piece; return when the kernel has it. Raises Gone, also when that took too long."""
        if self._state is not _State.STREAMING:
            raise Gone
        self._write(h11.Data(data=text))
        if self._taken.is_set():
            return
        try:
            async with asyncio.timeout(self._patience.take):
                await self._taken.wait()
        except TimeoutError:
            self.cut("slow")
            raise Gone from None

    def end(self, reason: str) -> None:
        """End a stream, so that the client sees the end and may come back."""
        if self._state is _State.STREAMING:
            self.reason = reason
            self._finish()
            self._stop_task()

    def cut(self, reason: str) -> None:
        """End the connection at once and give up what was not taken."""
        if self._state is _State.GONE:
            return
        self.reason = reason
        if reason != LEFT:
            self._host.told_cut(reason)
        with suppress(OSError):
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._transport.abort()
        self._over()

    # Steps.

    def _read(self, data: bytes) -> None:
        self._heard += len(data)
        if self._heard > HEAD_BYTES:  # also when it is whole: h11 minds only what is not
            raise _too_large()
        self._http.receive_data(data)
        event = self._http.next_event()
        if event is h11.NEED_DATA:
            return
        if not isinstance(event, h11.Request):
            self.cut(LEFT)
            return
        self._is_head = event.method == b"HEAD"
        self._state = _State.ANSWERING
        self._guests.ask(self)
        self._wait(None)
        if event.http_version not in {b"1.0", b"1.1"}:
            raise Refused(505, "http-505", "HTTP Version Not Supported", "speak HTTP/1.1")
        peer = self._transport.get_extra_info("peername") or ("",)
        has_body = not isinstance(self._http.next_event(), h11.EndOfMessage)
        request = read_head(event.method, event.target, event.headers, str(peer[0]), has_body=has_body)
        self._task = self._loop.create_task(self._run(request))

    async def _run(self, request: Request) -> None:
        try:
            await self._host.serve(self, request)
        except Gone:
            pass
        except Refused as error:
            self._host.refuse(self, error)
        except Exception:
            log.exception("a request failed")
            self._host.refuse(self, Refused(500, "http-500", "Internal Server Error", "something went wrong here"))
            self.end("failed")

    def _begin(self, status: int, headers: dict[str, str]) -> None:
        fields = {**headers, "Date": formatdate(usegmt=True), "Connection": "close"}
        self._write(h11.Response(status_code=status, reason=HTTPStatus(status).phrase, headers=list(fields.items())))

    def _write(self, event: h11.Event) -> None:
        self._transport.write(self._http.send(event) or b"")

    def _finish(self) -> None:
        self._write(h11.EndOfMessage())
        self._state = _State.LEAVING
        self._guests.have_answer(self)
        with suppress(OSError):
            self._transport.write_eof()
        self._wait(self._linger_no_longer)

    def _late(self) -> None:
        if self._http.trailing_data[0]:
            self._host.refuse(
                self, Refused(408, "request-late", "The request came too slowly", "send it whole, and at once")
            )
        else:
            self.cut(LEFT)  # it has asked for nothing

    def _linger_no_longer(self) -> None:
        self.cut("late" if self._transport.get_write_buffer_size() else LEFT)

    def _wait(self, then: Callable[[], None] | None) -> None:
        """Give the client some seconds from now on; None: it is our turn."""
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_later(self._patience.request, then) if then else None

    def _stop_task(self) -> None:
        if self._task and self._task is not asyncio.current_task():
            self._task.cancel()

    def _over(self) -> None:
        if self._state is not _State.GONE:
            self._state = _State.GONE
            self._wait(None)
            self._guests.leave(self)
            self._stop_task()


def _malformed(error: h11.RemoteProtocolError) -> Refused:
    status = error.error_status_hint
    if status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return _too_large()
    return Refused(400, "malformed", "The request cannot be read", "it is not HTTP/1.1")


def _too_large() -> Refused:
    return Refused(431, "headers-too-large", "The headers are too large", f"send {HEAD_BYTES} bytes at most")
