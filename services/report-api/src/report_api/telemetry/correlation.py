"""Ties a request to what it causes and to what is logged of it: request ids and traces.

A caller's `X-Request-Id` is taken over when it is short and plain; the answer names it again, and every error has one.
A valid `traceparent` goes with the report to the event and its deliveries; without one, a request id of 32 hex digits
(a UUID) becomes the trace id.
"""

import re
import uuid
from typing import Any

from flask import has_request_context, request
from structlog.typing import EventDict, WrappedLogger

from quorum.events.event import parse_traceparent
from quorum.network.addresses import parse_address

_REQUEST_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_HEX = re.compile(r"[0-9a-f]{32}")
_KEPT = "quorum.request_id"
_SAMPLED = b"\x01"


def request_id(environ: dict[str, Any]) -> str:
    """Return the id of a request: the caller's, or one that is made now."""
    known: str | None = environ.get(_KEPT)
    if known is None:
        stated = environ.get("HTTP_X_REQUEST_ID", "")
        known = environ[_KEPT] = stated if _is_request_id(stated) else uuid.uuid4().hex
    return known


def _is_request_id(stated: str) -> bool:
    """Tell whether a text may be logged: no address of anybody, no key and no token."""
    plain = _REQUEST_ID.fullmatch(stated) and not stated.startswith(("qk_", "eyJ"))
    return bool(plain) and parse_address(stated) is None


def trace_of(environ: dict[str, Any]) -> bytes | None:
    """Return trace id, parent id and flags that a request brings, or None."""
    header = environ.get("HTTP_TRACEPARENT")
    if header:
        return parse_traceparent(header)
    if "HTTP_X_REQUEST_ID" not in environ:
        return None
    digits = environ["HTTP_X_REQUEST_ID"].replace("-", "").lower()
    if not _HEX.fullmatch(digits) or set(digits) == {"0"}:
        return None
    return bytes.fromhex(digits) + uuid.uuid4().bytes[:8] + _SAMPLED


def add_request(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add to a log line which request it belongs to."""
    if has_request_context():
        environ = request.environ
        event.setdefault("request_id", request_id(environ))
        trace = trace_of(environ)
        if trace:
            event.setdefault("trace_id", trace[:16].hex())
        event.setdefault("route", request.url_rule.rule if request.url_rule else "other")
    return event
