"""What goes on with an event becomes part of the trace that its cause began."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from quorum.events.event import parse_traceparent
from quorum.telemetry.tracing import Tracing


@contextmanager
def span_of(tracing: Tracing | None, name: str, event: Mapping[str, Any]) -> Iterator[str | None]:
    """Open a span for handing on an event, when tracing is on; give the `traceparent` that goes along."""
    cause = event.get("traceparent")
    if tracing is None:
        yield cause
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - only when asked for

    attributes = {"cloudevents.event_id": event["id"], "cloudevents.event_type": event["type"]}
    with tracing.span(name, SpanKind.PRODUCER, cause, attributes) as (_, here):
        yield here


def trace_id(body: str) -> dict[str, str]:
    """Return the trace id of an event in JSON as a field of a log line; nothing when it has none."""
    parent = parse_traceparent(str(json.loads(body).get("traceparent")))
    return {"trace_id": parent[:16].hex()} if parent else {}
