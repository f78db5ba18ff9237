"""The console on a port of its own, with people to sign in and images to decide about."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from browser import Window
from conftest import make_settings
from flask import Flask
from redis_server import RedisServer, free_port
from servers import newest_redis
from store import Bench, open_bench
from werkzeug.serving import make_server

from console.app import create_app
from console.web.services import EXTENSION, Services
from quorum.accounts.roles import Role
from quorum.policy.classes import ANONYMOUS
from quorum.settings import Settings

PASSWORD = "a password for tests only"
POLICY = """
threshold = 5
min_reporters = 3
window_days = 30
[reasons]
violence = 1.0
hate = 1.0
spam = 1.0
[reporters]
verified = 1
anonymous = 0.5
[[images]]
match = "agency/*"
protected = true

[pictures]
url_template = "http://127.0.0.1:{port}/static/icon.svg?of={id}"
"""


@dataclass
class Console:
    """A running console; `bench` is the Redis side of the same data."""

    url: str
    app: Flask
    settings: Settings
    bench: Bench

    @property
    def parts(self) -> Services:
        """What stands behind its pages."""
        parts: Services = self.app.extensions[EXTENSION]
        return parts

    def account(self, role: Role, name: str = "") -> str:
        """Make sure that there is an account whose password is its own; return its name."""
        name = name or f"{role}@example.org"
        accounts = self.parts.accounts
        if accounts.get(name) is None:
            _, password = accounts.add(name, role)
            accounts.change_password(name, password, PASSWORD)
        return name

    def cookie(self, role: Role, name: str = "") -> str:
        """Return the cookie of somebody who has just signed in."""
        token, _ = self.parts.sessions.open(self.account(role, name), "Chromium, Linux")
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        return str(serializer.dumps({"token": token}))

    def cookie_of_admin(self) -> str:
        """Return the cookie of somebody who may do everything."""
        return self.cookie(Role.ADMIN)

    def enter(self, opened: Window, role: Role = Role.ADMIN, name: str = "") -> None:
        """Let a browser be signed in."""
        opened.page.context.add_cookies([{"name": "quorum", "value": self.cookie(role, name), "url": self.url}])

    def hold(self, image: str, people: int = 5, **more: str) -> None:
        """Let an image that is protected be held; its id begins with `agency/`."""
        self.report(image, people, **more)
        assert self.bench.status(image).state.public_name == "held"

    def report(self, image: str, people: int, who: str = "reader", reason: str = "violence", **more: str) -> None:
        """Let people report an image, and count them."""
        for number in range(people):
            self.bench.report(image, f"{who}-{number}", reason, at=self.now_ms(), **more)
        self.bench.drain()

    def now_ms(self) -> int:
        """Return the time of Redis, Unix ms."""
        seconds, micros = self.bench.client.time()
        return int(seconds * 1000 + micros // 1000)


@contextmanager
def running_console(directory: Path, policy: str = POLICY) -> Iterator[Console]:
    """Run a console on a Redis of its own."""
    port = free_port()
    path = directory / "policy.toml"
    path.write_text(policy.replace("{port}", str(port)), encoding="utf-8")
    redis = RedisServer(newest_redis(), directory)
    redis.start()
    try:
        settings = make_settings(redis.url, policy_path=path)
        with open_bench(settings) as bench:
            app = create_app(settings)
            server = make_server("127.0.0.1", port, app, threaded=True)
            thread = Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield Console(f"http://127.0.0.1:{port}", app, settings, bench)
            finally:
                server.shutdown()
                thread.join()
                server.server_close()
    finally:
        redis.stop()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console for the tests of a file."""
    with running_console(tmp_path_factory.mktemp("console")) as found:
        yield found


@pytest.fixture(scope="module")
def filled(console: Console) -> Console:
    """The same, with something in every list."""
    console.hold("agency/front-page-photo")
    console.hold("agency/https://pictures.example.org/2026/11/a-rather-long-name-of-a-picture.jpg?size=large", 7)
    console.hold("agency/marché-de-noël", 5, reason="spam")
    console.report("img-near", 4)
    console.report("img-open", 2, reporter_class=ANONYMOUS)
    console.report("img-blocked", 6)
    console.report("img-appealed", 6)
    console.parts.appeals.lodge(console.parts.image("img-appealed"), "It shows my own cat.")
    return console
