"""Accounts for tests: quick hashes, and time that passes without anybody waiting."""

from collections.abc import Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher

from quorum.accounts import passwords
from quorum.accounts.sign_in import _hash_of_nobody
from quorum.store.keys import Keys

GOOD = "correct horse battery staple"
OTHER = "another staple of batteries"


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash with the least that Argon2 can: what a test counts is not how long it takes."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    _hash_of_nobody.cache_clear()  # it is made once for each process
    yield
    _hash_of_nobody.cache_clear()


def let_pass(client: Any, keys: Keys, seconds: float) -> None:
    """Make sessions and counters of tries older, as they would be after some seconds, and end what would have ended."""
    span = int(seconds * 1000)
    for name in _names(client, keys):
        left = client.pttl(name)
        assert left > 0, f"{name!r} never ends"
        if left <= span:
            client.delete(name)
            continue
        client.pexpire(name, left - span)
        for field in ("opened", "seen", "until"):
            if client.type(name) == b"hash" and client.hexists(name, field):
                client.hset(name, field, int(float(client.hget(name, field))) - span)


def _names(client: Any, keys: Keys) -> Iterator[bytes]:
    for prefix in (keys.sessions, keys.sessions_of, keys.sign_ins, keys.networks):
        yield from list(client.scan_iter(match=f"{prefix}*", count=1000))
