"""Reporter tokens: several keys, two algorithms, and nothing else."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from jwt.utils import base64url_encode

from quorum.errors import InvalidToken, SettingsError
from quorum.tokens import REMEMBERED, Subject, TokenReader, mint_token, read_token_keys

SECRET = "a token secret for tests only, 32 bytes"
OLD, NEW = "an old secret of 32 bytes or more, yes", "a new secret of 32 bytes or more, yes"


def claims(**changes: Any) -> dict[str, Any]:
    return {"sub": "reader-1", "aud": "quorum", "exp": int(time.time()) + 600, **changes}


def oct_key(key_id: str, secret: str) -> dict[str, str]:
    return {"kty": "oct", "kid": key_id, "k": base64url_encode(secret.encode()).decode()}


def key_set(tmp_path: Path, *keys: dict[str, Any]) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": list(keys)}))
    return path


def reader(secret: str = SECRET, path: Path | None = None) -> TokenReader:
    return TokenReader(read_token_keys(secret, path), "quorum")


def test_a_minted_token_names_its_reader() -> None:
    assert reader().subject(mint_token(SECRET, "quorum", "reader-1", 60)).name == "reader-1"


def test_while_keys_rotate_tokens_of_both_are_good_and_of_a_dropped_one_not(tmp_path: Path) -> None:
    old = mint_token(OLD, "quorum", "reader-1", 600, key_id="2025")
    new = mint_token(NEW, "quorum", "reader-1", 600, key_id="2026")
    both = reader("", key_set(tmp_path, oct_key("2025", OLD), oct_key("2026", NEW)))
    assert both.subject(old) == both.subject(new) == Subject("reader-1")
    after = reader("", key_set(tmp_path, oct_key("2026", NEW)))
    assert after.subject(new).name == "reader-1"
    with pytest.raises(InvalidToken, match="no key that is known here"):
        after.subject(old)


def test_a_public_ed25519_key_is_enough_to_verify(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    public = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    verify = reader("", key_set(tmp_path, {**public, "kid": "site"}))
    signed = jwt.encode(claims(), private, algorithm="EdDSA", headers={"kid": "site"})
    assert verify.subject(signed).name == "reader-1"
    other = jwt.encode(claims(), Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": "site"})
    with pytest.raises(InvalidToken):
        verify.subject(other)


def test_a_public_key_is_never_taken_for_a_shared_secret(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    public = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    verify = reader("", key_set(tmp_path, {**public, "kid": "site"}))
    forged = jwt.encode(claims(), private.public_key().public_bytes_raw(), algorithm="HS256", headers={"kid": "site"})
    with pytest.raises(InvalidToken):
        verify.subject(forged)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": 1}, "it has expired"),
        ({"aud": "another"}, "Audience doesn't match"),
        ({"sub": "  "}, "its sub is blank"),
        ({"sub": 7}, "Subject must be a string"),
        ({"sub": None}, 'missing the "sub" claim'),
        ({"exp": None}, 'missing the "exp" claim'),
        ({"aud": None}, 'missing the "aud" claim'),
        ({"nbf": int(time.time()) + 86_400}, "not yet valid"),
    ],
)
def test_a_token_whose_claims_do_not_hold_is_refused_and_said_why(changes: dict[str, Any], said: str) -> None:
    fields = {name: value for name, value in claims(**changes).items() if value is not None}
    token = jwt.encode(fields, SECRET, algorithm="HS256") if fields.get("sub") != 7 else _unchecked(fields)
    with pytest.raises(InvalidToken, match=said):
        reader().subject(token)


def _unchecked(fields: dict[str, Any]) -> str:
    """Sign claims that a library would not."""
    return jwt.api_jws.encode(json.dumps(fields).encode(), SECRET, algorithm="HS256")


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_another_algorithm_is_refused(algorithm: str) -> None:
    key = None if algorithm == "none" else SECRET * 2
    with pytest.raises(InvalidToken):
        reader().subject(jwt.encode(claims(), key, algorithm=algorithm))  # type: ignore[arg-type]


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", "..", "a.b.c.d", "x" * 5000, "é.é.é"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        reader().subject(token)


def test_without_keys_no_token_is_good() -> None:
    with pytest.raises(InvalidToken):
        reader("").subject(mint_token(SECRET, "quorum", "reader-1", 60))


def test_a_remembered_token_still_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    verify = reader()
    token = mint_token(SECRET, "quorum", "reader-1", 60)
    assert verify.subject(token).name == "reader-1"
    now = time.time()
    monkeypatch.setattr("quorum.tokens.time.time", lambda: now + 61)
    monkeypatch.setattr(verify, "_verify", lambda _: (_ for _ in ()).throw(InvalidToken("it has expired")))
    with pytest.raises(InvalidToken, match="expired"):
        verify.subject(token)


def test_no_more_tokens_are_remembered_than_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    verify = reader()
    monkeypatch.setattr(verify, "_verify", lambda token: (token, time.time() + 60))
    for number in range(REMEMBERED + 50):
        verify.subject(str(number))
    assert len(verify._known) == REMEMBERED


@pytest.mark.parametrize(
    "text", ["", "[]", '{"keys": 1}', '{"keys": [{"kty": "oct"}]}', '{"keys": [{"kid": "a", "kty": "RSA"}]}']
)
def test_a_bad_key_set_stops_the_start_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"QUORUM_TOKEN_KEYS names .* not a JWK Set"):
        read_token_keys("", path)


def test_a_missing_key_set_stops_the_start_in_words(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"QUORUM_TOKEN_KEYS names .* cannot be read"):
        read_token_keys("", tmp_path / "none.json")
