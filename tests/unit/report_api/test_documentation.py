"""The OpenAPI document is made from the routes, so that none can be left out of it by oversight."""

from collections.abc import Callable
from typing import Any

import pytest
from conftest import claimed_app, make_settings
from flask import Flask

from quorum.policy import load_policy
from report_api.access.guard import ADMIN, ANYONE, BACKEND, CONTENT, LOOKER, MODERATOR, NEEDS, READER, REPORTER
from report_api.docs.examples import body_of
from report_api.docs.openapi import openapi, require_documented
from report_api.docs.tags import tag_of
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
    expected: dict[Any, Any] = {
        ANYONE: [],
        READER: [{"bearer": ["read"]}, {}],
        LOOKER: [{"bearer": ["read"]}, {"bearer": ["moderate"]}, {}],
        REPORTER: [{"bearer": ["report"]}, {"token": []}, {}],
        BACKEND: [{"bearer": ["report"]}],
        CONTENT: [{"bearer": ["report:content"]}],
        MODERATOR: [{"bearer": ["moderate"]}],
        ADMIN: [{"bearer": ["admin"]}],
    }
    for rule in app.url_map.iter_rules():
        for method, operation in paths.get(as_template(rule.rule), {}).items():
            if method.upper() in (rule.methods or ()):
                need = NEEDS[rule.endpoint]
                assert operation["security"] == expected[need], rule.endpoint
                assert operation["description"].endswith(f"Needs {need.told}."), rule.endpoint


def test_each_operation_belongs_to_a_group_that_is_described(app: Flask, paths: dict[str, Any]) -> None:
    described = {tag["name"] for tag in openapi(app, load_policy(None))["tags"]}
    used = {tag for methods in paths.values() for operation in methods.values() for tag in operation["tags"]}
    assert used == described
    with pytest.raises(LookupError, match="no tag"):
        tag_of("something.new")


def test_each_body_has_an_example_that_its_schema_takes(paths: dict[str, Any]) -> None:
    bodies = [one["requestBody"] for methods in paths.values() for one in methods.values() if "requestBody" in one]
    assert len(bodies) > 5
    assert all("example" in body["content"]["application/json"] for body in bodies)
    with pytest.raises(LookupError, match="no example"):
        body_of("something.new", load_policy(None))


def test_each_operation_has_a_name_of_its_own(paths: dict[str, Any]) -> None:
    names = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("view", [lambda: "all of them", print])
def test_a_route_that_says_nothing_of_itself_is_told(view: Callable[..., Any]) -> None:
    app = Flask("bare")
    app.add_url_rule("/v1/secrets", "secrets", view)
    with pytest.raises(LookupError, match="secrets says nothing of itself"):
        require_documented(app)
