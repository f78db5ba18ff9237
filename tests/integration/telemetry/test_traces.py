"""Request ids and traces: from the request to the event and on to each consumer; spans when OpenTelemetry is on."""

import json
import re
import uuid
from typing import Any

import pytest
from conftest import SITE_KEY, claimed_app, make_settings
from flask import Flask
from flask.testing import FlaskClient
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from store import Bench

from quorum.errors import SettingsError
from quorum.settings import Settings
from quorum.telemetry.tracing import Tracing, make_tracing
from report_api.telemetry.spans import trace_requests
from tally_worker.spans import span_of, trace_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.fixture
def app(settings: Settings) -> Flask:
    return claimed_app(settings, lambda _: None)


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> Tracing:
    made = make_tracing("quorum-tests", exporter)
    assert made
    return made


def report(client: FlaskClient, reader: int, **headers: str) -> Any:
    body = {"image_id": "img-1", "reason": "violence", "reporter_id": f"reader-{reader}"}
    return client.post("/v1/reports", json=body, headers={"Authorization": f"Bearer {SITE_KEY}", **headers})


def event_of_crossing(client: FlaskClient, bench: Bench, **headers: str) -> dict[str, Any]:
    """Let five report, the last with these headers; return the event."""
    for reader in range(4):
        report(client, reader)
    assert report(client, 4, **headers).status_code == 202
    bench.drain()
    events: Any = bench.client.xrange(bench.keys.events)
    [(_, fields)] = events
    event: dict[str, Any] = json.loads(fields[b"event"])
    return event


def test_a_request_id_that_is_a_uuid_becomes_the_trace_of_the_event(app: Flask, bench: Bench) -> None:
    asked = str(uuid.UUID(TRACE))
    event = event_of_crossing(app.test_client(), bench, **{"X-Request-Id": asked})
    assert re.fullmatch(rf"00-{TRACE}-[0-9a-f]{{16}}-01", event["traceparent"])


def test_a_traceparent_counts_before_a_request_id(app: Flask, bench: Bench) -> None:
    event = event_of_crossing(app.test_client(), bench, traceparent=PARENT, **{"X-Request-Id": uuid.uuid4().hex})
    assert event["traceparent"] == PARENT


def test_an_answer_names_its_request(app: Flask) -> None:
    client = app.test_client()
    assert report(client, 1, **{"X-Request-Id": "edge-17"}).headers["X-Request-Id"] == "edge-17"
    assert "X-Request-Id" not in report(client, 1).headers
    assert re.fullmatch("[0-9a-f]{32}", client.get("/nowhere").headers["X-Request-Id"])
    odd = client.get("/nowhere", headers={"X-Request-Id": 'a"b {}' + "x" * 100}).headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{32}", odd)


def test_an_error_of_ours_is_logged_with_its_request_and_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = claimed_app(make_settings("redis://127.0.0.1:1/0"), lambda _: None).test_client()
    for _ in range(3):
        assert report(client, 1, traceparent=PARENT, **{"X-Request-Id": "edge-18"}).status_code == 503
    [record] = [one for one in caplog.records if one.message == "answered with an error"]  # one a second
    told = vars(record)
    assert (told["request_id"], told["trace_id"], told["status"]) == ("edge-18", TRACE, 503)
    assert (told["route"], told["problem"]) == ("/v1/reports", "store-unavailable")
    assert "reader-1" not in caplog.text
    assert "img-1" not in caplog.text


def test_spans_reach_from_the_request_to_the_delivery(
    app: Flask, bench: Bench, tracing: Tracing, exporter: InMemorySpanExporter
) -> None:
    trace_requests(app, tracing)
    event = event_of_crossing(app.test_client(), bench, traceparent=PARENT)
    with span_of(tracing, "deliver webhook", event) as handed_on:
        assert handed_on
    request, delivery = exporter.get_finished_spans()[-2:]
    assert request.name == "POST /v1/reports"
    assert request.parent
    assert format(request.parent.span_id, "016x") == "00f067aa0ba902b7"
    assert event["traceparent"] == f"00-{TRACE}-{request.context.span_id:016x}-01"
    assert delivery.parent
    assert delivery.parent.span_id == request.context.span_id
    assert handed_on == f"00-{TRACE}-{delivery.context.span_id:016x}-01"
    assert request.attributes
    assert request.attributes["http.response.status_code"] == 202
    texts = " ".join(str(span.to_json()) for span in exporter.get_finished_spans())
    assert "reader-" not in texts
    assert "img-1" not in texts


def test_without_tracing_the_events_own_trace_is_handed_on() -> None:
    with span_of(None, "deliver webhook", {"id": "1", "type": "t", "traceparent": PARENT}) as handed_on:
        assert handed_on == PARENT
    assert trace_id(json.dumps({"traceparent": PARENT})) == {"trace_id": TRACE}
    assert trace_id("{}") == {}


def test_tracing_is_on_only_when_the_environment_says_where_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_tracing("quorum-tests") is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"quorum\[tracing\]"):
        make_tracing("quorum-tests")
