"""The head of a request as it came, in the few parts that are looked at."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs

from quorum.network.addresses import Address
from quorum.network.forwarding import Forwarding
from report_api.web.problems import Refused

MAX_FIELDS = 16  # of a query
_ORIGIN = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
# What is read of a request. A name with an underscore is none of these, whatever a proxy would make of it.
_ONCE = ("authorization", "last-event-id")
_MANY = ("x-forwarded-for", "x-forwarded-prefix")


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its body, which is never read."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    peer: str
    has_body: bool

    def client(self, forwarding: Forwarding) -> Address | None:
        """Return who asks, None when it is not known."""
        return forwarding.client(self.peer, self.headers.get("x-forwarded-for"))

    def arguments(self) -> dict[str, list[str]]:
        """Return what stands in the query. Raises Refused."""
        try:
            return parse_qs(self.query, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
        except ValueError:
            raise Refused(
                400, "invalid-query", "The query is not valid", "its escapes must be UTF-8, and few"
            ) from None


def read_head(
    method: bytes, target: bytes, headers: Iterable[tuple[bytes, bytes]], peer: str, *, has_body: bool
) -> Request:
    """Return a request; header names are in lower case. Raises Refused."""
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name = raw_name.decode("ascii", "replace")
        if name not in _ONCE + _MANY:
            continue
        if not raw_value.isascii():
            raise Refused(400, "header-not-ascii", "A header cannot be read", f"the value of {name} must be ASCII")
        if name in found and name in _ONCE:
            raise Refused(400, "header-twice", "A header came twice", f"send {name} once")
        value = raw_value.decode("ascii")
        found[name] = f"{found[name]}, {value}" if name in found else value
    path, _, query = _ORIGIN.sub("", target.decode("latin-1"), count=1).partition("?")
    return Request(method.decode("ascii", "replace"), path or "/", query, found, peer, has_body)
