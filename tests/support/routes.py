"""Every route of the API with every method, as requests that reach it."""

import uuid
from collections.abc import Iterator
from typing import NamedTuple

from flask import Flask
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import Rule

from report_api.button.files import scripts

EXAMPLES = {"image_id": "img-1", "webhook_id": "wh_1", "reader": uuid.UUID(int=1), "filename": "icon.svg"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


class Visit(NamedTuple):
    """One request: a path, and the endpoint that it reaches when the method is allowed there."""

    path: str
    method: str
    endpoint: str
    allowed: bool


def visits(app: Flask) -> Iterator[Visit]:
    """Yield a request for each route and method, those that are not allowed too."""
    adapter = app.url_map.bind("localhost")
    for path in sorted({path_of(rule) for rule in app.url_map.iter_rules()}):
        for method in METHODS:
            try:
                endpoint, _ = adapter.match(path, method=method)
            except MethodNotAllowed:
                yield Visit(path, method, "", allowed=False)
            else:
                yield Visit(path, method, endpoint, allowed=True)


def path_of(rule: Rule) -> str:
    """Return a path that a rule matches."""
    examples = {**EXAMPLES}
    if rule.endpoint == "button.script":
        examples["filename"] = next(iter(scripts()))
    if rule.endpoint == "docs.static":
        examples["filename"] = "docs.js"
    _, path = rule.build({name: examples[name] for name in rule.arguments}) or ("", "")
    return str(path)
