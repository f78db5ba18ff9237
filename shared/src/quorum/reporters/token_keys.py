"""The keys that verify reporter tokens: one shared secret, a JWK Set (RFC 7517), or both."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from jwt.api_jwk import PyJWK
from jwt.utils import base64url_decode, base64url_encode

from quorum.access.keys import LEAST_TOKEN_SECRET_BYTES
from quorum.errors import InvalidToken, SettingsError

MAX_KEYS = 100
MAX_KEY_ID_CHARACTERS = 200

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_ALGORITHMS = {"oct": "HS256", "OKP": "EdDSA"}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})  # RFC 7518, sections 6.2.2 and 6.3.2; RFC 8037


class TokenKeys:
    """The keys that verify tokens: by key id, and one for tokens that name none."""

    def __init__(self, by_id: Mapping[str, PyJWK], unnamed: PyJWK | None = None) -> None:
        self._by_id = dict(by_id)
        self._unnamed = unnamed

    def __bool__(self) -> bool:
        return bool(self._by_id or self._unnamed)

    def key_for(self, token: str) -> PyJWK:
        """Return the key that a token must verify with. Raises InvalidToken."""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as error:
            raise InvalidToken(f"it cannot be read: {error}") from error
        key = self._unnamed if key_id is None else self._by_id.get(key_id)
        if key is None:
            raise InvalidToken("it names no key that is known here (kid)")
        return key


def read_token_keys(secret: str, path: Path | None) -> TokenKeys:
    """Return the keys of a shared secret, of a JWK Set file, or of both. Raises SettingsError that names the key."""
    unnamed = _jwk({"kty": "oct", "k": base64url_encode(secret.encode()).decode()}) if secret else None
    return TokenKeys(_read_set(path) if path else {}, unnamed)


def _read_set(path: Path) -> dict[str, PyJWK]:
    named = f"QUORUM_TOKEN_KEYS names {path}"
    try:
        listed = json.loads(path.read_bytes().decode("utf-8"))["keys"]
    except OSError as error:
        raise SettingsError(f"{named}, which cannot be read: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise SettingsError(f'{named}, which is not a JWK Set: {{"keys": [...]}}, in JSON') from error
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_KEYS:
        raise SettingsError(f"{named}, which is not a JWK Set: its keys must be a list of 1 to {MAX_KEYS}")
    keys: dict[str, PyJWK] = {}
    for place, fields in enumerate(listed, 1):
        try:
            key_id = _key_id(fields)
        except ValueError as error:
            raise SettingsError(f"{named}: key number {place} {error}") from error
        if key_id in keys:
            raise SettingsError(f"{named}: the key {key_id!r} is there twice: take one of them away")
        try:
            keys[key_id] = _key(fields)
        except ValueError as error:
            raise SettingsError(f"{named}: the key {key_id!r} {error}") from error
    return keys


def _key_id(fields: Any) -> str:
    """Return the name of a key. Raises ValueError that goes on after the key's place."""
    if not isinstance(fields, dict):
        raise ValueError("is not a JSON object")  # noqa: TRY004 - it is the file that is wrong
    key_id = fields.get("kid")
    if not isinstance(key_id, str) or not 1 <= len(key_id) <= MAX_KEY_ID_CHARACTERS:
        raise ValueError(f"must have a kid, a text of 1 to {MAX_KEY_ID_CHARACTERS} characters")
    return key_id


def _key(fields: dict[str, Any]) -> PyJWK:
    """Return a key that can only be used as its kind is meant. Raises ValueError that goes on after its name."""
    kind = fields.get("kty")
    algorithm = _ALGORITHMS.get(kind) if isinstance(kind, str) else None
    if algorithm is None:
        raise ValueError("must have the kty 'oct' (a shared secret, HS256) or 'OKP' (a public key, EdDSA)")
    if fields.get("alg", algorithm) != algorithm:
        raise ValueError(f"must have the alg {algorithm!r}, or none: its kty allows no other")
    if fields.get("use", "sig") != "sig":
        raise ValueError("must have the use 'sig', or none: it verifies signatures")
    operations = fields.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise ValueError("must have 'verify' among its key_ops, or none")
    if _PRIVATE & fields.keys():
        raise ValueError("holds a private key: leave its private part (d) with the site, who signs")
    return _jwk(_shared(fields) if kind == "oct" else _public(fields))


def _shared(fields: dict[str, Any]) -> dict[str, str]:
    if len(_decoded(fields, "k")) < LEAST_TOKEN_SECRET_BYTES:
        raise ValueError(f"must have a k of {LEAST_TOKEN_SECRET_BYTES} bytes or more (RFC 7518, 3.2)")
    return {"kty": "oct", "k": fields["k"]}


def _public(fields: dict[str, Any]) -> dict[str, str]:
    if fields.get("crv") != "Ed25519":
        raise ValueError("must have the crv 'Ed25519'")
    _decoded(fields, "x")
    return {"kty": "OKP", "crv": "Ed25519", "x": fields["x"]}


def _decoded(fields: dict[str, Any], name: str) -> bytes:
    text = fields.get(name)
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise ValueError(f"must have {name}, in base64url without padding")
    return base64url_decode(text)


def _jwk(fields: dict[str, str]) -> PyJWK:
    try:
        return PyJWK.from_dict({**fields, "alg": _ALGORITHMS[fields["kty"]]})
    except jwt.PyJWTError as error:
        raise ValueError("cannot be used: its x is not a public key of Ed25519") from error
