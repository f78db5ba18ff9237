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

from quorum.errors import InvalidToken
from quorum.people import Person
from quorum.reporters.token_keys import read_token_keys
from quorum.reporters.tokens import LEEWAY_SECONDS, REMEMBERED, Claims, Subject, TokenReader, mint_token

DAY = 86_400
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
    assert reader().subject(mint_token(SECRET, "quorum", "reader-1", 60), DAY).person.name == "reader-1"


def test_while_keys_rotate_tokens_of_both_are_good_and_of_a_dropped_one_not(tmp_path: Path) -> None:
    old = mint_token(OLD, "quorum", "reader-1", 600, key_id="2025")
    new = mint_token(NEW, "quorum", "reader-1", 600, key_id="2026")
    both = reader("", key_set(tmp_path, oct_key("2025", OLD), oct_key("2026", NEW)))
    assert both.subject(old, DAY) == both.subject(new, DAY) == Subject(Person("reader-1"))
    after = reader("", key_set(tmp_path, oct_key("2026", NEW)))
    assert after.subject(new, DAY).person.name == "reader-1"
    with pytest.raises(InvalidToken, match="no key that is known here"):
        after.subject(old, DAY)


def test_a_public_ed25519_key_is_enough_to_verify(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    public = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    verify = reader("", key_set(tmp_path, {**public, "kid": "site"}))
    signed = jwt.encode(claims(), private, algorithm="EdDSA", headers={"kid": "site"})
    assert verify.subject(signed, DAY).person.name == "reader-1"
    other = jwt.encode(claims(), Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": "site"})
    with pytest.raises(InvalidToken):
        verify.subject(other, DAY)


def test_a_public_key_is_never_taken_for_a_shared_secret(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    public = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    verify = reader("", key_set(tmp_path, {**public, "kid": "site"}))
    forged = jwt.encode(claims(), private.public_key().public_bytes_raw(), algorithm="HS256", headers={"kid": "site"})
    with pytest.raises(InvalidToken):
        verify.subject(forged, DAY)


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_another_algorithm_is_refused(algorithm: str) -> None:
    key = None if algorithm == "none" else SECRET * 2
    with pytest.raises(InvalidToken):
        reader().subject(jwt.encode(claims(), key, algorithm=algorithm), DAY)  # type: ignore[arg-type]


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", "..", "a.b.c.d", "x" * 5000, "é.é.é"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        reader().subject(token, DAY)


def test_without_keys_no_token_is_good() -> None:
    with pytest.raises(InvalidToken):
        reader("").subject(mint_token(SECRET, "quorum", "reader-1", 60), DAY)


def test_a_remembered_token_still_expires_and_follows_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    verify = reader()
    checks: list[str] = []
    check = verify._verify

    def counted(token: str) -> Claims:
        checks.append(token)
        return check(token)

    monkeypatch.setattr(verify, "_verify", counted)
    token = mint_token(SECRET, "quorum", "reader-1", 7200)
    assert verify.subject(token, DAY) == verify.subject(token, DAY)
    with pytest.raises(InvalidToken, match="the policy allows 1 hours"):
        verify.subject(token, 3600)
    now = time.time()
    monkeypatch.setattr("quorum.reporters.tokens.time.time", lambda: now + 7200 + LEEWAY_SECONDS)
    with pytest.raises(InvalidToken, match="expired"):
        verify.subject(token, DAY)
    assert len(checks) == 1, "the signature was checked once"


def test_no_more_tokens_are_remembered_than_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    verify = reader()
    monkeypatch.setattr(verify, "_verify", lambda token: Claims(token, time.time() + 60))
    for number in range(REMEMBERED + 50):
        verify.subject(str(number), DAY)
    assert len(verify._known) == REMEMBERED
