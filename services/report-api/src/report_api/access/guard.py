"""What a caller needs for each route: one table, enforced before a view runs and parses a body.

A route that is not in the table stops the start. `docs/security.md` shows the table (`make generate`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Flask, request

from quorum.access.keys import ApiKey, Scope
from report_api.access.callers import Access

_KEY = "quorum.api_key"  # where the environment of a request keeps the key of its caller


@dataclass(frozen=True, slots=True)
class Need:
    """What a caller must show: a key with one of `scopes`. `told` is how the documentation says it."""

    told: str
    scopes: tuple[Scope, ...] = ()
    may_be_open: bool = False  # QUORUM_READ_ACCESS=open lets everybody


ANYONE = Need("nothing")
INSIDER = Need("nothing: for insiders, who alone must reach it")
REPORTER = Need("a key with `report`, a reporter token, or nothing where `QUORUM_ANONYMOUS` lets readers")
BACKEND = Need("a key with `report`", (Scope.REPORT,))
CONTENT = Need("a key with `report:content`", (Scope.CONTENT,))
READER = Need("a key with `read`; nothing where `QUORUM_READ_ACCESS=open`", (Scope.READ,), may_be_open=True)
LOOKER = Need(
    "a key with `read` or `moderate`; nothing where `QUORUM_READ_ACCESS=open`",
    (Scope.READ, Scope.MODERATE),
    may_be_open=True,
)
MODERATOR = Need("a key with `moderate`", (Scope.MODERATE,))
ADMIN = Need("a key with `admin`", (Scope.ADMIN,))

NEEDS = {
    "reports.create_report": REPORTER,  # the view looks itself, for it needs what was shown
    "reports.withdraw_report": REPORTER,
    "report_batches.create_reports": BACKEND,
    "reasons.get_reasons": ANYONE,
    "images.get_image": LOOKER,
    "images.gate": READER,
    "images.get_copies": MODERATOR,
    "images.put_content": CONTENT,
    "images.delete_image": CONTENT,
    "images.get_statuses": LOOKER,
    "visibility.look_up": REPORTER,  # the view looks itself, for it needs what was shown
    "blocklist.get_blocklist": READER,
    "url_rules.get_url_rules": READER,
    "events.get_events": READER,
    "waiting.get_queue": MODERATOR,
    "decisions.decide": MODERATOR,
    "decisions.decide_many": MODERATOR,
    "appeals.lodge_appeal": CONTENT,  # it speaks for whoever put the image there
    "appeals.get_appeals": MODERATOR,
    "appeals.decide_appeal": MODERATOR,
    "statements.get_statement": LOOKER,
    "claims.claim": MODERATOR,
    "claims.release": MODERATOR,
    "history.get_history": MODERATOR,
    "history.get_audit": MODERATOR,
    "images.tell_views": BACKEND,
    "reporters.reporters_status": BACKEND,
    "webhooks.create_webhook": ADMIN,
    "webhooks.list_webhooks": ADMIN,
    "webhooks.get_webhook": ADMIN,
    "webhooks.delete_webhook": ADMIN,
    "webhooks.rotate_secret": ADMIN,
    "webhooks.enable_webhook": ADMIN,
    "webhooks.test_webhook": ADMIN,
    "webhooks.replay_webhook": ADMIN,
    "webhooks.get_deliveries": ADMIN,
    "probes.livez": ANYONE,
    "probes.readyz": ANYONE,
    "probes.metrics": INSIDER,
    "openapi_document": ANYONE,
    "asyncapi_document": ANYONE,
    "landing.page": ANYONE,
    "landing.static": ANYONE,
    "button.script": ANYONE,
    "docs.page": ANYONE,
    "docs.folder": ANYONE,
    "docs.static": ANYONE,
    "demo.page": ANYONE,
    "demo.name_reader": ANYONE,
    "demo.send_crew": ANYONE,
    "demo.static": ANYONE,
}


def guard(app: Flask, access: Access) -> None:
    """Put the table before every view of `app`, once all are registered. Raises LookupError."""
    for endpoint, view in app.view_functions.items():
        if endpoint not in NEEDS:
            raise LookupError(f"{endpoint} is not in the table of what callers need")
        app.view_functions[endpoint] = _guarded(view, NEEDS[endpoint], access)


def _guarded(view: Callable[..., Any], need: Need, access: Access) -> Callable[..., Any]:
    if not need.scopes:
        return view

    @wraps(view)
    def guarded(**arguments: Any) -> Any:
        environ = request.environ
        if not (need.may_be_open and access.open_reads):
            environ[_KEY] = access.require(environ.get("HTTP_AUTHORIZATION"), *need.scopes)
        return view(**arguments)

    return guarded


def key_of_caller() -> ApiKey:
    """Return the API key with which a guarded view was reached."""
    key: ApiKey = request.environ[_KEY]
    return key
