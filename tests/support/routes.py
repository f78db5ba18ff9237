"""Every route of the API with every method, as requests that reach it."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import Rule

from report_api.button.files import scripts

EXAMPLES = {"image_id": "img-1", "webhook_id": "wh_1", "reader": uuid.UUID(int=1)}
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
    for path in sorted({path for rule in app.url_map.iter_rules() for path in paths_of(app, rule)}):
        for method in METHODS:
            try:
                endpoint, _ = adapter.match(path, method=method)
            except MethodNotAllowed:
                yield Visit(path, method, "", allowed=False)
            else:
                yield Visit(path, method, endpoint, allowed=True)


def paths_of(app: Flask, rule: Rule) -> Iterator[str]:
    """Yield paths that a rule matches: one for each of the files that it serves, else one."""
    for more in files_of(app, rule):
        examples = {**EXAMPLES, **more}
        _, path = rule.build({name: examples[name] for name in rule.arguments}) or ("", "")
        yield str(path)


def files_of(app: Flask, rule: Rule) -> list[dict[str, str]]:
    """Return the names of the files that a rule serves, as its arguments; of a rule without files, one empty set."""
    if rule.endpoint == "button.script":
        return [{"filename": name} for name in scripts()]
    blueprint, _, view = rule.endpoint.rpartition(".")
    if view != "static":
        return [{}]
    folder = Path(str((app.blueprints[blueprint] if blueprint else app).static_folder))
    return [{"filename": str(path.relative_to(folder))} for path in sorted(folder.rglob("*")) if path.is_file()]
