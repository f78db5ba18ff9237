"""Receive webhooks: python receive_webhook.py PORT. The secret that quorum showed is in WEBHOOK_SECRET."""

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import make_server

from quorum_client import BLOCKED, InvalidWebhook, verify


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer a delivery, under any WSGI server."""
    body = environ["wsgi.input"].read(min(int(environ.get("CONTENT_LENGTH") or 0), 2**20))  # as it came
    headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
    try:
        event = verify(os.environ["WEBHOOK_SECRET"], headers, body)
    except InvalidWebhook:
        start_response("401 Unauthorized", [])
        return []
    if event.type == BLOCKED:
        print("purge", event.subject, flush=True)  # remember event.id: it may come again
    start_response("204 No Content", [])
    return []


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
