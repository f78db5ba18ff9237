"""A headless Firefox, driven over a socket by Marionette, which it brings along: Debian has no geckodriver.

A message is its length, a colon and JSON: `[0, number, command, parameters]`, answered by `[1, number, error, value]`.
"""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis_server import free_port, wait_until

SECONDS = 60
PREFERENCES = """\
user_pref("marionette.port", {port});
user_pref("app.update.disabledForTesting", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,#remote-settings-dummy/v1");
user_pref("intl.accept_languages", "{language}");
"""


class Firefox:
    """A session of a running Firefox."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._number = 0
        self._read()  # its greeting
        self.ask("WebDriver:NewSession", {"strictFileInteractability": False})

    def ask(self, command: str, parameters: dict[str, Any] | None = None) -> Any:
        """Give a command; return the value of its answer."""
        self._number += 1
        message = json.dumps([0, self._number, command, parameters or {}]).encode()
        self._connection.sendall(b"%d:%s" % (len(message), message))
        _, _, error, value = self._read()
        assert error is None, error
        return value

    def open(self, url: str) -> None:
        self.ask("WebDriver:Navigate", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what a script returns in the page, once that is there when it is a promise."""
        answer = self.ask("WebDriver:ExecuteScript", {"script": script, "args": list(arguments)})
        return answer["value"]

    def wait_for(self, script: str, *arguments: Any) -> None:
        """Wait until a script returns something true."""
        wait_until(lambda: bool(self.run(script, *arguments)), 20, script)

    def press(self, *keys: str) -> None:
        """Press keys, one after another, where the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("WebDriver:PerformActions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def _read(self) -> Any:
        size = b""
        while (one := self._stream.read(1)) != b":":
            assert one, "Firefox has gone"
            size += one
        return json.loads(self._stream.read(int(size)))


@contextmanager
def firefox(directory: Path, language: str = "en") -> Iterator[Firefox]:
    """Run a fresh Firefox with its profile in `directory`."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("firefox is missing; tests/system-packages installs it")
        pytest.skip("firefox is not installed; tests/system-packages installs it")
    port = free_port()
    (directory / "user.js").write_text(PREFERENCES.format(port=port, language=language))
    command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(directory), "about:blank"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(directory)},
    )
    try:
        with _connected(port) as connection:
            yield Firefox(connection)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _connected(port: int) -> socket.socket:
    made: list[socket.socket] = []

    def try_it() -> bool:
        try:
            made.append(socket.create_connection(("127.0.0.1", port), SECONDS))
        except OSError:
            return False
        return True

    wait_until(try_it, SECONDS, "Firefox")
    return made[0]
