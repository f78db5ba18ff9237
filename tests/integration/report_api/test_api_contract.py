"""Schemathesis against the API's own OpenAPI document: nothing it can think of gives a 5xx or an undocumented answer.

SCHEMATHESIS_EXAMPLES sets how many requests of each kind are made of each operation (default 150, thousands in all).
"""

import os
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from conftest import claimed_app, make_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from redis_server import RedisServer
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from servers import newest_redis

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.store.connection import connect
from report_api.web.services import EXTENSION
from report_api.web.waiting import Waiting

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "150"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An API on a Redis of its own, its schema, and a key that may do everything."""
    server = RedisServer(newest_redis(), tmp_path_factory.mktemp("redis")).start()
    settings = make_settings(server.url)
    app = claimed_app(settings, lambda _: None)
    parts = app.extensions[EXTENSION]
    app.extensions[EXTENSION] = replace(parts, waiting=Waiting(0))  # a thousand waits would take hours
    keys = ApiKeys(connect(settings.store, 5.0), settings.namespace)
    _, whole = keys.create("everything", frozenset(Scope))
    yield app, schemathesis.openapi.from_wsgi("/openapi.json", app), whole
    server.stop()


def operations() -> list[str]:
    """Return every operation of the document, without any server."""
    app = claimed_app(make_settings("redis://127.0.0.1:1/0"), lambda _: None)
    document = app.test_client().get("/openapi.json").get_json()
    return [f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("operation", operations())
def test_no_request_gets_an_answer_that_is_not_documented(served: Any, operation: str, mode: GenerationMode) -> None:
    _, schema, key = served
    method, path = operation.split(" ", 1)
    strategy = schema[path][method].as_strategy(generation_mode=mode)
    statuses: Counter[int] = Counter()

    @given(case=strategy)
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def explore(case: Any) -> None:
        for headers in ({"Authorization": f"Bearer {key}"}, {}):
            response = case.call(headers=headers)
            statuses[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

    try:
        explore()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # an operation that takes only free text cannot be asked wrongly
        return
    print(operation, dict(statuses))
    assert sum(statuses.values()) > 0
