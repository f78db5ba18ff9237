"""Every route of the console, with every method, as a request that reaches it."""

from collections.abc import Iterator
from typing import NamedTuple

from flask import Flask
from werkzeug.routing import Rule

EXAMPLES = {
    "image_id": "agency/front-page-photo",
    "reporter": b"reader-0".ljust(12, b"\0").hex(),
    "session_id": "none",
    "filename": "icon.svg",
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Visit(NamedTuple):
    """One request."""

    path: str
    method: str
    endpoint: str


def visits(app: Flask) -> Iterator[Visit]:
    """Yield a request for each route and each method that it takes."""
    for rule in app.url_map.iter_rules():
        for method in METHODS:
            if method in (rule.methods or ()):
                yield Visit(path_of(rule), method, rule.endpoint)


def path_of(rule: Rule) -> str:
    """Return a path that a rule matches."""
    _, path = rule.build({name: EXAMPLES.get(name, "none") for name in rule.arguments}) or ("", "")
    return str(path)
