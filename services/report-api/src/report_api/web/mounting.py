"""Serving below a path: a proxy says which in X-Forwarded-Prefix, and takes it off the path or leaves it on."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from quorum.network.forwarding import Forwarding

MAX_PREFIX_CHARACTERS = 200
# No part begins with a dot, and nothing needs an escape: what is made of this stays on this host, and in its quotes.
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
# What the paths of quorum begin with. A path that does not is left as it is, so that a prefix may be called /v1, too.
_ROOTS = frozenset(
    {"v1", "button", "docs", "demo", "landing", "openapi.json", "asyncapi.json", "livez", "readyz", "metrics"}
)

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Mounting:
    """Tells where quorum is mounted, as a trusted proxy says, and what a path is below that."""

    def __init__(self, forwarding: Forwarding) -> None:
        self._forwarding = forwarding

    def place(self, environ: dict[str, Any]) -> None:
        """Put the prefix of a WSGI request where applications look for it; a second time changes nothing."""
        stated = environ.pop("HTTP_X_FORWARDED_PREFIX", None)
        if stated is None:
            return
        prefix = self.prefix(environ.get("REMOTE_ADDR"), stated)
        environ["SCRIPT_NAME"] = prefix
        environ["PATH_INFO"] = below(prefix, environ["PATH_INFO"])

    def prefix(self, peer: str | None, stated: str) -> str:
        """Return the prefix without a slash at its end; none for a client that is no proxy, or an unusable one.

        The nearest proxy has the last word: those before it know only a part of the way.
        """
        prefix = stated.rpartition(",")[2].strip().rstrip("/")
        usable = len(prefix) <= MAX_PREFIX_CHARACTERS and _PREFIX.fullmatch(prefix)
        return prefix if usable and self._forwarding.is_proxied(peer) else ""


def below(prefix: str, path: str) -> str:
    """Return a path without the prefix that a proxy has left on it."""
    rest = path.removeprefix(prefix) if prefix else path
    is_ours = _is_root(rest) or (rest == "/" and not _is_root(prefix))
    return rest if is_ours else path


def _is_root(path: str) -> bool:
    return path.startswith("/") and path[1:].partition("/")[0] in _ROOTS


class Mounted:
    """A WSGI application below a path."""

    def __init__(self, app: Wsgi, mounting: Mounting) -> None:
        self._app = app
        self._mounting = mounting

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        self._mounting.place(environ)
        return self._app(environ, start_response)
