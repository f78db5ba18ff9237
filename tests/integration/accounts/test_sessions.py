"""Sessions: found while they are open and never after, whatever ends them."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import pytest
from accounts import GOOD, let_pass
from conftest import make_settings, namespace_keys
from redis_server import RedisServer
from store import Bench, open_bench

from quorum.accounts.account import dump
from quorum.accounts.roles import Role
from quorum.accounts.sessions import MOST_OF_ONE, Sessions
from quorum.accounts.stored_accounts import Accounts
from quorum.errors import SignInRefused, StoreUnavailable
from quorum.settings import Settings

pytestmark = pytest.mark.usefixtures("quick_hashes")
HOUR = 3600


@pytest.fixture
def accounts(bench: Bench, settings: Settings) -> Accounts:
    made = Accounts(bench.client, settings.namespace)
    made.add("anna", Role.LEAD)
    return made


@pytest.fixture
def sessions(accounts: Accounts, bench: Bench, settings: Settings) -> Sessions:
    return Sessions(bench.client, settings.namespace)


def test_a_token_finds_its_session_and_account(sessions: Sessions, accounts: Accounts) -> None:
    token, session = sessions.open("Anna", "Firefox on Debian")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert sessions.find(token) == (session, accounts.get("anna"))
    assert (session.name, session.agent, session.opened_ms) == ("anna", "Firefox on Debian", session.seen_ms)
    assert sessions.list("anna") == [session]


def test_a_token_is_never_stored(sessions: Sessions, bench: Bench, settings: Settings) -> None:
    token, session = sessions.open("anna", "Firefox")
    kept = {f"{bench.keys.sessions}{sha256(token.encode()).hexdigest()}".encode()}
    names = set(bench.client.scan_iter(match=f"{bench.keys.sessions}*"))
    assert names == kept
    stored = repr([(name, bench.client.hgetall(name)) for name in (*names, f"{bench.keys.sessions_of}anna")])
    assert token not in stored
    assert session.id in stored
    assert token[:10] not in session.id


@pytest.mark.parametrize(
    "token", ["", "x", "x" * 43, "x" * 42 + "\n", "x" * 44, "\ud800" * 43, "../*" * 11, "x" * 10**6]
)
def test_what_is_no_token_finds_nothing(sessions: Sessions, token: str) -> None:
    sessions.open("anna", "")
    assert sessions.find(token) is None
    sessions.close(token)
    assert len(sessions.list("anna")) == 1


def test_the_public_id_opens_nothing(sessions: Sessions) -> None:
    _, session = sessions.open("anna", "")
    assert sessions.find(session.id) is None
    assert sessions.find(session.id.ljust(43, "x")) is None


def test_a_label_of_a_browser_is_short_and_printable(sessions: Sessions) -> None:
    _, session = sessions.open("anna", " Fire\x1b[31mfox\r\n\u202e" + "x" * 10**6)
    assert len(session.agent) <= 120
    assert session.agent.isprintable()
    assert session.agent.startswith("Fire[31mfox")
    assert sessions.list("anna") == [session]


@pytest.mark.parametrize("name", ["nobody", "disabled"])
def test_nobody_opens_a_session_of_an_account_that_lets_nobody_in(
    sessions: Sessions, accounts: Accounts, name: str
) -> None:
    accounts.add("disabled", Role.LEAD)
    accounts.disable("disabled")
    with pytest.raises(SignInRefused):
        sessions.open(name, "")


def test_a_session_of_an_account_that_was_reset_since_the_password_was_checked_is_not_opened(
    sessions: Sessions, accounts: Accounts
) -> None:
    checked = accounts.get("anna")
    assert sessions.open("anna", "", account=checked)
    accounts.reset("anna")
    with pytest.raises(SignInRefused):
        sessions.open("anna", "", account=checked)
    assert sessions.list("anna") == []


def test_an_account_that_changes_while_a_session_is_opened_is_looked_at_again(
    sessions: Sessions, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, acts = sessions._account, [lambda: accounts.reset("anna"), lambda: accounts.disable("anna")]

    def read_then_change(name: str) -> bytes | None:
        raw = read(name)
        if acts:
            acts.pop()()
        return raw

    monkeypatch.setattr(sessions, "_account", read_then_change)
    with pytest.raises(SignInRefused):
        sessions.open("anna", "")
    accounts.enable("anna")
    assert sessions.list("anna") == []
    assert sessions.open("anna", "")
    assert acts == []


def test_a_session_that_was_left_open_is_not_found_once_its_account_is_disabled_or_gone(
    sessions: Sessions, accounts: Accounts, bench: Bench
) -> None:
    token, _ = sessions.open("anna", "")
    account = accounts.get("anna")
    assert account
    bench.client.hset(bench.keys.accounts, "anna", dump(replace(account, disabled_ms=1)))  # as from a backup
    assert sessions.find(token) is None
    bench.client.hdel(bench.keys.accounts, "anna")
    assert sessions.find(token) is None


def test_an_unused_session_ends_after_two_hours(sessions: Sessions, bench: Bench) -> None:
    token, _ = sessions.open("anna", "")
    let_pass(bench.client, bench.keys, 2 * HOUR - 60)
    assert sessions.find(token)
    let_pass(bench.client, bench.keys, 2 * HOUR - 60)
    assert sessions.find(token)
    let_pass(bench.client, bench.keys, 2 * HOUR)
    assert sessions.find(token) is None
    assert sessions.list("anna") == []


def test_a_session_ends_after_twelve_hours_however_it_is_used(sessions: Sessions, bench: Bench) -> None:
    token, _ = sessions.open("anna", "")
    for _ in range(11):
        let_pass(bench.client, bench.keys, HOUR)
        assert sessions.find(token)
    let_pass(bench.client, bench.keys, HOUR)
    assert sessions.find(token) is None


@pytest.mark.parametrize(("field", "hours"), [("seen", 2), ("opened", 12)])
def test_a_session_whose_time_is_over_is_not_found_even_where_its_key_is_still_there(
    sessions: Sessions, bench: Bench, field: str, hours: int
) -> None:
    token, session = sessions.open("anna", "")
    key = f"{bench.keys.sessions}{sha256(token.encode()).hexdigest()}"
    bench.client.hset(key, field, session.opened_ms - hours * HOUR * 1000)
    bench.client.persist(key)
    assert sessions.find(token) is None


def test_use_is_noted_once_a_minute(sessions: Sessions, bench: Bench) -> None:
    token, opened = sessions.open("anna", "")
    assert sessions.find(token) is not None
    assert sessions.list("anna")[0].seen_ms == opened.seen_ms
    let_pass(bench.client, bench.keys, 61)
    found = sessions.find(token)
    assert found
    assert found[0].seen_ms >= opened.opened_ms
    assert sessions.list("anna") == [found[0]]
    again = sessions.find(token)
    assert again
    assert again[0].seen_ms == found[0].seen_ms


def test_a_page_that_asks_by_itself_keeps_no_session_alive(sessions: Sessions, bench: Bench) -> None:
    token, _ = sessions.open("anna", "")
    for _ in range(4):
        let_pass(bench.client, bench.keys, 1900)
        found = sessions.find(token, used=False)
        if found is None:
            break
    assert sessions.find(token) is None


def test_everything_that_is_kept_of_a_session_ends(sessions: Sessions, bench: Bench, settings: Settings) -> None:
    token, _ = sessions.open("anna", "")
    let_pass(bench.client, bench.keys, 61)
    assert sessions.find(token)
    names = [name for name in namespace_keys(bench.client, settings.namespace) if b":sessions" in name]
    assert len(names) == 2
    for name in names:
        assert 0 < bench.client.pttl(name) <= 12 * HOUR * 1000
    let_pass(bench.client, bench.keys, 12 * HOUR)
    assert [name for name in namespace_keys(bench.client, settings.namespace) if b":sessions" in name] == []


def test_a_closed_session_is_closed_alone(sessions: Sessions) -> None:
    first, second, third = (sessions.open("anna", str(number)) for number in range(3))
    sessions.close(first[0])
    sessions.close(first[0])
    assert sessions.find(first[0]) is None
    assert sessions.close_id("anna", second[1].id) is True
    assert sessions.close_id("anna", second[1].id) is False
    assert sessions.find(second[0]) is None
    assert sessions.list("anna") == [third[1]]


def test_an_id_closes_nothing_of_somebody_else(sessions: Sessions, accounts: Accounts) -> None:
    accounts.add("bo", Role.LEAD)
    token, session = sessions.open("anna", "")
    assert sessions.close_id("bo", session.id) is False
    assert sessions.close_all("bo") == 0
    assert sessions.find(token)


def test_all_sessions_are_closed_but_the_one_to_keep(sessions: Sessions) -> None:
    opened = [sessions.open("anna", "") for _ in range(4)]
    assert sessions.close_all("anna", keep=opened[1][1].id) == 3
    assert [bool(sessions.find(token)) for token, _ in opened] == [False, True, False, False]
    assert sessions.close_all("anna") == 1
    assert sessions.close_all("anna") == 0


def test_a_session_more_than_an_account_may_have_closes_the_oldest(sessions: Sessions, bench: Bench) -> None:
    first, _ = sessions.open("anna", "first")
    let_pass(bench.client, bench.keys, 5)
    tokens = [sessions.open("anna", "")[0] for _ in range(MOST_OF_ONE)]
    assert sessions.find(first) is None
    assert all(map(sessions.find, tokens))
    assert bench.client.hlen(f"{bench.keys.sessions_of}anna") == MOST_OF_ONE


def test_of_sessions_that_are_opened_while_their_account_is_disabled_none_stays_open(
    sessions: Sessions, accounts: Accounts
) -> None:
    def try_open(_: int) -> str | None:
        try:
            return sessions.open("anna", "")[0]
        except SignInRefused:
            return None

    for _ in range(5):
        with ThreadPoolExecutor(5) as pool:
            opened = [pool.submit(try_open, number) for number in range(10)]
            accounts.disable("anna")
            tokens = [one.result() for one in opened]
        accounts.enable("anna")
        assert [token for token in tokens if token and sessions.find(token)] == []


def test_a_full_redis_still_finds_sessions_and_opens_none(own_redis: RedisServer) -> None:
    with open_bench(make_settings(own_redis.url)) as bench:
        namespace = bench.keys.accounts.partition(":{")[0]
        accounts, sessions = Accounts(bench.client, namespace), Sessions(bench.client, namespace)
        _, password = accounts.add("anna", Role.LEAD)
        token, _ = sessions.open("anna", "")
        let_pass(bench.client, bench.keys, 61)
        own_redis.client.config_set("maxmemory", 1)
        found = sessions.find(token)
        with pytest.raises(StoreUnavailable):
            sessions.open("anna", "")
        own_redis.client.config_set("maxmemory", 0)
        assert found
        accounts.change_password("anna", password, GOOD, keep=found[0].id)
        assert sessions.find(token)
