"""Turns a request as Granian gives it (RSGI) into a WSGI environment."""

import sys
from io import BytesIO
from typing import Any

from report_api.web.problems import Refused

Environ = dict[str, Any]

# Two of these would leave it to chance which one counts. Granian answers two lengths itself.
_ONCE = frozenset({"host", "authorization", "content-type", "idempotency-key", "last-event-id"})
_NAMES = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
_REPLACEMENT = "\ufffd"  # what Granian makes of bytes that are not UTF-8

_BASE: Environ = {
    "SCRIPT_NAME": "",
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}


def environ_of(scope: Any) -> Environ:
    """Return the environment of a request, still without its body. Raises Refused.

    Names with an underscore are left out, for the environment cannot tell them from those with a hyphen: a client could
    add to what a proxy said. A value that is not ASCII is refused rather than taken for none.
    """
    server, _, port = scope.server.rpartition(":")
    environ = {
        **_BASE,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": _wsgi_text(scope.path),
        "QUERY_STRING": _wsgi_text(scope.query_string),
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/" + scope.http_version,
        "wsgi.url_scheme": scope.scheme,
    }
    if _REPLACEMENT in scope.path:
        raise Refused(400, "invalid-path", "The path is not valid", "its escapes must be UTF-8")
    headers = scope.headers
    seen = set()
    for name, value in headers.items():
        if "_" in name:
            continue
        key = _NAMES.get(name) or "HTTP_" + name.upper().replace("-", "_")
        if name in seen:
            if name in _ONCE:
                raise Refused(400, "header-twice", "A header came twice", f"send {name} once")
            environ[key] += ("; " if name == "cookie" else ", ") + value
        else:
            seen.add(name)
            environ[key] = value
    for name in headers.keys():  # noqa: SIM118 - not a dictionary: it has the names whose values cannot be read, too
        if name not in seen and "_" not in name:
            raise Refused(400, "header-not-ascii", "A header cannot be read", f"the value of {name[:40]} must be ASCII")
    return environ


def with_body(environ: Environ, body: bytes) -> Environ:
    """Add the whole body; its length is what came, however it was sent."""
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ


def _wsgi_text(text: str) -> str:
    """Return text as WSGI wants it: the bytes of its UTF-8, each as a character."""
    return text if text.isascii() else text.encode().decode("latin-1")
