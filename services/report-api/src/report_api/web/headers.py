"""The headers that every answer carries, whoever gives it: a view, an error, a static file, the door, the stream."""

from collections.abc import Callable, Iterable
from typing import Any

from quorum.network.origins import canonical_origin

Fields = list[tuple[str, str]]
WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

_EVERYWHERE = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
_ALWAYS = (*_EVERYWHERE, ("Cross-Origin-Resource-Policy", "same-origin"))
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_NOTHING = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
DATA = (*_ALWAYS, _NOTHING)
FOR_ALL_PAGES = (
    *_EVERYWHERE,
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Access-Control-Allow-Origin", "*"),  # without it no page of another origin may check a script's hash
    _NOTHING,
)
PAGE = (
    *_ALWAYS,
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Content-Security-Policy", _PAGE_POLICY),
)

SHARED = "/v1/"  # below it lies what pages of other origins may call
SCRIPTS = "/button/"  # and here what they may load, whoever they are
_EXPOSED = "RateLimit, RateLimit-Policy, Retry-After, Quorum-Cursor, Link, X-Request-Id"
_PREFLIGHT = (
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key"),
    ("Access-Control-Max-Age", "600"),
)


class Headers:
    """Adds them; `origins`, in canonical form, are those whose pages may call the API (CORS)."""

    def __init__(self, origins: Iterable[str] = ()) -> None:
        self._origins = frozenset(origins)

    def add(self, fields: Fields, path: str, origin: str | None, method: str) -> None:
        """Add to the header fields of an answer what belongs on it. `origin` is that of the page that asks."""
        if path.startswith(SCRIPTS):
            fields.extend(FOR_ALL_PAGES)
            return
        fields.extend(PAGE if _is_page(fields) else DATA)
        if self._origins and path.startswith(SHARED):
            fields.append(("Vary", "Origin"))
            if origin is not None and self._allows(origin):
                fields.append(("Access-Control-Allow-Origin", origin))
                fields.append(("Access-Control-Expose-Headers", _EXPOSED))
                if method == "OPTIONS":
                    fields.extend(_PREFLIGHT)
                    fields.extend(("Access-Control-Allow-Methods", value) for name, value in fields if name == "Allow")

    def _allows(self, origin: str) -> bool:
        """Tell whether an origin is one of ours, compared as a whole and as browsers compare."""
        if origin in self._origins:
            return True
        try:
            return origin.isascii() and canonical_origin(origin) in self._origins
        except ValueError:
            return False


def with_headers(app: WsgiApp, headers: Headers) -> WsgiApp:
    """Return a WSGI application whose every answer has the headers."""

    def dressed(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def answer(status: str, fields: Fields, *more: Any) -> Any:
            headers.add(fields, environ["PATH_INFO"], environ.get("HTTP_ORIGIN"), environ["REQUEST_METHOD"])
            return start_response(status, fields, *more)

        return app(environ, answer)

    return dressed


def _is_page(fields: Fields) -> bool:
    for name, value in fields:  # `any` costs a report more
        if name == "Content-Type":
            return value.startswith("text/html")
    return False
