"""What htmx, which changes parts of open pages, says of a request."""

from flask import request


def is_part() -> bool:
    """Tell whether a part of a page is asked for, to be put into one that is open."""
    return request.headers.get("HX-Request") == "true"
