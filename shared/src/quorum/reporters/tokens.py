"""Reporter tokens: a short-lived JWT in which a site says who its reader is.

Claims: `sub` (the reader, as the site names them), `aud` (this quorum), `exp`; all three are required. `since` may say
when the reader's account was made (seconds since 1970), so that a crowd of fresh accounts is noticed. A name is read as
everywhere (`quorum.people`), under the policy of the moment. Algorithms: HS256 with a shared secret, EdDSA (Ed25519)
with the site's public key. Several keys may be valid at a time, told apart by `kid`: to rotate, add the new one, sign
with it, and drop the old one when its last tokens have expired.
"""

import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

import jwt

from quorum.errors import (
    InvalidName,
    InvalidToken,
    TokenEarly,
    TokenExpired,
    TokenForOthers,
    TokenTooLong,
    UnknownCredential,
)
from quorum.people import Person
from quorum.reporters.accounts import refused_since
from quorum.reporters.token_keys import TokenKeys

MAX_TOKEN_CHARACTERS = 4096
REMEMBERED = 4096
LEEWAY_SECONDS = 30  # by so much a site's clock may differ
_LAST_TIME = 253_402_300_799  # the end of the year 9999
_LAST_NANOSECOND = _LAST_TIME * 10**9


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a token names, and since when the site knows them (Unix seconds), where it says so."""

    person: Person
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says, its signature being good. Times are in Unix seconds; it was `made` when it says so."""

    name: str
    ends: float
    made: float | None = None
    begins: float | None = None
    since: float | None = None

    def require_time(self, now: float, longest_seconds: float) -> None:
        """Refuse a token that is over, not valid yet, or made for longer than is allowed. Raises InvalidToken."""
        if self.ends + LEEWAY_SECONDS <= now:
            raise TokenExpired("it has expired; ask the site for a new one")
        earliest = max(self.made or 0, self.begins or 0)
        if earliest > now + LEEWAY_SECONDS:
            raise TokenEarly("it is not valid yet (iat, nbf); the site's clock may be ahead")
        if earliest > self.ends:
            raise InvalidToken("it ends before it begins (exp, iat, nbf)")
        if self.ends - min(now, now if self.made is None else self.made) > longest_seconds + LEEWAY_SECONDS:
            hours = longest_seconds / 3600
            raise TokenTooLong(f"it is valid for too long: the policy allows {hours:g} hours (tokens.max_hours)")
        refused = None if self.since is None else refused_since(self.since, now)
        if refused:
            raise InvalidToken(f"its since {refused}")

    def subject(self, *, fold_case: bool) -> Subject:
        """Return whom it names."""
        return Subject(Person(self.name, fold_case=fold_case), self.since)


class TokenReader:
    """Checks tokens, and remembers what good ones say, since checking signatures is dear."""

    def __init__(self, keys: TokenKeys, audience: str) -> None:
        self._keys = keys
        self._audience = audience
        self._known: OrderedDict[str, Claims] = OrderedDict()
        self._lock = Lock()

    def subject(self, token: str, longest_seconds: float, *, fold_case: bool = False) -> Subject:
        """Return whom the token names; it may be valid for `longest_seconds` at most. Raises InvalidToken."""
        claims = self._known.get(token) or self._remembered(token)
        claims.require_time(time.time(), longest_seconds)
        return claims.subject(fold_case=fold_case)

    def _remembered(self, token: str) -> Claims:
        claims = self._verify(token)
        with self._lock:
            self._known[token] = claims
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return claims

    def _verify(self, token: str) -> Claims:
        if not self._keys or len(token) > MAX_TOKEN_CHARACTERS or token.count(".") != 2 or not token.isascii():  # noqa: PLR2004 - RFC 7519, 3
            raise UnknownCredential("it is neither a known API key nor a reporter token")
        key = self._keys.key_for(token)
        try:
            payload = jwt.api_jws.decode(token, key, algorithms=[key.algorithm_name])
        except jwt.PyJWTError as error:
            raise InvalidToken(str(error)) from error
        return read_claims(payload, self._audience)


def read_claims(payload: bytes, audience: str) -> Claims:
    """Return what a signed payload says. Raises InvalidToken for anything that is not a token for `audience`."""
    try:
        claims = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InvalidToken("its claims are not JSON") from error
    if not isinstance(claims, dict):
        raise InvalidToken("its claims are not a JSON object")
    missing = next((name for name in ("sub", "aud", "exp") if claims.get(name) is None), None)
    if missing:
        raise InvalidToken(f"it has no {missing}")
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if audience not in audiences:
        raise TokenForOthers(f"it is for another audience (aud) than {audience!r}")
    ends = _time(claims, "exp")
    assert ends is not None
    return Claims(_name(claims["sub"]), ends, _time(claims, "iat"), _time(claims, "nbf"), _since(claims))


def _name(subject: Any) -> str:
    """Return the name as it was sent, once it is known to be one."""
    if not isinstance(subject, str) or not subject.strip():
        raise InvalidToken("it names nobody: its sub is no text, or blank")
    try:
        Person(subject)
    except InvalidName as error:
        raise InvalidToken(f"its sub {error}") from error
    return subject


def _since(claims: dict[str, Any]) -> float | None:
    """Return when the account was made; whether that can be is asked when the time is known."""
    value = claims.get("since")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LAST_NANOSECOND:
        raise InvalidToken("its since is not a time in seconds since 1970; mend it, or leave it out")
    return float(value)


def _time(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LAST_TIME:
        raise InvalidToken(f"its {name} is not a time in seconds since 1970")
    return float(value)


def mint_token(
    secret: str,
    audience: str,
    subject: str,
    lifetime_seconds: int,
    *,
    key_id: str | None = None,
    since: float | None = None,
) -> str:
    """Return an HS256 reporter token as a site's backend would make it; `since`: when the account was made."""
    claims = {"sub": subject, "aud": audience, "exp": int(time.time()) + lifetime_seconds}
    if since is not None:
        claims["since"] = int(since)
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": key_id} if key_id else None)
