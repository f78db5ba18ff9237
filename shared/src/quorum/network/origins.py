"""Origins of web pages in the one form in which two that are the same are written alike (RFC 6454, 6.2)."""

import re

from yarl import URL

MAX_CHARACTERS = 300
_WRITTEN = re.compile(r"https?://[^/?#@\\\s%]+", re.IGNORECASE)


def canonical_origin(text: str) -> str:
    """Return an origin as browsers send it: small letters, an ASCII host, no default port. Raises ValueError."""
    if len(text) > MAX_CHARACTERS or not _WRITTEN.fullmatch(text):
        raise ValueError("must be scheme, host and perhaps port: https://www.example.org")
    origin = URL(text).origin()
    if not origin.raw_host or not origin.raw_host.isascii() or origin.port == 0:
        raise ValueError("must have a host and a port that pages can come from")
    return str(origin).lower()
