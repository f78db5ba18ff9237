"""What Granian calls for every request (RSGI): read it whole, run it, answer."""

import asyncio
import json
import logging
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any, NamedTuple

from quorum.network.forwarding import Forwarding
from quorum.reporters.fingerprints import network_of
from report_api.server.admission import Admission
from report_api.server.environ import Environ, environ_of, with_body
from report_api.server.greenlets import LoopParking
from report_api.server.passage import PATH as STREAM
from report_api.server.passage import Passage
from report_api.telemetry.observe import Cuts
from report_api.web.bodies import body_limit
from report_api.web.headers import Headers
from report_api.web.mounting import Mounting
from report_api.web.problems import PROBLEM_TYPE, Refused, in_language

WsgiApp = Callable[[Environ, Any], Iterable[bytes]]

PROBE_THREADS = 2
QUEUED_FOR_EACH_THREAD = 16  # requests; beyond it waiting takes longer than coming back
REMEMBERED_PLACES = 4096
LOOK_SECONDS = 0.25  # between two looks for requests whose time is over
PROBES = frozenset({"/readyz", "/metrics"})
INTAKE = "/v1/reports"
BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Door:
    """Serves a WSGI application. Made in the process that serves it."""

    def __init__(
        self,
        app: WsgiApp,
        admission: Admission,
        parking: LoopParking,
        threads: int,
        *,
        cuts: Cuts,
        forwarding: Forwarding,
        headers: Headers,
        passage: Passage | None = None,
    ) -> None:
        self._app = app
        self._passage = passage
        self._mounting = Mounting(forwarding)
        self._place_of = lru_cache(REMEMBERED_PLACES)(partial(_place_of, forwarding))
        self._headers = headers
        self._admission = admission
        self._parking = parking
        self._cuts = cuts
        self._pool = ThreadPoolExecutor(threads, "request")
        self._most_running = threads * (1 + QUEUED_FOR_EACH_THREAD)
        self._running = 0
        self._probes = ThreadPoolExecutor(PROBE_THREADS, "probe")
        self._loop: asyncio.AbstractEventLoop | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to look for late requests."""
        self._loop = self._parking.loop = loop
        self._look()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        try:
            environ = environ_of(scope)
            self._mounting.place(environ)
            if self._passage and environ["PATH_INFO"] == STREAM and scope.method == "GET":
                await self._passage.serve(environ, protocol)
                return
            answer = await self._answer(environ, protocol)
        except Refused as error:
            self._cuts.count(error.kind)
            answer = self._refusal(error, scope)
        except asyncio.CancelledError:  # the client has gone
            raise
        except Exception:
            log.exception("request failed at the door")
            broken = Refused(500, "http-500", "Internal Server Error", "something went wrong here")
            answer = self._refusal(broken, scope)
        protocol.response_bytes(*answer)

    async def _answer(self, environ: Environ, protocol: Any) -> Answer:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        body = b"" if method in BODILESS else await self._read(environ, path, protocol)
        run = partial(call_wsgi, self._app, with_body(environ, body))
        if path == "/livez" or (path == INTAKE and "HTTP_IDEMPOTENCY_KEY" not in environ):
            return await self._parking.in_greenlet(run)
        assert self._loop is not None
        if path in PROBES:
            return await self._loop.run_in_executor(self._probes, run)
        return await self._in_thread(run)

    async def _in_thread(self, run: Callable[[], Answer]) -> Answer:
        assert self._loop is not None
        if self._running >= self._most_running:
            detail = "Every thread is busy, and many requests wait already. Send this one again in a moment."
            raise Refused(503, "busy", "Too busy just now", detail, headers={"Retry-After": "1"})
        self._running += 1
        future = self._loop.run_in_executor(self._pool, run)
        future.add_done_callback(self._ended)  # also when the client has gone: the thread is taken until then
        return await future

    def _ended(self, _: object) -> None:
        self._running -= 1

    async def _read(self, environ: Environ, path: str, protocol: Any) -> bytes:
        """Return the whole body, within its limit and its time. Raises Refused."""
        limit = body_limit(path)
        length = environ.get("CONTENT_LENGTH")
        if length is not None and "HTTP_TRANSFER_ENCODING" not in environ:
            if int(length) > limit:
                raise _too_large(limit)
            limit = -1  # Granian gives no more than the length
        elif "HTTP_TRANSFER_ENCODING" not in environ:
            return b""
        task = asyncio.current_task()
        assert task is not None
        place = self._place_of(environ["REMOTE_ADDR"], environ.get("HTTP_X_FORWARDED_FOR"))
        reading = self._admission.begin(place, task.cancel)
        try:
            return await protocol() if limit < 0 else await _counted(protocol, limit)
        except asyncio.CancelledError:
            if not reading.late:
                raise
            task.uncancel()
            raise _late() from None
        finally:
            self._admission.end(reading)

    def _refusal(self, error: Refused, scope: Any) -> Answer:
        """Return a problem document; the connection ends, since what is left of the request was not read."""
        asked = scope.headers.get("accept-language")
        title, detail, of_language = in_language(error.kind, error.title, error.detail, asked, {})
        body = {"type": f"urn:quorum:problem:{error.kind}", "title": title, "status": error.status, "detail": detail}
        headers = {"Content-Type": PROBLEM_TYPE, "Cache-Control": "no-store", "Connection": "close", **error.headers}
        headers |= of_language
        fields = list(headers.items())
        self._headers.add(fields, scope.path, scope.headers.get("origin"), scope.method)
        return Answer(error.status, fields, json.dumps(body).encode())

    def _look(self) -> None:
        assert self._loop is not None
        self._admission.cut_late_ones()
        self._parking.end_late_waits()
        self._loop.call_later(LOOK_SECONDS, self._look)


def _place_of(forwarding: Forwarding, peer: str, forwarded_for: str | None) -> Hashable:
    """Return what a client is counted by: its IPv4 address, or its IPv6 network, in which it has any address it likes.

    A client whose address is not known is counted with whoever has connected.
    """
    address = forwarding.client(peer, forwarded_for)
    if address is None:
        return peer
    return network_of(address)


async def _counted(protocol: Any, limit: int) -> bytes:
    """Return a body of unknown length; more than `limit` bytes are refused whole, never cut."""
    chunks, size = [], 0
    async for chunk in protocol:
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def call_wsgi(app: WsgiApp, environ: Environ) -> Answer:
    """Return the whole answer of a WSGI application."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
        begun[:] = [(status, headers)]

    parts = app(environ, start_response)
    try:
        body = parts[0] if isinstance(parts, list) and len(parts) == 1 else b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close:
            close()
    [(status, headers)] = begun
    return Answer(int(status[:3]), headers, body)


def _too_large(limit: int) -> Refused:
    return Refused(413, "body-too-large", "The body is too large", f"send {limit} bytes at most here")


def _late() -> Refused:
    return Refused(408, "request-late", "The request came too slowly", "send it whole, and without pauses")
