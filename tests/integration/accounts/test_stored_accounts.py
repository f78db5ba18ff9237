"""Accounts as they are kept: one of a name, never without an admin, and nothing half-done."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from accounts import GOOD, OTHER
from conftest import make_settings
from redis_server import RedisServer
from store import Bench

from quorum.accounts import passwords, stored_accounts
from quorum.accounts.roles import Role
from quorum.accounts.sessions import Sessions
from quorum.accounts.stored_accounts import Accounts
from quorum.errors import (
    AccountExists,
    DataMissing,
    InvalidAccount,
    LastAdmin,
    PermanentError,
    SignInThrottled,
    StoreUnavailable,
    UnknownAccount,
    WeakPassword,
    WrongPassword,
)
from quorum.settings import Settings
from quorum.store.connection import connect

pytestmark = pytest.mark.usefixtures("quick_hashes")
SUBJECT = "https://id.example.org 248289761001"


@pytest.fixture
def accounts(bench: Bench, settings: Settings) -> Accounts:
    return Accounts(bench.client, settings.namespace)


@pytest.fixture
def sessions(bench: Bench, settings: Settings) -> Sessions:
    return Sessions(bench.client, settings.namespace)


def test_a_new_account_has_a_password_that_must_be_changed_and_is_not_kept(accounts: Accounts, bench: Bench) -> None:
    account, password = accounts.add("Anna@Example.org", Role.LEAD)
    assert (account.name, account.role, account.must_change) == ("anna@example.org", Role.LEAD, True)
    assert account.password
    assert passwords.verify(account.password, password)
    assert accounts.get("ANNA@example.org") == account
    assert accounts.list() == [account]
    stored = b"".join(bench.client.hgetall(bench.keys.accounts).values()).decode()
    assert password not in stored
    assert password.replace("-", "") not in stored


def test_a_name_is_given_once(accounts: Accounts) -> None:
    accounts.add("anna", Role.ADMIN)
    accounts.disable(accounts.add("bo", Role.VIEWER)[0].name)
    for taken in ("anna", "ANNA ", "bo"):
        with pytest.raises(AccountExists, match="already"):
            accounts.add(taken, Role.VIEWER)
    with pytest.raises(InvalidAccount):
        accounts.add("a b", Role.VIEWER)


def test_of_many_who_make_the_same_account_one_does(accounts: Accounts) -> None:
    def add(number: int) -> bool:
        try:
            accounts.add("anna", list(Role)[number % 4])
        except AccountExists:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add, range(24))) == 1
    assert len(accounts.list()) == 1


def test_changes_of_different_accounts_at_one_moment_are_all_kept(accounts: Accounts) -> None:
    names = [f"person-{number}" for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: accounts.add(name, Role.VIEWER), names))
        list(pool.map(lambda name: accounts.set_role(name, Role.LEAD), names))
    assert {one.name: one.role for one in accounts.list()} == dict.fromkeys(names, Role.LEAD)


@pytest.mark.parametrize(
    "act",
    [
        lambda accounts: accounts.reset("nobody"),
        lambda accounts: accounts.disable("nobody"),
        lambda accounts: accounts.enable("nobody"),
        lambda accounts: accounts.set_role("nobody", Role.LEAD),
        lambda accounts: accounts.change_password("nobody", GOOD, OTHER),
        lambda accounts: accounts.link("nobody", SUBJECT),
    ],
)
def test_what_nobody_is_called_is_said(accounts: Accounts, act: Callable[[Accounts], Any]) -> None:
    with pytest.raises(UnknownAccount, match="there is no account 'nobody'"):
        act(accounts)
    assert accounts.get("nobody") is None
    assert accounts.list() == []


def test_the_last_admin_stays(accounts: Accounts) -> None:
    accounts.add("anna", Role.ADMIN)
    accounts.add("bo", Role.ADMIN)
    accounts.add("cleo", Role.LEAD)
    accounts.set_role("bo", Role.LEAD)
    for act in (lambda: accounts.disable("anna"), lambda: accounts.set_role("anna", Role.VIEWER)):
        with pytest.raises(LastAdmin, match="make somebody else an admin first"):
            act()
    accounts.set_role("cleo", Role.ADMIN)
    accounts.disable("anna")
    with pytest.raises(LastAdmin):
        accounts.disable("cleo")
    accounts.enable("anna")
    accounts.disable("cleo")
    assert [one.name for one in accounts.list() if one.disabled_ms is None and one.role is Role.ADMIN] == ["anna"]


def test_admins_who_disable_each_other_at_one_moment_do_not_all_go(accounts: Accounts) -> None:
    names = ["anna", "bo", "cleo", "dan"]
    for name in names:
        accounts.add(name, Role.ADMIN)

    def disable(name: str) -> bool:
        try:
            accounts.disable(name) if name in {"anna", "bo"} else accounts.set_role(name, Role.VIEWER)
        except LastAdmin:
            return False
        return True

    for _ in range(10):
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(disable, names)) == 3
        left = [one.name for one in accounts.list() if one.role is Role.ADMIN and one.disabled_ms is None]
        assert len(left) == 1
        for name in names:
            accounts.enable(name)
            accounts.set_role(name, Role.ADMIN)


def test_the_time_of_the_first_disabling_stays(accounts: Accounts) -> None:
    accounts.add("anna", Role.VIEWER)
    first = accounts.disable("anna").disabled_ms
    assert first
    assert accounts.disable("anna").disabled_ms == first
    assert accounts.enable("anna").disabled_ms is None


def test_reset_disable_and_role_close_all_sessions(accounts: Accounts, sessions: Sessions) -> None:
    accounts.add("anna", Role.LEAD)
    accounts.add("bo", Role.LEAD)
    other, _ = sessions.open("bo", "Firefox")
    for act in (
        lambda: accounts.reset("anna"),
        lambda: accounts.set_role("anna", Role.VIEWER),
        lambda: accounts.disable("anna"),
    ):
        tokens = [sessions.open("anna", "Firefox")[0] for _ in range(3)]
        act()
        assert [sessions.find(token) for token in tokens] == [None] * 3
    accounts.enable("anna")
    assert sessions.list("anna") == []
    assert sessions.find(other)


def test_a_reset_gives_another_password(accounts: Accounts) -> None:
    before, old = accounts.add("anna", Role.LEAD)
    accounts.change_password("anna", old, GOOD)
    new = accounts.reset("anna")
    after = accounts.get("anna")
    assert after
    assert after.password
    assert after.must_change
    assert passwords.verify(after.password, new)
    assert not passwords.verify(after.password, GOOD)
    assert after.created_ms == before.created_ms


def test_a_changed_password_closes_the_other_sessions(accounts: Accounts, sessions: Sessions) -> None:
    _, old = accounts.add("anna", Role.LEAD)
    kept, session = sessions.open("anna", "Firefox")
    other, _ = sessions.open("anna", "Chrome")
    changed = accounts.change_password("anna", old, GOOD, keep=session.id)
    assert not changed.must_change
    assert sessions.find(other) is None
    assert sessions.find(kept) == (session, changed)
    accounts.change_password("anna", GOOD, OTHER)
    assert sessions.find(kept) is None


def test_a_password_is_changed_by_who_knows_it_and_to_a_good_one(accounts: Accounts) -> None:
    _, old = accounts.add("anna", Role.LEAD)
    before = accounts.list()
    with pytest.raises(WrongPassword):
        accounts.change_password("anna", OTHER, GOOD)
    for weak in ("short", "aaaaaaaaaaaaaaaa", old):
        with pytest.raises(WeakPassword):
            accounts.change_password("anna", old, weak)
    accounts.add_linked("linked", Role.VIEWER, SUBJECT)
    with pytest.raises(WrongPassword):
        accounts.change_password("linked", "", GOOD)
    assert accounts.list()[:1] == before


def test_a_stolen_session_does_not_try_passwords_out(accounts: Accounts) -> None:
    _, old = accounts.add("anna", Role.LEAD)
    for number in range(5):
        with pytest.raises(WrongPassword):
            accounts.change_password("anna", f"guess {number}", GOOD)
    with pytest.raises(SignInThrottled):
        accounts.change_password("anna", old, GOOD)


def test_a_password_that_is_reset_meanwhile_is_not_changed(
    accounts: Accounts, bench: Bench, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, old = accounts.add("anna", Role.LEAD)
    fresh: list[str] = []

    def check(*_: str) -> None:
        fresh.append(Accounts(bench.client, settings.namespace).reset("anna"))

    monkeypatch.setattr(passwords, "check_new", check)
    with pytest.raises(WrongPassword):
        accounts.change_password("anna", old, GOOD)
    kept = accounts.list()[0].password
    assert kept
    assert passwords.verify(kept, fresh[0])


def test_somebody_is_found_by_who_they_are_to_a_sign_in_service(accounts: Accounts) -> None:
    accounts.add("anna", Role.LEAD)
    linked = accounts.link("anna", SUBJECT)
    assert accounts.by_subject(SUBJECT) == linked
    assert accounts.link("anna", SUBJECT) == linked
    assert accounts.by_subject("https://id.example.org 0") is None
    alone = accounts.add_linked("bo", Role.VIEWER, "https://id.example.org 7")
    assert (alone.password, alone.must_change) == (None, False)
    both, _ = accounts.add("cleo", Role.VIEWER, subject="https://id.example.org 8")
    assert accounts.by_subject("https://id.example.org 8") == both
    accounts.disable("bo")
    found = accounts.by_subject("https://id.example.org 7")
    assert found
    assert found.disabled_ms is not None


def test_two_accounts_are_never_one_person_of_a_service(accounts: Accounts) -> None:
    for name in ("anna", "bo", "cleo", "dan"):
        accounts.add(name, Role.LEAD)

    def link(name: str) -> bool:
        try:
            accounts.link(name, SUBJECT)
        except AccountExists:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(link, ("anna", "bo", "cleo", "dan"))) == 1
    with pytest.raises(AccountExists):
        accounts.add_linked("eve", Role.LEAD, SUBJECT)
    with pytest.raises(InvalidAccount, match="the subject must be"):
        accounts.link("anna", "no subject at all")
    assert [one.subject for one in accounts.list()].count(SUBJECT) == 1


def test_who_changes_an_account_that_never_rests_gives_up(
    accounts: Accounts, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.add("anna", Role.LEAD)
    before = accounts.list()
    monkeypatch.setattr(accounts, "_script", lambda *_: 0)
    with pytest.raises(StoreUnavailable, match=f"changed {stored_accounts.ATTEMPTS} times"):
        accounts.set_role("anna", Role.VIEWER)
    with pytest.raises(StoreUnavailable):
        accounts.add("bo", Role.VIEWER)
    assert accounts.list() == before


def test_an_account_that_cannot_be_read_is_said(accounts: Accounts, bench: Bench) -> None:
    bench.client.hset(bench.keys.accounts, "anna", json.dumps({"name": "anna"}))
    with pytest.raises(InvalidAccount, match="bring it back from a backup"):
        accounts.get("anna")
    assert issubclass(InvalidAccount, PermanentError)


def test_where_the_data_is_lost_no_account_seems_unknown(accounts: Accounts, bench: Bench, settings: Settings) -> None:
    accounts.add("anna", Role.LEAD)
    token, _ = Sessions(bench.client, settings.namespace).open("anna", "Firefox")
    bench.client.delete(bench.keys.meta, bench.keys.accounts)
    with pytest.raises(DataMissing):
        Sessions(bench.client, settings.namespace).find(token)
    for act in (
        accounts.list,
        lambda: accounts.get("anna"),
        lambda: accounts.add("anna", Role.ADMIN),
        lambda: accounts.reset("anna"),
        lambda: accounts.by_subject(SUBJECT),
        lambda: Sessions(bench.client, settings.namespace).open("anna", ""),
    ):
        with pytest.raises(DataMissing):
            act()
    assert bench.client.exists(bench.keys.accounts) == 0


def test_a_redis_that_is_down_is_said(own_redis: RedisServer) -> None:
    settings = make_settings(own_redis.url)
    with connect(settings.store, 1.0) as client:
        own_redis.stop()
        with pytest.raises(StoreUnavailable):
            Accounts(client, settings.namespace).list()
        with pytest.raises(StoreUnavailable):
            Accounts(client, settings.namespace).reset("anna")
