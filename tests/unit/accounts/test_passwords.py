"""Passwords are hashed with Argon2id, the same in every spelling, and not ones that everybody tries."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from quorum.accounts import passwords
from quorum.errors import WeakPassword

GOOD = "correct horse battery staple"


def test_the_hash_is_argon2id_with_the_parameters_of_the_source() -> None:
    parameters = extract_parameters(passwords.hashed(GOOD))
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19_456, 2, 1)
    assert (parameters.salt_len, parameters.hash_len) == (16, 32)
    assert passwords.hashed(GOOD) != passwords.hashed(GOOD)


def test_a_password_opens_its_hash_alone() -> None:
    kept = passwords.hashed(GOOD)
    assert passwords.verify(kept, GOOD)
    for other in ("", GOOD + " ", GOOD.upper(), GOOD[:-1], "\ud800", "\0", GOOD + "x" * 100_000):
        assert not passwords.verify(kept, other)


def test_what_is_no_hash_is_opened_by_nothing() -> None:
    for kept in ("", "plain", "$argon2id$v=19$m=19456,t=2,p=1$broken", "$2b$12$abc"):
        assert not passwords.verify(kept, GOOD)


def test_spellings_that_look_alike_are_one_password_and_others_are_not() -> None:
    kept = passwords.hashed("caf\u00e9 noir \u00e0 minuit")
    assert passwords.verify(kept, "cafe\u0301\u00a0noir a\u0300 minuit")  # another keyboard
    assert not passwords.verify(kept, "cafe noir a minuit")
    assert not passwords.verify(passwords.hashed("\ufb01ne words \u2460 and"), "fine words 1 and")  # NFKC would say so


def test_what_is_longer_than_a_password_can_be_is_never_right() -> None:
    assert not passwords.verify(passwords.hashed("a" * passwords.MOST), "a" * passwords.MOST + "b")


def test_a_hash_of_other_parameters_is_to_be_made_again() -> None:
    assert not passwords.needs_rehash(passwords.hashed(GOOD))
    weaker = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(GOOD)
    assert passwords.needs_rehash(weaker)
    assert passwords.verify(weaker, GOOD)


def test_no_more_than_a_few_are_hashed_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    full, release, lock = threading.Event(), threading.Event(), threading.Lock()
    now = most = 0

    class Slow:
        def hash(self, _: bytes) -> str:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            if now == passwords.AT_A_TIME:
                full.set()
            assert release.wait(20)
            with lock:
                now -= 1
            return ""

    hasher: Any = Slow()
    monkeypatch.setattr(passwords, "HASHER", hasher)
    with ThreadPoolExecutor(12) as pool:
        done = [pool.submit(passwords.hashed, GOOD) for _ in range(12)]
        assert full.wait(20)
        release.set()
        assert [one.result(20) for one in done] == [""] * 12
    assert most == passwords.AT_A_TIME


def test_a_generated_password_is_readable_random_and_good() -> None:
    made = {passwords.generate() for _ in range(500)}
    assert len(made) == 500
    for one in made:
        assert re.fullmatch(r"[abcdefghjkmnpqrstuvwxyz2-9]{4}(-[abcdefghjkmnpqrstuvwxyz2-9]{4}){4}", one)
        passwords.check_new(one, "anna")
    assert len(passwords._ALPHABET) ** 20 > 2**80


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "quatre mots sans rapport",
        "\u0643\u0644\u0645\u0627\u062a \u0643\u062b\u064a\u0631\u0629 \u0647\u0646\u0627",
        "x7#Lm2!pQz9v",
        "a password of mine",
    ],
)
def test_a_good_password_is_taken(password: str) -> None:
    passwords.check_new(password, "anna")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "at least 12"),
        ("short one 1", "at least 12"),
        ("e\u0301" * 11, "at least 12"),
        ("long and good " * 20, "at most 256"),
        ("x" * 1_000_000, "at most 256"),
        ("aaaaaaaaaaaaaaaa", "repeats itself"),
        ("abababababababab", "repeats itself"),
        ("abcdefghijklmnop", "repeats itself"),
        ("zyxwvutsrqponml", "repeats itself"),
        ("anna.lead@example.org", "a name or a word"),
        ("Anna.Lead@Example.org1", "a name or a word"),
        ("Password1234", "a name or a word"),
        ("password-password", "a name or a word"),
        ("qwertyuiop12", "a name or a word"),
        ("1234567890123", "a name or a word"),
        ("quorumquorum1", "a name or a word"),
        ("good words\0 and more", "control character"),
        ("good words \ud800 and more", "control character"),
    ],
)
def test_a_password_that_others_would_try_is_refused_in_words(password: str, said: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        passwords.check_new(password, "anna.lead@example.org")
    assert said in str(refused.value)


@hypothesis_settings(max_examples=15)
@given(st.text(min_size=1, max_size=40))
def test_any_text_can_be_hashed_and_opens_its_hash(password: str) -> None:
    assert passwords.verify(passwords.hashed(password), password)
