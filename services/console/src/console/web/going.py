"""Where a browser goes once something was done."""

from typing import cast

from flask import Response, redirect


def see_other(place: str) -> Response:
    """Send a browser to another page, which it asks for by GET (RFC 9110, 15.4.4)."""
    return cast("Response", redirect(place, 303))
