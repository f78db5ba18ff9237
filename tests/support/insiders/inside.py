"""A console that runs, and windows in which somebody is signed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from browser import DESKTOP, Window, window
from pipeline import Pipeline, Visitor
from playwright.sync_api import ViewportSize
from redis_server import free_port, wait_until

from console.app import create_app
from quorum.accounts.roles import Role
from quorum.accounts.sessions import Sessions
from quorum.accounts.stored_accounts import Accounts
from quorum.errors import AccountExists
from quorum.settings import Settings
from quorum.store.connection import connect

PASSWORD = "the password of a test, and long"


def cookie_of(settings: Settings, role: Role) -> str:
    """Return the cookie of a new session of an account with a role, made where there is none."""
    name = f"{role}-of-tests"
    with connect(settings.store, 5.0) as client:
        accounts = Accounts(client, settings.namespace)
        try:
            _, first = accounts.add(name, role)
            accounts.change_password(name, first, PASSWORD)
        except AccountExists:
            pass
        token, _ = Sessions(client, settings.namespace).open(name, "tests")
    app = create_app(settings)
    signer: Any = app.session_interface
    return str(signer.get_signing_serializer(app).dumps({"token": token}))


@dataclass
class Console:
    """A console process; `address` ends without a slash."""

    address: str
    settings: Settings
    process: Any

    @contextmanager
    def window(
        self,
        language: str = "en",
        role: Role | None = Role.VIEWER,
        *,
        dark: bool = False,
        viewport: ViewportSize = DESKTOP,
        scripts: bool = True,
    ) -> Iterator[Window]:
        """Open a window of a fresh browser in which somebody with a role is signed in, or nobody."""
        with window(language, dark=dark, viewport=viewport) as opened:
            if not scripts:
                opened.page.route("**/*.js", lambda route: route.abort())
            if role is not None:
                opened.page.context.add_cookies(
                    [{"name": "quorum", "value": cookie_of(self.settings, role), "url": self.address}]
                )
            yield opened


def start_console(pipeline: Pipeline) -> Console:
    """Start a console beside API and workers; it ends with them."""
    port = free_port()
    process = pipeline._start("console", "--port", str(port))

    def serves() -> bool:
        assert process.poll() is None, pipeline.log
        with Visitor(port, 2.0) as visitor:
            return visitor.get("/livez").status == 200

    wait_until(serves, 30, "an answer from the console")
    return Console(f"http://127.0.0.1:{port}", pipeline.settings, process)
