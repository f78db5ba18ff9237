"""How many of something a caller wants at most."""

from flask import request

from report_api.web.describing import in_query
from report_api.web.problems import Refused

DEFAULT_EVENTS = 100
MAX_EVENTS = 1000
MOST_DIGITS = 18  # leading zeros among them

LIMIT = in_query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_EVENTS, "default": DEFAULT_EVENTS})


def page_limit() -> int:
    """Return how many the caller wants at most. Raises Refused."""
    return whole_number("limit", DEFAULT_EVENTS, MAX_EVENTS)


def whole_number(name: str, default: int, most: int) -> int:
    """Return a parameter that is a whole number from 1 to `most`. Raises Refused."""
    raw = request.args.get(name, str(default))
    if not raw.isascii() or not raw.isdigit() or len(raw) > MOST_DIGITS or not 1 <= int(raw) <= most:
        raise Refused(
            400, f"invalid-{name}", f"The {name} is not valid", f"must be a whole number from 1 to {most}", name
        )
    return int(raw)
