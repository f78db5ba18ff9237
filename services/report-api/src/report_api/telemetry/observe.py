"""Counts and times every request, in one place and with bounded labels."""

import logging
import os
import re
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from flask import Flask
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, values
from prometheus_client.multiprocess import MultiProcessCollector

from quorum.telemetry import metrics
from report_api.telemetry.correlation import request_id, trace_of
from report_api.web.problems import LOGGED_AS

log = logging.getLogger(__name__)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
INTAKE = ("/v1/reports", "/v1/reports/batch")
CUTS = ("request-late", "body-too-large", "too-many-unfinished", "busy")

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def observe(app: Flask) -> CollectorRegistry:
    """Make `app` count its requests; return the registry that exports them, of all processes."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    _ask_the_process_id_once()
    own = CollectorRegistry()
    requests = Counter(
        metrics.HTTP_REQUESTS.name, metrics.HTTP_REQUESTS.meaning, metrics.HTTP_REQUESTS.labels, registry=own
    )
    seconds = Histogram(
        metrics.HTTP_SECONDS.name,
        metrics.HTTP_SECONDS.meaning,
        metrics.HTTP_SECONDS.labels,
        registry=own,
        buckets=metrics.HTTP_SECONDS_BUCKETS,
    )

    @cache  # the labels come from enumerations, so this stays small
    def counters(route: str, method: str, status: str) -> tuple[Counter, Histogram]:
        template = as_template(route)
        return requests.labels(template, method, status), seconds.labels(template)

    # Prometheus' rate() sees a counter grow only from its second sample on: errors that came all at once, under a new
    # label, would be none. So the errors of the intake are there from the start, as zeros.
    for route in INTAKE:
        for status in ("500", "503"):
            counters(route, "POST", status)

    def count(environ: dict[str, Any], status: str, duration: float) -> None:
        method = environ["REQUEST_METHOD"]
        counter, histogram = counters(rule_of(environ), method if method in METHODS else "other", status)
        counter.inc()
        histogram.observe(duration)

    app.wsgi_app = _timed(app.wsgi_app, count)  # type: ignore[method-assign, assignment]
    return _export(own)


class Cuts:
    """Counts the requests that end at the door, before the application knows of them."""

    def __init__(self) -> None:
        _ask_the_process_id_once()
        cut = metrics.HTTP_CUT
        self._cut = Counter(cut.name, cut.meaning, cut.labels, registry=CollectorRegistry())
        for reason in CUTS:
            self._cut.labels(reason)

    def count(self, reason: str) -> None:
        """Count a request by the kind of its problem."""
        self._cut.labels(reason if reason in CUTS else "other").inc()


def _ask_the_process_id_once() -> None:
    """Keep prometheus_client from asking for the process id at every step of a counter: a server does not fork."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        own = os.getpid()
        values.ValueClass = values.MultiProcessValue(lambda: own)  # type: ignore[no-untyped-call]


def _timed(wsgi_app: WsgiApp, count: Callable[[dict[str, Any], str, float], None]) -> WsgiApp:
    """Call `count` when an answer begins. This costs a request less than Flask's hooks do."""
    failures = _Failures()

    def timed(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start = time.perf_counter()

        def answer(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            count(environ, status[:3], time.perf_counter() - start)
            if status >= "4" or "HTTP_X_REQUEST_ID" in environ:
                headers.append(("X-Request-Id", request_id(environ)))
                if status >= "5":
                    failures.tell(environ, status)
            return start_response(status, headers, *more)

        return wsgi_app(environ, answer)

    return timed


def rule_of(environ: dict[str, Any]) -> str:
    """Return the rule that a request was routed by, as Flask writes it."""
    rule = environ["werkzeug.request"].url_rule
    return rule.rule if rule else "other"


def as_template(rule: str) -> str:
    """Return a rule as OpenAPI writes paths: `/v1/images/{image_id}`."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


class _Failures:
    """Logs answers that are errors of ours, one line a second at most; the metrics count them all."""

    def __init__(self) -> None:
        self._next = 0.0
        self._untold = 0

    def tell(self, environ: dict[str, Any], status: str) -> None:
        now = time.monotonic()
        if now < self._next:
            self._untold += 1
            return
        told = {"status": int(status[:3]), "method": environ["REQUEST_METHOD"], "route": as_template(rule_of(environ))}
        if LOGGED_AS in environ:
            told["problem"] = environ[LOGGED_AS]
        trace = trace_of(environ)
        if trace:
            told["trace_id"] = trace[:16].hex()
        log.warning("answered with an error", extra={**told, "request_id": request_id(environ), "untold": self._untold})
        self._next, self._untold = now + 1, 0


def _export(own: CollectorRegistry) -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return own
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
