"""A folder that is served as the site of a guide, with pictures, and with tokens for one reader."""

from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from guide_site import SECRET, GuideSite
from news_site import PICTURE

from quorum.reporters.tokens import mint_token


class Handler(SimpleHTTPRequestHandler):
    """The files of a built site, its pictures, and the tokens of the one reader who is signed in."""

    reader = ""

    def do_GET(self) -> None:
        if self.path == "/quorum-token":
            token = mint_token(SECRET, "quorum", self.reader, 300) if self.reader else ""
            self.give(200 if token else 401, "text/plain", token.encode())
        elif self.path.endswith(".svg"):
            self.give(200, "image/svg+xml", PICTURE)
        else:
            super().do_GET()

    def give(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        """Let nothing be kept: a file that is written twice within a second has one age."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def folder(guide_site: GuideSite, tmp_path: Path, reader: str) -> Iterator[Path]:
    """A folder that is served as the site."""
    place = tmp_path / "served"
    place.mkdir()
    known = type("Known", (Handler,), {"reader": reader})

    def handler(*arguments: Any) -> SimpleHTTPRequestHandler:
        made: SimpleHTTPRequestHandler = known(*arguments, directory=str(place))
        return made

    server = ThreadingHTTPServer(("127.0.0.1", guide_site.port), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield place
    server.shutdown()
    server.server_close()
    thread.join(10)
