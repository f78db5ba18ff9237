"""Counts and times every request, in one place and with bounded labels."""

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from quorum import metrics

START = "quorum.start"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def observe(app: Flask) -> CollectorRegistry:
    """Make `app` count its requests; return the registry that exports them, of all processes."""
    own = CollectorRegistry()
    requests = Counter(
        metrics.HTTP_REQUESTS.name, metrics.HTTP_REQUESTS.meaning, metrics.HTTP_REQUESTS.labels, registry=own
    )
    seconds = Histogram(
        metrics.HTTP_SECONDS.name,
        metrics.HTTP_SECONDS.meaning,
        metrics.HTTP_SECONDS.labels,
        registry=own,
        buckets=BUCKETS,
    )

    def counted(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "other"
        method = request.method if request.method in METHODS else "other"
        requests.labels(route, method, str(response.status_code)).inc()
        seconds.labels(route).observe(time.perf_counter() - request.environ[START])
        return response

    app.after_request(counted)
    app.wsgi_app = _timed(app.wsgi_app)  # type: ignore[method-assign, assignment]
    return _export(own)


def _timed(wsgi_app: WsgiApp) -> WsgiApp:
    def timed(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ[START] = time.perf_counter()
        return wsgi_app(environ, start_response)

    return timed


def _export(own: CollectorRegistry) -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return own
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
