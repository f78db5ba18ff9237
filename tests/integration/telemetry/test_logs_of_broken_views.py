"""Every view that breaks, with what came from outside in the text of the error: nothing of it is in the log."""

import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import SITE_KEY, TOKEN_SECRET, claimed_app, make_settings
from flask import request
from redis import ResponseError
from redis_server import RedisServer
from routes import EXAMPLES, visits

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.reporters.tokens import mint_token
from quorum.store.connection import connect
from quorum.telemetry.logs import configure_logs
from report_api.telemetry.correlation import add_request

PERSON, PICTURE, ADDRESS = "jeanne-dupont-1972", "private-picture-of-somebody", "203.0.113.77"
SHORT_TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln"
REQUEST_IDS = (ADDRESS, SITE_KEY, SHORT_TOKEN, "[2001:db8:77::1]", f"of {PERSON}")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    handlers, level = logging.root.handlers, logging.root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    text = io.StringIO()
    monkeypatch.setattr("sys.stderr", text)
    configure_logs("report-api", "json", "debug", [add_request])
    yield text
    logging.root.handlers, logging.raiseExceptions = handlers, True
    logging.root.setLevel(level)
    logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


def all_that_came() -> str:
    return f"{request.headers!r} {request.data!r} {request.remote_addr} {request.url} {request.environ}"


def raising(kind: Callable[[str], Exception]) -> Callable[..., Any]:
    def view(**arguments: Any) -> Any:
        raise kind(f"{arguments} {all_that_came()}") from KeyError(all_that_came())

    return view


@pytest.mark.parametrize("kind", [ValueError, OSError, ResponseError, RecursionError])
def test_no_view_that_breaks_tells_who_asked_for_what(
    own_redis: RedisServer, written: io.StringIO, monkeypatch: pytest.MonkeyPatch, kind: Callable[[str], Exception]
) -> None:
    settings = make_settings(own_redis.url, demo=True, proxy_hops=1)
    app = claimed_app(settings, None)
    keys = ApiKeys(connect(own_redis.url, 5.0), settings.namespace)
    whole = keys.create("all", frozenset(Scope))[1]
    token = mint_token(TOKEN_SECRET, "quorum", PERSON, 60)
    for endpoint in app.view_functions:
        monkeypatch.setitem(app.view_functions, endpoint, raising(kind))
    monkeypatch.setitem(EXAMPLES, "image_id", PICTURE)
    body = json.dumps({"image_id": PICTURE, "reason": "spam", "reporter_id": PERSON}).encode()
    asked = [one for one in visits(app) if one.allowed and one.method != "OPTIONS"]
    for number, one in enumerate(asked):
        headers = {
            "Authorization": f"Bearer {(whole, token, SITE_KEY)[number % 3]}",
            "X-Forwarded-For": f"{ADDRESS}:51008",
            "X-Request-Id": REQUEST_IDS[number % len(REQUEST_IDS)],
            "Idempotency-Key": PERSON,
        }
        answer = app.test_client().open(
            one.path, method=one.method, headers=headers, data=body, content_type="application/json"
        )
        assert answer.status_code == 500
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert sum(line["event"] == "request failed" for line in lines) == len(asked)
    for told in (PERSON, PICTURE, ADDRESS, "2001:db8:77", whole, token, SITE_KEY, SHORT_TOKEN, settings.pepper):
        assert told not in written.getvalue()


BAD_ADDRESSES = ("203.0.113.77:99999999", "unknown", "_hidden", "[2001:db8:77::1", "for=203.0.113.77", "", "\ud800")


def test_odd_inputs_are_refused_or_accepted_and_leave_no_line(own_redis: RedisServer, written: io.StringIO) -> None:
    app = claimed_app(make_settings(own_redis.url, proxy_hops=1), lambda _: None)
    client, body = app.test_client(), {"image_id": PICTURE, "reason": "spam"}
    for address in ("203.0.113.77:51008", "[2001:db8:77::1]:443", '"[2001:db8:77::1]"', "64:ff9b::203.0.113.77"):
        assert client.post("/v1/reports", json=body, headers={"X-Forwarded-For": address}).status_code == 202
    for address in BAD_ADDRESSES:
        answer = client.post("/v1/reports", json=body, environ_overrides={"HTTP_X_FORWARDED_FOR": f"{address} "})
        assert answer.status_code == 401
        assert "From which address this came is not known" in answer.get_json(force=True)["detail"]
        token = mint_token(TOKEN_SECRET, "quorum", PERSON, 60)
        named = client.post(
            "/v1/reports",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            environ_overrides={"HTTP_X_FORWARDED_FOR": f"{address} "},
        )
        assert named.status_code == 202
    assert not written.getvalue()
