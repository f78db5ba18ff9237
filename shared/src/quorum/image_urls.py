"""Image ids that are URLs: one form for all the ways to write the same one.

The rule: the scheme becomes https; the host becomes lower case, in its ASCII form (IDNA), without a default port; the
fragment goes, and so does the query, but for the parameters that the policy keeps (sorted); in the path dot segments
are resolved and percent-encoding is normalised (RFC 3986, 6.2.2). User names and passwords are refused.
"""

import re

from yarl import URL

from quorum.errors import InvalidImageId

_WEB = re.compile(r"https?://", re.IGNORECASE)
_REFUSED = re.compile(r"[\s\\\x00-\x1f\x7f]")
_DEFAULT_PORTS = {80, 443}


def canonical_url(text: str, keep_query: frozenset[str] = frozenset()) -> str:
    """Return a web address in canonical form, and any other text as it is. Raises InvalidImageId.

    `keep_query` names the query parameters that tell pictures apart. The result is its own canonical form.
    """
    if not _WEB.match(text):
        return text
    if _REFUSED.search(text):
        raise InvalidImageId("is a URL with a space, a backslash or a control character; percent-encode it")
    try:
        url = URL(text)
        host, port = url.raw_host, url.explicit_port
    except ValueError as error:
        raise InvalidImageId(f"is not a valid URL: {error}") from error
    if not host:
        raise InvalidImageId("is a URL without a host")
    if url.raw_user is not None or url.raw_password is not None:
        raise InvalidImageId("is a URL with a user name or password; remove it")
    authority = f"[{host}]" if ":" in host else host.rstrip(".") or host
    if port is not None and port not in _DEFAULT_PORTS:
        authority = f"{authority}:{port}"
    kept = ""
    if keep_query and url.raw_query_string:
        pairs = sorted((name, value) for name, value in url.query.items() if name in keep_query)
        kept = str(URL.build(query=pairs)) if pairs else ""
    return f"https://{authority}{url.raw_path or '/'}{kept}"
