"""What the stream process answers: the stream, /livez and /metrics."""

import asyncio
import json
import logging
import time

from quorum.errors import CursorExpired, InvalidCursor, StoreUnavailable
from quorum.events.feed import BEGINNING, NOW
from quorum.network.forwarding import Forwarding
from report_api.stream.checks import Checks
from report_api.stream.connection import Connection
from report_api.stream.guests import Guests
from report_api.stream.hub import Hub, Piece
from report_api.stream.narrowing import narrowed, read_types
from report_api.stream.requests import Request
from report_api.stream.tally import Tally
from report_api.web.headers import DATA
from report_api.web.mounting import Mounting, below
from report_api.web.problems import PROBLEM_TYPE, Refused
from report_api.web.querying import check_names

PATH = "/v1/events/stream"
ARGUMENTS = {"after": False, "type": True}  # of the stream, and whether they may come many times
HEARTBEAT_SECONDS = 15.0  # below the idle time-outs of usual proxies
RETRY_SECONDS = 1.0  # until the feed is looked at again when Redis did not answer
RECONNECT = b"retry: 2000\n\n"  # ms
HEARTBEAT = b": still here\n\n"
EXPIRED = b"event: expired\ndata: {}\n\n"
HEADERS = {**dict(DATA), "Cache-Control": "no-store"}
STREAM_HEADERS = {**HEADERS, "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}

log = logging.getLogger(__name__)


class StreamApp:
    """To be used in one event loop."""

    def __init__(self, hub: Hub, guests: Guests, tally: Tally, checks: Checks, *, forwarding: Forwarding) -> None:
        self._hub = hub
        self._guests = guests
        self._tally = tally
        self._checks = checks
        self._forwarding = forwarding
        self._mounting = Mounting(forwarding)

    async def serve(self, connection: Connection, request: Request) -> None:
        """Answer one request. Raises Refused, Gone."""
        prefix = self._mounting.prefix(request.peer, request.headers.get("x-forwarded-prefix", ""))
        path = below(prefix, request.path)
        if path == "/livez":
            _answer(connection, 200, b'{"status": "alive"}', "application/json")
        elif path == "/metrics":
            _answer(connection, 200, self._tally.text(), "text/plain; version=0.0.4; charset=utf-8")
        elif path != PATH:
            raise Refused(404, "http-404", "Not Found", f"this process serves {PATH}, /livez and /metrics")
        elif request.method != "GET":
            raise Refused(405, "http-405", "Method Not Allowed", "use GET", headers={"Allow": "GET"})
        elif request.has_body:
            raise Refused(400, "unexpected-body", "The request has a body", "send none: it is not read")
        else:
            await self._stream(connection, request)

    def refuse(self, connection: Connection, error: Refused) -> None:
        """Answer with a problem document."""
        self._tally.refused(error.kind)
        body = {"type": f"urn:quorum:problem:{error.kind}", "title": error.title, "status": error.status}
        challenge = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}  # noqa: PLR2004 - RFC 9110, 11.6.1
        text = json.dumps({**body, "detail": error.detail}).encode()
        _answer(connection, error.status, text, PROBLEM_TYPE, {**error.headers, **challenge})

    def told_cut(self, reason: str) -> None:
        """Count a connection that was cut."""
        self._tally.cut(reason)

    async def _stream(self, connection: Connection, request: Request) -> None:
        authorization = request.headers.get("authorization")
        self._guests.check_room()
        try:
            await self._checks.check(authorization)
            arguments = request.arguments()
            check_names(ARGUMENTS, arguments.items())
            types = read_types(arguments.get("type", ()))
            cursor = await self._begin_at(request.headers.get("last-event-id") or arguments.get("after", [""])[0])
        except StoreUnavailable as error:
            raise _unavailable() from error
        self._guests.open_stream(connection, request.client(self._forwarding), authorization)
        try:
            await connection.begin_stream(STREAM_HEADERS, RECONNECT)
            await self._pump(connection, cursor, types)
        finally:
            self._tally.ended(connection.reason)

    async def _begin_at(self, given: str) -> str:
        """Return the cursor to begin after; a bad or an old one gets its answer before a stream begins."""
        cursor = given or BEGINNING
        try:
            if cursor == NOW:
                return await self._hub.end()
            await self._hub.after(cursor)
        except InvalidCursor as error:
            raise Refused(400, "invalid-cursor", "The cursor is not valid", f"after: {error}") from error
        except CursorExpired as error:
            raise Refused(410, "cursor-expired", "The cursor is too old", str(error)) from error
        return cursor

    async def _pump(self, connection: Connection, cursor: str, types: frozenset[bytes]) -> None:
        """Send events until the client leaves, or falls behind what is kept. Raises Gone."""
        told = time.monotonic()
        while True:
            more = self._hub.more()
            try:
                piece = await self._next(cursor)
            except CursorExpired:
                await connection.send(EXPIRED)
                connection.end("expired")
                return
            if piece and piece.text:
                await connection.send(narrowed(piece, types))
                cursor, told = piece.cursor, time.monotonic()
                await asyncio.sleep(0)  # who has much to catch up with lets others go first
                continue
            await _heard(more, HEARTBEAT_SECONDS if piece else RETRY_SECONDS)
            if time.monotonic() - told >= HEARTBEAT_SECONDS:
                await connection.send(HEARTBEAT)
                told = time.monotonic()

    async def _next(self, cursor: str) -> Piece | None:
        """Return what comes next, None when that cannot be known just now: the cursor is still good then."""
        try:
            return await self._hub.after(cursor)
        except StoreUnavailable:
            return None
        except CursorExpired:
            raise
        except Exception:
            log.exception("the events cannot be read")
            return None


async def _heard(more: asyncio.Event, seconds: float) -> None:
    """Wait for news, or until the time is over."""
    try:
        async with asyncio.timeout(seconds):
            await more.wait()
    except TimeoutError:
        pass


def _answer(
    connection: Connection, status: int, body: bytes, content_type: str, headers: dict[str, str] | None = None
) -> None:
    connection.answer(status, {**HEADERS, "Content-Type": content_type, **(headers or {})}, body)


def _unavailable() -> Refused:
    detail = "Redis does not answer just now; the stream can be opened again in a moment."
    return Refused(503, "store-unavailable", "Events cannot be read just now", detail, headers={"Retry-After": "2"})
