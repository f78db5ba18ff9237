"""The OpenAPI document is made from the routes, so that none can be left out of it by oversight."""

from collections.abc import Callable
from typing import Any

import pytest
from conftest import claimed_app, make_settings
from flask import Flask

from quorum.policy import load_policy
from report_api.access.guard import ADMIN, ANYONE, BACKEND, CONTENT, LOOKER, MODERATOR, NEEDS, READER, REPORTER
from report_api.docs.openapi import openapi, require_documented
from report_api.telemetry.observe import as_template
from report_api.web.describing import LeftOut, Operation, said_of

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture(scope="module")
def app() -> Flask:
    return claimed_app(make_settings("redis://127.0.0.1:1/0", demo=True), lambda _: None)


@pytest.fixture(scope="module")
def paths(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = openapi(app, load_policy(None))["paths"]
    return found


def test_every_route_is_in_the_document_or_says_why_not(app: Flask, paths: dict[str, Any]) -> None:
    for rule in app.url_map.iter_rules():
        path, said = as_template(rule.rule), said_of(app.view_functions[rule.endpoint])
        if rule.endpoint.endswith(".static"):
            continue
        assert said is not None, f"{rule.endpoint} is documented nowhere"
        if isinstance(said, LeftOut):
            assert said.why
            assert path not in paths
            continue
        for method in (rule.methods or set()) & METHODS:
            assert paths[path][method.lower()]["summary"] == said.summary


def test_what_is_called_under_v1_is_never_left_out(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/v1/"):
            assert isinstance(said_of(app.view_functions[rule.endpoint]), Operation), rule.endpoint


def test_the_document_has_nothing_that_is_no_route(app: Flask, paths: dict[str, Any]) -> None:
    served = {
        (as_template(rule.rule), method.lower()) for rule in app.url_map.iter_rules() for method in rule.methods or ()
    }
    assert {(path, method) for path, methods in paths.items() for method in methods} <= served


def test_credentials_are_those_of_the_table(app: Flask, paths: dict[str, Any]) -> None:
    expected: dict[Any, Any] = {ANYONE: [], READER: [{"bearer": []}, {}], REPORTER: [{"bearer": []}, {}]}
    expected[LOOKER] = expected[READER]
    expected |= dict.fromkeys((BACKEND, CONTENT, MODERATOR, ADMIN))
    for rule in app.url_map.iter_rules():
        for method, operation in paths.get(as_template(rule.rule), {}).items():
            if method.upper() in (rule.methods or ()):
                assert operation.get("security") == expected[NEEDS[rule.endpoint]], rule.endpoint


def test_each_operation_has_a_name_of_its_own(paths: dict[str, Any]) -> None:
    names = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("view", [lambda: "all of them", print])
def test_a_route_that_says_nothing_of_itself_is_told(view: Callable[..., Any]) -> None:
    app = Flask("bare")
    app.add_url_rule("/v1/secrets", "secrets", view)
    with pytest.raises(LookupError, match="secrets says nothing of itself"):
        require_documented(app)
