"""A site of another origin that includes the report button: its pages, its pictures, and its tokens for readers."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from redis_server import free_port

from quorum.reporters.tokens import mint_token
from report_api.button.files import scripts

if TYPE_CHECKING:
    from conftest import Trial
    from playwright.sync_api import Page, Route

SECRET = "a token secret of the site for tests, 32 bytes"
PICTURE = files("report_api.demo").joinpath("static", "pictures", "harbour.svg").read_bytes()
STYLE = b"""body { margin: 1rem; font: 1rem/1.5 sans-serif } img { display: block; max-width: 100%; height: auto }
@media (prefers-color-scheme: dark) { html.dark { color-scheme: dark; background: #171614; color: #f1ede4 } }"""
PAGE = """<!doctype html>
<html lang="{language}" dir="{direction}" class="dark">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>News</title>
<link rel="stylesheet" href="/style.css"><link rel="icon" href="data:,">{script}
</head>
<body><main><h1>News</h1>{body}</main></body>
</html>"""
POLICY = (
    "default-src 'none'; script-src 'self' {api}; style-src 'self'; img-src 'self' data:; connect-src 'self' {api}; "
    "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


@dataclass
class Site:
    """A running site. `pages` are by path; `reader` is whom its tokens name, nobody when it is empty."""

    url: str
    trial: "Trial"
    pages: dict[str, bytes] = field(default_factory=dict)
    reader: str = "reader-1"
    tokens_are_json: bool = True
    token_seconds: int = 300
    tokens_given: int = 0

    @property
    def api(self) -> str:
        """Where quorum is."""
        return self.trial.url

    def put(
        self, body: str, *, script: str = "", language: str = "en", direction: str = "", path: str = "/page"
    ) -> str:
        """Put a page under a path, with the button's script; return its URL."""
        direction = direction or ("rtl" if language == "ar" else "ltr")
        page = PAGE.format(
            language=language, direction=direction, script=self.script(script), body=body.replace("{api}", self.api)
        )
        self.pages[path] = page.encode()
        return self.url + path

    def script(self, more: str = "") -> str:
        """Return the one line with which a page includes the button, hash and all."""
        name, script = next(iter(scripts().items()))
        place = f'src="{self.api}/button/{name}" integrity="{script.integrity}" crossorigin'
        return f'<script type="module" {place} {more}></script>'

    def token(self) -> tuple[HTTPStatus, str, bytes]:
        """Return what the site answers its reader who asks for a token."""
        if not self.reader:
            return HTTPStatus.UNAUTHORIZED, "text/plain", b"who are you?"
        self.tokens_given += 1
        token = mint_token(SECRET, "quorum", self.reader, self.token_seconds)
        if self.tokens_are_json:
            return HTTPStatus.OK, "application/json", json.dumps({"token": token}).encode()
        return HTTPStatus.OK, "text/plain", token.encode()

    def answer(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        """Return status, kind and body for a path."""
        if path == "/quorum-token":
            return self.token()
        if path.endswith(".svg"):
            return HTTPStatus.OK, "image/svg+xml", PICTURE
        if path == "/style.css":
            return HTTPStatus.OK, "text/css", STYLE
        if path in self.pages:
            kind = "text/javascript" if path.endswith(".js") else "text/html; charset=utf-8"
            return HTTPStatus.OK, kind, self.pages[path]
        return HTTPStatus.NOT_FOUND, "text/plain", b"no such page"


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status, kind, body = self.site.answer(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", POLICY.format(api=self.site.api))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running_site(port: int, trial: "Trial") -> Iterator[Site]:
    """Serve a site on a port, with quorum elsewhere."""
    site = Site(f"http://127.0.0.1:{port}", trial)
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"site": site}))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture(scope="session")
def news_quorum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running quorum, and a site of another origin whose pages may call it."""
    from conftest import quorum_run  # noqa: PLC0415 - which loads this as a plugin

    port = free_port()
    origin = {
        "QUORUM_CORS_ORIGINS": f"http://127.0.0.1:{port}",
        "QUORUM_TOKEN_SECRET": SECRET,
        "QUORUM_ANONYMOUS": "on",
    }
    with quorum_run(tmp_path_factory.mktemp("news"), **origin) as trial, running_site(port, trial) as site:
        yield site


@pytest.fixture
def site(news_quorum: Site) -> Site:
    """The same as it begins, with a reader of the test's own."""
    fresh = Site(news_quorum.url, news_quorum.trial, reader=f"reader-{uuid.uuid4().hex[:8]}")
    vars(news_quorum).update(vars(fresh))
    return news_quorum


def fulfil(route: "Route", status: int, body: Any = None, **headers: str) -> None:
    """Answer in place of the API, as it answers pages of other origins."""
    exposed = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After", **headers}
    route.fulfill(status=status, json={} if body is None else body, headers=exposed)


def state_of(page: "Page") -> Any:
    """Return what the button keeps in the browser."""
    return page.evaluate("JSON.parse(localStorage.getItem('quorum-report'))")
