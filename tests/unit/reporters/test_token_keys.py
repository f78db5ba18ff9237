"""JWK Sets: what cannot be used as it is meant stops the start, and the key is named."""

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import OKPAlgorithm
from jwt.utils import base64url_encode

from quorum.errors import InvalidToken, SettingsError
from quorum.reporters.token_keys import TokenKeys, read_token_keys
from quorum.reporters.tokens import TokenReader

PRIVATE = Ed25519PrivateKey.generate()
PUBLIC = OKPAlgorithm.to_jwk(PRIVATE.public_key(), as_dict=True)
WITH_PRIVATE_PART = OKPAlgorithm.to_jwk(PRIVATE, as_dict=True)


def k(size: int) -> str:
    return base64url_encode(bytes(range(size))).decode()


OCT = {"kty": "oct", "kid": "one", "k": k(32)}
OKP = {**PUBLIC, "kid": "one"}
RSA = {"kty": "RSA", "kid": "one", "n": k(256), "e": "AQAB"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def read(path: Path, *keys: Any) -> TokenKeys:
    path.write_text(json.dumps({"keys": keys}))
    return read_token_keys("", path)


@pytest.mark.parametrize(
    "key",
    [
        OCT,
        OKP,
        {**OCT, "alg": "HS256", "use": "sig", "key_ops": ["sign", "verify"]},
        {**OKP, "alg": "EdDSA", "key_ops": ["verify"], "x5t": "something else"},
    ],
)
def test_a_key_that_says_what_it_is_for_is_taken(path: Path, key: dict[str, Any]) -> None:
    assert read(path, key)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ({**OCT, "k": k(1)}, "32 bytes or more"),
        ({**OCT, "k": k(31)}, "32 bytes or more"),
        ({**OCT, "k": ""}, "base64url"),
        ({**OCT, "k": k(32) + "="}, "base64url"),
        ({**OCT, "k": "+" * 44}, "base64url"),
        ({**OCT, "k": "a" * 45}, "base64url"),
        ({**OCT, "k": 7}, "base64url"),
        ({"kty": "oct", "kid": "one"}, "base64url"),
        ({**OCT, "alg": "HS512"}, "alg 'HS256'"),
        ({**OCT, "alg": "none"}, "alg 'HS256'"),
        ({**OCT, "alg": "EdDSA"}, "alg 'HS256'"),
        ({**OCT, "alg": None}, "alg 'HS256'"),
        ({**OKP, "alg": "HS256"}, "alg 'EdDSA'"),
        ({**OKP, "alg": ["EdDSA"]}, "alg 'EdDSA'"),
        ({**OCT, "use": "enc"}, "use 'sig'"),
        ({**OCT, "key_ops": ["encrypt"]}, "'verify' among"),
        ({**OCT, "key_ops": "verify"}, "'verify' among"),
        ({**OCT, "d": "x"}, "private"),
        ({**WITH_PRIVATE_PART, "kid": "one"}, "private"),
        ({**OKP, "crv": "Ed448"}, "crv 'Ed25519'"),
        ({**OKP, "crv": "X25519"}, "crv 'Ed25519'"),
        ({**OKP, "crv": None}, "crv 'Ed25519'"),
        ({**OKP, "x": k(31)}, "not a public key"),
        ({**OKP, "x": k(33)}, "not a public key"),
        ({**OKP, "x": None}, "base64url"),
        (RSA, "must have the kty"),
        ({**OKP, "kty": "EC", "crv": "P-256", "y": k(32)}, "must have the kty"),
        ({**OKP, "kty": "AKP"}, "must have the kty"),
        ({**OCT, "kty": ["oct"]}, "must have the kty"),
        ({"kid": "one"}, "must have the kty"),
    ],
)
def test_a_key_that_cannot_be_used_as_meant_is_named(path: Path, key: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=r"QUORUM_TOKEN_KEYS names .*keys\.json: the key 'one' .*") as caught:
        read(path, {**OCT, "kid": "good"}, key)
    assert said in str(caught.value)
    assert str(key.get("k") or "no secret") not in str(caught.value).removeprefix(f"QUORUM_TOKEN_KEYS names {path}")


@pytest.mark.parametrize("key", [None, 7, [], "one", {}, {"kid": 7}, {"kid": ""}, {"kid": "x" * 201}, {"kid": ["one"]}])
def test_a_key_without_a_name_is_told_by_its_place(path: Path, key: Any) -> None:
    with pytest.raises(SettingsError, match=r"keys\.json: key number 2 "):
        read(path, OCT, key)


def test_two_keys_of_one_name_are_refused(path: Path) -> None:
    with pytest.raises(SettingsError, match="the key 'one' is there twice"):
        read(path, OCT, {**OKP})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "7",
        '{"keys": 1}',
        '{"keys": []}',
        '{"keys": {}}',
        "[" * 100_000,
        "\xff",
        '{"keys": NaN}',
    ],
)
def test_what_is_no_key_set_stops_the_start_in_words(path: Path, text: str) -> None:
    path.write_text(text, encoding="latin-1")
    with pytest.raises(SettingsError, match=r"QUORUM_TOKEN_KEYS names .* not a JWK Set"):
        read_token_keys("", path)


def test_a_missing_key_set_stops_the_start_in_words(path: Path) -> None:
    with pytest.raises(SettingsError, match=r"QUORUM_TOKEN_KEYS names .* cannot be read"):
        read_token_keys("", path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from([OCT, OKP, RSA]), st.sampled_from(["kid", "kty", "k", "x", "crv", "alg", "use", "key_ops"]), JSON
)
def test_any_key_is_taken_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, key: dict[str, Any], field: str, value: Any
) -> None:
    try:
        keys = read(tmp_path_factory.getbasetemp() / "any.json", {**key, field: value})
    except SettingsError:
        return
    assert keys


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512", "EdDSA", "RS256", "ES256"])
def test_a_key_verifies_with_its_own_algorithm_alone(path: Path, algorithm: str) -> None:
    header = base64url_encode(json.dumps({"alg": algorithm, "kid": "one"}).encode()).decode()
    claims = base64url_encode(b'{"sub": "a", "aud": "quorum", "exp": 9999999999}').decode()
    signature = base64url_encode(PRIVATE.sign(f"{header}.{claims}".encode())).decode()
    for key in (OCT, OKP) if algorithm != "EdDSA" else (OCT,):
        with pytest.raises(InvalidToken):
            TokenReader(read(path, key), "quorum").subject(f"{header}.{claims}.{signature}", 86_400)
    forged = jwt.encode({"sub": "a"}, PRIVATE.public_key().public_bytes_raw(), "HS256", headers={"kid": "one"})
    with pytest.raises(InvalidToken):
        TokenReader(read(path, OKP), "quorum").subject(forged, 86_400)
