"""Why a caller is not known: each reason is a problem of its own, so that a client knows what helps."""

from types import MappingProxyType

from quorum.errors import (
    InvalidToken,
    TokenEarly,
    TokenExpired,
    TokenForOthers,
    TokenTooLong,
    UnknownCredential,
)
from report_api.web.problems import Refused

NO_TOKEN = "token-missing"  # noqa: S105 - the name of a problem
NO_KEY = "key-missing"
UNKNOWN_KEY = "key-unknown"
UNREADABLE = "credential-unreadable"

TITLES = MappingProxyType(
    {
        NO_TOKEN: "A reporter token is missing",
        "token-expired": "The token has expired",
        "token-early": "The token is not valid yet",
        "token-too-long": "The token is valid for too long",
        "token-audience": "The token is for somebody else",
        "token-invalid": "The token is not valid",
        NO_KEY: "An API key is missing",
        UNKNOWN_KEY: "The API key is not known",
        "credential-unknown": "The credential is not known",
        UNREADABLE: "The credential cannot be read",
    }
)
_OF_TOKENS = {
    TokenExpired: "token-expired",
    TokenEarly: "token-early",
    TokenTooLong: "token-too-long",
    TokenForOthers: "token-audience",
    UnknownCredential: "credential-unknown",
}


def kind_of(error: InvalidToken) -> str:
    """Return the kind of problem that a token has."""
    return _OF_TOKENS.get(type(error), "token-invalid")


def unauthorized(kind: str, detail: str) -> Refused:
    """Return the refusal of a caller who is not known, with status 401; `kind` is one of TITLES."""
    return Refused(401, kind, TITLES[kind], detail)
