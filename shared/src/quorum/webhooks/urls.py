"""URLs of endpoints: what may be subscribed, how it is written down, and when two mean the same.

A URL is kept as it was given, since a receiver may look at every character; only a host that is not ASCII is written
in its ASCII form (IDNA).
"""

import re
from ipaddress import ip_address

from yarl import URL

MAX_CHARACTERS = 2000

_PARTS = re.compile(
    r"(https?)://([^/?#\\\s\x00-\x1f\x7f]+)([/?][!-\"$-~]*)?", re.IGNORECASE
)  # visible ASCII, and no fragment
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE)


def written_endpoint(url: str) -> str:
    """Return a URL as it is stored and called. Raises ValueError that says what to mend."""
    if len(url) > MAX_CHARACTERS:
        raise ValueError(f"must have at most {MAX_CHARACTERS} characters")
    if not re.match("https?://.", url, re.IGNORECASE):
        raise ValueError("must be an http or https URL with a host")
    parts = _PARTS.fullmatch(url)
    if not parts:
        raise ValueError("must be ASCII without spaces and fragment; percent-encode the rest")
    scheme, authority, rest = parts[1], parts[2], parts[3] or ""
    if "@" in authority:
        raise ValueError("must have no user name or password")
    ascii_authority = _checked_authority(scheme, authority)
    return url if authority.isascii() else f"{scheme}://{ascii_authority}{rest}"


def _checked_authority(scheme: str, authority: str) -> str:
    """Return host and port in ASCII. Raises ValueError."""
    mistake = "must have a host and a port that can be called"
    try:
        read = URL(f"{scheme}://{authority}")
    except ValueError as error:  # a port that is none, brackets that do not match, a host that has no ASCII form
        raise ValueError(mistake) from error
    host = read.raw_host or ""
    bracketed = ("[" in authority) == (":" in host)
    if read.port == 0 or not bracketed or not (_NAME.fullmatch(host) or _is_address(host)):
        raise ValueError(mistake)
    return read.raw_authority


def same_endpoint(one: str, other: str) -> bool:
    """Tell whether two URLs are ways to write the same (RFC 3986, 6.2)."""
    return _canonical(one) == _canonical(other)


def _canonical(url: str) -> tuple[str, ...]:
    try:
        read = URL(url)
        host = (read.raw_host or "").lower()
        return read.scheme, host.rstrip("."), str(read.port), read.raw_path or "/", read.raw_query_string
    except ValueError:
        return (url,)


def _is_address(host: str) -> bool:
    try:
        return "%" not in host and bool(ip_address(host))
    except ValueError:
        return False
