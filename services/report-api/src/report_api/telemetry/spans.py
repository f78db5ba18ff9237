"""A span for every request, when tracing is on; what the request causes becomes part of its trace."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from opentelemetry.trace import SpanKind, Status, StatusCode

from quorum.events.event import traceparent
from quorum.telemetry.tracing import Tracing
from report_api.telemetry.correlation import trace_of
from report_api.telemetry.observe import METHODS, as_template, rule_of

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def trace_requests(app: Flask, tracing: Tracing) -> None:
    """Wrap `app`: a span begins before a request is routed, and takes its route's name when it is answered."""
    inner: WsgiApp = app.wsgi_app

    def traced(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"] if environ["REQUEST_METHOD"] in METHODS else "other"
        trace = trace_of(environ)
        cause = traceparent(trace) if trace else None
        with tracing.span(method, SpanKind.SERVER, cause, {"http.request.method": method}) as (span, here):
            environ["HTTP_TRACEPARENT"] = here

            def answer(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
                route = as_template(rule_of(environ))
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", int(status[:3]))
                if status >= "5":
                    span.set_status(Status(StatusCode.ERROR))
                return start_response(status, headers, *more)

            return inner(environ, answer)

    app.wsgi_app = traced  # type: ignore[method-assign]
