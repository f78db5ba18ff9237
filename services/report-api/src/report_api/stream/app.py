"""The ASGI application of the stream process."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from quorum import metrics
from quorum.errors import CursorExpired, InvalidCursor, StoreUnavailable
from quorum.redis_store.api_keys import ApiKeys, KeyRing
from quorum.redis_store.connection import API_TIMEOUT_SECONDS, WORKER_TIMEOUT_SECONDS, connect
from quorum.redis_store.feed import BEGINNING, Feed
from quorum.redis_store.watch import Watch
from quorum.settings import Settings, read_settings
from report_api.access import Access
from report_api.forwarding import Forwarding
from report_api.mounting import Mounting, below
from report_api.problems import PROBLEM_TYPE, Refused
from report_api.stream.hub import Hub

PATH = "/v1/events/stream"
NOW = "now"
MAX_STREAMS = 5000
HEARTBEAT_SECONDS = 15.0  # below the idle time-outs of usual proxies
RECONNECT_MS = 2000
_PREFIX = b"x-forwarded-prefix"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Gone(Exception):
    """The client has left."""


class StreamApp:
    """Serves the stream, /livez and /metrics."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or read_settings()
        self._hub: Hub | None = None
        self._open = 0
        self._registry = CollectorRegistry()
        gauge = Gauge(metrics.OPEN_STREAMS.name, metrics.OPEN_STREAMS.meaning, registry=self._registry)
        gauge.set_function(lambda: self._open)
        self._mounting = Mounting(Forwarding(self._settings.proxy_hops))
        namespace = self._settings.namespace
        self._client = connect(self._settings.redis_url, API_TIMEOUT_SECONDS)
        self._access = Access(self._settings, KeyRing(ApiKeys(self._client, namespace)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = self._path(scope)
        if path == "/livez":
            await _answer(send, 200, b'{"status": "alive"}', b"application/json")
        elif path == "/metrics":
            await _answer(send, 200, generate_latest(self._registry), b"text/plain; version=0.0.4; charset=utf-8")
        elif path != PATH:
            await _problem(send, 404, "http-404", "Not Found", f"this process serves {PATH}, /livez and /metrics")
        elif scope["method"] != "GET":
            await _problem(send, 405, "http-405", "Method Not Allowed", "use GET", {"Allow": "GET"})
        else:
            await self._stream(scope, receive, send)

    def _path(self, scope: Scope) -> str:
        """Return the path, without the prefix that a proxy in front may have left on it."""
        path: str = scope["path"]
        stated = next((value.decode("latin-1") for name, value in scope["headers"] if name == _PREFIX), None)
        if stated is None:
            return path
        return below(self._mounting.prefix((scope.get("client") or ("",))[0], stated), path)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        if self._open >= MAX_STREAMS:
            detail = f"{MAX_STREAMS} streams are open here; come back, or read /v1/events"
            await _problem(send, 503, "too-many-streams", "Too many streams", detail, {"Retry-After": "5"})
            return
        self._open += 1
        try:
            await asyncio.to_thread(self._access.check_read, headers.get("authorization"))
            hub = await self._started_hub()
            wanted = headers.get("last-event-id") or query.get("after", [BEGINNING])[0]
            cursor = await hub.end() if wanted == NOW else wanted
            await hub.after(cursor)  # a bad or an old cursor gets its answer before the stream begins
            await self._pump(hub, cursor, receive, send)
        except Refused as error:
            await _problem(send, error.status, error.kind, error.title, error.detail)
        except InvalidCursor as error:
            await _problem(send, 400, "invalid-cursor", "The cursor is not valid", f"after: {error}")
        except CursorExpired as error:
            await _problem(send, 410, "cursor-expired", "The cursor is too old", str(error))
        except StoreUnavailable:
            detail = "Redis does not answer just now; the stream can be opened again in a moment."
            await _problem(
                send, 503, "store-unavailable", "Events cannot be read just now", detail, {"Retry-After": "2"}
            )
        except Gone:
            pass
        finally:
            self._open -= 1

    async def _started_hub(self) -> Hub:
        if self._hub is None:
            namespace, partitions = self._settings.namespace, self._settings.partitions
            watching = connect(self._settings.redis_url, WORKER_TIMEOUT_SECONDS)
            self._hub = Hub(Feed(self._client, namespace, partitions), Watch(watching, namespace, partitions))
            await self._hub.start()
        return self._hub

    async def _pump(self, hub: Hub, cursor: str, receive: Receive, send: Send) -> None:
        """Send events until the client leaves, or falls behind what is kept."""
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _chunk(send, b"retry: %d\n\n" % RECONNECT_MS)
        leaving = asyncio.ensure_future(_left(receive))
        try:
            while not leaving.done():
                more = hub.more()
                try:
                    chunk = await hub.after(cursor)
                except StoreUnavailable:
                    chunk = None  # Redis comes back, and the cursor is still good
                except CursorExpired:
                    await _chunk(send, b"event: expired\ndata: {}\n\n")
                    break
                if chunk is not None and chunk.text:
                    cursor = chunk.cursor
                    await _chunk(send, chunk.text)
                    continue
                if not await _heard(more, leaving):
                    await _chunk(send, b": still here\n\n")
        finally:
            leaving.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _heard(more: asyncio.Event, leaving: "asyncio.Future[None]") -> bool:
    """Wait for news, for the client to leave, or for the time of a heartbeat; False for the last."""
    waiting = asyncio.ensure_future(more.wait())
    both: set[asyncio.Future[Any]] = {waiting, leaving}
    done, _ = await asyncio.wait(both, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return bool(done)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _chunk(send: Send, body: bytes) -> None:
    try:
        await send({"type": "http.response.body", "body": body, "more_body": True})
    except Exception as error:
        raise Gone from error


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(
    send: Send, status: int, body: bytes, content_type: bytes, headers: dict[str, str] | None = None
) -> None:
    fields = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    fields += [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def _problem(  # noqa: PLR0917 - the fields of a problem document
    send: Send, status: int, kind: str, title: str, detail: str, headers: dict[str, str] | None = None
) -> None:
    body = {"type": f"urn:quorum:problem:{kind}", "title": title, "status": status, "detail": detail}
    await _answer(send, status, json.dumps(body).encode(), PROBLEM_TYPE.encode(), headers)
