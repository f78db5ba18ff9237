"""The cookie of the console: signed, for this host alone, out of the reach of scripts.

It holds a session's token, the language, and what is said on the next page. Who has it is looked up at every request
(`quorum.accounts.sessions`), so that a session ends where it is closed and not where a cookie is.
"""

import hmac
from hashlib import sha256

from flask import Flask, has_request_context, request
from flask.sessions import SecureCookieSessionInterface

NAME = "quorum"


class Cookies(SecureCookieSessionInterface):
    """Flask's signed cookies; over https under a name that a browser takes for this very host alone."""

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name (RFC 6265bis, 4.1.3)."""
        return f"__Host-{NAME}" if self.get_cookie_secure(app) else NAME

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask's signature
        """Tell whether the cookie may go over https alone."""
        return has_request_context() and request.is_secure

    def get_cookie_httponly(self, app: Flask) -> bool:  # noqa: ARG002
        """No script reads it."""
        return True

    def get_cookie_samesite(self, app: Flask) -> str:  # noqa: ARG002
        """Let it come along when a provider sends somebody back here, and with no form of another site."""
        return "Lax"


def signing_key(pepper: str) -> bytes:
    """Return the key that cookies are signed with: all processes have the same, and nobody has to make one more."""
    return hmac.digest(pepper.encode(), b"quorum console cookies", sha256)
