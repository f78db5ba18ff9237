"""How many of something a caller wants at most."""

from flask import request

from report_api.web.describing import in_query
from report_api.web.problems import Refused

DEFAULT_EVENTS = 100
MAX_EVENTS = 1000

LIMIT = in_query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_EVENTS, "default": DEFAULT_EVENTS})


def page_limit() -> int:
    """Return how many the caller wants at most. Raises Refused."""
    raw = request.args.get("limit", str(DEFAULT_EVENTS))
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= MAX_EVENTS:
        detail = f"must be a whole number from 1 to {MAX_EVENTS}"
        raise Refused(400, "invalid-limit", "The limit is not valid", detail, "limit")
    return int(raw)
