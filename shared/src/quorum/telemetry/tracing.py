"""Spans for OpenTelemetry, when the environment asks for them (`OTEL_EXPORTER_OTLP_ENDPOINT` or `..._TRACES_ENDPOINT`).

Without that nothing of OpenTelemetry is imported; `traceparent` headers go through quorum all the same.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from quorum.errors import SettingsError
from quorum.events.event import traceparent

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, SpanKind, Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Tracing:
    """Makes the spans of one service; each continues the trace that its cause names."""

    def __init__(self, tracer: "Tracer") -> None:
        self._tracer = tracer

    @contextmanager
    def span(
        self, name: str, kind: "SpanKind", cause: str | None, attributes: dict[str, str | int]
    ) -> Iterator[tuple["Span", str]]:
        """Open a span below the `traceparent` of its cause; give it and its own `traceparent`, for what it causes."""
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - only when asked for
            TraceContextTextMapPropagator,
        )

        above = TraceContextTextMapPropagator().extract({"traceparent": cause} if cause else {})
        with self._tracer.start_as_current_span(name, context=above, kind=kind, attributes=attributes) as span:
            here = span.get_span_context()
            packed = here.trace_id.to_bytes(16, "big") + here.span_id.to_bytes(8, "big") + bytes([here.trace_flags])
            yield span, traceparent(packed)


def make_tracing(service: str, exporter: "SpanExporter | None" = None) -> Tracing | None:
    """Return what makes spans, or None when nobody asks; `exporter` takes the place of OTLP over HTTP.

    OpenTelemetry's own variables (`OTEL_TRACES_SAMPLER`, `OTEL_RESOURCE_ATTRIBUTES`, ...) apply. Raises SettingsError.
    """
    if exporter is None and not any(os.environ.get(name) for name in ENDPOINTS):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(f"{ENDPOINTS[0]} is set, but OpenTelemetry is missing: install quorum[tracing]") from error
    provider = TracerProvider(resource=Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", service)}))
    provider.add_span_processor(SimpleSpanProcessor(exporter) if exporter else BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider.get_tracer("quorum"))
