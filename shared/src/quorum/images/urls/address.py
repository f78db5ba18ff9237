"""A web address in normal form, whatever the policy says.

The scheme becomes https; the host becomes lower case, in its ASCII form (IDNA), without a default port; the fragment
goes; in the path dot segments are resolved; percent-encoding is normalised (RFC 3986, 6.2.2), and so is Unicode (NFC),
be it encoded or not. User names and passwords are refused.
"""

import re
import unicodedata
from typing import NamedTuple

from yarl import URL

from quorum.errors import InvalidImageId

_WEB = re.compile(r"https?://", re.IGNORECASE)
_REFUSED = re.compile(r"[\s\\\x00-\x1f\x7f]")
_HIGH_ESCAPES = re.compile(r"(?:%[89a-fA-F][0-9a-fA-F])+")
_DEFAULT_PORTS = {80, 443}


class WebAddress(NamedTuple):
    """The parts of a web address; `path` begins with a slash, `query` is as it was sent but for its encoding."""

    authority: str
    path: str
    query: str


def is_web_address(text: str) -> bool:
    """Tell whether an image id is a URL of the web, and not any other text."""
    return _WEB.match(text) is not None


def parse_address(text: str) -> WebAddress:
    """Return the parts of a web address in normal form. Raises InvalidImageId."""
    if _REFUSED.search(text):
        raise InvalidImageId("is a URL with a space, a backslash or a control character; percent-encode it")
    try:
        url = URL(unicodedata.normalize("NFC", _HIGH_ESCAPES.sub(_decoded, text)))
        host, port = url.raw_host, url.explicit_port
    except ValueError as error:
        raise InvalidImageId(f"is not a valid URL: {error}") from error
    if not host or not host.rstrip("."):
        raise InvalidImageId("is a URL without a host")
    if url.raw_user is not None or url.raw_password is not None:
        raise InvalidImageId("is a URL with a user name or password; remove it")
    authority = f"[{host}]" if ":" in host else host.rstrip(".")
    if port is not None and port not in _DEFAULT_PORTS:
        authority = f"{authority}:{port}"
    return WebAddress(authority, url.raw_path or "/", url.raw_query_string)


def _decoded(escapes: re.Match[str]) -> str:
    """Return the characters that some escapes stand for; what is not UTF-8 stays as it is."""
    text = bytes.fromhex(escapes[0].replace("%", "")).decode("utf-8", "surrogateescape")
    return "".join(f"%{ord(one) - 0xDC00:02X}" if "\udc80" <= one <= "\udcff" else one for one in text)
