"""Reporter tokens: a short-lived JWT in which a site says who its reader is.

Claims: `sub` (the reader, as the site names them), `aud` (this quorum), `exp`; all three are required. `since` may say
when the reader's account was made (seconds since 1970), so that a crowd of fresh accounts is noticed. Algorithms:
HS256 with a shared secret, EdDSA (Ed25519) with the site's public key. Several keys may be valid at a time, told apart
by `kid`: to rotate, add the new one, sign with it, and drop the old one when its last tokens have expired.
"""

import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import jwt
from jwt.api_jwk import PyJWK
from jwt.utils import base64url_encode

from quorum.errors import InvalidToken, SettingsError

MAX_TOKEN_CHARACTERS = 4096
REMEMBERED = 4096

_ALGORITHM_OF = {"oct": "HS256", "OKP": "EdDSA"}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a token names, and since when the site knows them (Unix seconds), where it says so."""

    name: str
    since: float | None = None


class TokenKeys:
    """The keys that verify tokens: by key id, and one for tokens that name none."""

    def __init__(self, by_id: dict[str, PyJWK], unnamed: PyJWK | None = None) -> None:
        self._by_id = by_id
        self._unnamed = unnamed

    def __bool__(self) -> bool:
        return bool(self._by_id or self._unnamed)

    def key_for(self, token: str) -> PyJWK:
        """Return the key that a token must verify with. Raises InvalidToken."""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
        except jwt.InvalidTokenError as error:
            raise InvalidToken(f"it cannot be read: {error}") from error
        key = self._unnamed if key_id is None else self._by_id.get(key_id)
        if key is None:
            raise InvalidToken("it names no key that is known here (kid)")
        return key


def read_token_keys(secret: str, path: Path | None) -> TokenKeys:
    """Return the keys of a single shared secret, of a JWK Set file (RFC 7517), or of both. Raises SettingsError."""
    unnamed = _jwk({"kty": "oct", "k": _base64url(secret.encode())}) if secret else None
    if path is None:
        return TokenKeys({}, unnamed)
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["keys"]
        by_id = {key["kid"]: _jwk(key) for key in listed}
    except OSError as error:
        raise SettingsError(f"QUORUM_TOKEN_KEYS names {path}, which cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, jwt.PyJWKError) as error:
        raise SettingsError(
            f"QUORUM_TOKEN_KEYS names {path}, which is not a JWK Set of keys with kid and kty oct or OKP: {error!r}"
        ) from error
    return TokenKeys(by_id, unnamed)


class TokenReader:
    """Checks tokens, and remembers good ones until they expire, since checking is dear."""

    def __init__(self, keys: TokenKeys, audience: str) -> None:
        self._keys = keys
        self._audience = audience
        self._known: OrderedDict[str, tuple[Subject, float]] = OrderedDict()
        self._lock = Lock()

    def subject(self, token: str) -> Subject:
        """Return whom the token names. Raises InvalidToken."""
        known = self._known.get(token)
        if known and known[1] > time.time():
            return known[0]
        subject, expires = self._verify(token)
        with self._lock:
            self._known[token] = (subject, expires)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return subject

    def _verify(self, token: str) -> tuple[Subject, float]:
        if not self._keys or len(token) > MAX_TOKEN_CHARACTERS or token.count(".") != 2:  # noqa: PLR2004 - RFC 7519, 3
            raise InvalidToken("it is neither a known API key nor a reporter token")
        key = self._keys.key_for(token)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._audience,
                options={"require": ["sub", "aud", "exp"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise InvalidToken("it has expired; ask the site for a new one") from error
        except jwt.InvalidTokenError as error:
            raise InvalidToken(str(error)) from error
        subject: str = claims["sub"]
        if not subject.strip():
            raise InvalidToken("it names nobody: its sub is blank")
        since = claims.get("since")
        if since is not None and (isinstance(since, bool) or not isinstance(since, (int, float))):
            raise InvalidToken("its since is not a time in seconds since 1970")
        return Subject(subject, since), float(claims["exp"])


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


def _jwk(fields: dict[str, str]) -> PyJWK:
    return PyJWK.from_dict({**fields, "alg": _ALGORITHM_OF[fields["kty"]]})


def _base64url(raw: bytes) -> str:
    return base64url_encode(raw).decode()
