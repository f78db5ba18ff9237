"""Signing in: the same answer and the same work for whoever is not let in, and few tries."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from accounts import GOOD, let_pass
from argon2 import PasswordHasher
from conftest import namespace_keys
from store import Bench

from quorum.accounts import passwords
from quorum.accounts.roles import Role
from quorum.accounts.sign_in import SignIn, _hash_of_nobody
from quorum.accounts.stored_accounts import Accounts
from quorum.accounts.throttling.throttle import NAME_LIMIT, NETWORK_LIMIT, network_of
from quorum.errors import DataMissing, SignInRefused, SignInThrottled
from quorum.settings import Settings

pytestmark = pytest.mark.usefixtures("quick_hashes")
HOME, STRANGER = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def accounts(bench: Bench, settings: Settings) -> Accounts:
    made = Accounts(bench.client, settings.namespace)
    _, password = made.add("anna", Role.LEAD)
    made.change_password("anna", password, GOOD)
    return made


@pytest.fixture
def sign_in(accounts: Accounts, bench: Bench, settings: Settings) -> SignIn:
    return SignIn(bench.client, settings.namespace)


def refused(sign_in: SignIn, name: str, address: str, password: str = "wrong") -> str:
    """Try once; return what came of it."""
    try:
        sign_in.check(name, password, address)
    except (SignInRefused, SignInThrottled) as error:
        return type(error).__name__
    return "let in"


def wait_of(sign_in: SignIn, name: str, address: str) -> int:
    with pytest.raises(SignInThrottled) as throttled:
        sign_in.check(name, GOOD, address)
    return throttled.value.seconds


def test_name_and_password_open_an_account(sign_in: SignIn, accounts: Accounts) -> None:
    assert sign_in.check(" ANNA", GOOD, HOME) == accounts.get("anna")


def test_whoever_is_not_let_in_gets_the_same_answer_after_the_same_work(
    sign_in: SignIn, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.add("disabled", Role.LEAD)
    disabled = accounts.reset("disabled")
    accounts.disable("disabled")
    accounts.add_linked("linked", Role.LEAD, "https://id.example.org 7")
    work: list[str] = []
    verify = passwords.verify

    def counted(kept: str, password: str) -> bool:
        work.append(kept.rpartition("$")[0].rpartition("$")[0])
        return verify(kept, password)

    monkeypatch.setattr(passwords, "verify", counted)
    said = set()
    tries = [
        *(("anna", "wrong"), ("anna", "x" * 10**6), ("nobody", GOOD), ("disabled", disabled), ("linked", "")),
        *(("no name at all", GOOD), ("", ""), ("x" * 10**6, GOOD), ("\ud800", "\ud800")),
    ]
    for number, (name, password) in enumerate(tries):
        with pytest.raises(SignInRefused) as answer:
            sign_in.check(name, password, f"192.0.2.{number}")
        said.add(str(answer.value))
    assert len(said) == 1
    assert len(work) == len(tries)
    assert len(set(work)) == 1  # version and parameters of the hash


def test_the_hash_of_nobody_costs_as_much_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    _hash_of_nobody.cache_clear()
    assert not passwords.needs_rehash(_hash_of_nobody())
    _hash_of_nobody.cache_clear()


def test_a_right_password_is_hashed_anew_where_the_parameters_are_old(
    sign_in: SignIn, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = accounts.get("anna")
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert refused(sign_in, "anna", HOME) == "SignInRefused"
    assert accounts.get("anna") == before
    account = sign_in.check("anna", GOOD, HOME)
    assert account == accounts.get("anna") != before
    assert account.password
    assert not passwords.needs_rehash(account.password)
    assert sign_in.check("anna", GOOD, HOME) == account


@pytest.mark.parametrize("name", ["anna", "nobody", "no name at all"])
def test_after_five_failures_a_name_waits_longer_and_longer(sign_in: SignIn, bench: Bench, name: str) -> None:
    assert [refused(sign_in, name, HOME) for _ in range(5)] == ["SignInRefused"] * 5
    waits = []
    for _ in range(7):
        waits.append(wait_of(sign_in, name, HOME))
        assert wait_of(sign_in, name, HOME) <= waits[-1]  # asking again makes it no longer
        let_pass(bench.client, bench.keys, waits[-1])
        assert refused(sign_in, name, HOME) == "SignInRefused"
    for wait, most in zip(waits, [30, 60, 120, 240, 480, 900, 900], strict=True):
        assert most - 20 < wait <= most
    let_pass(bench.client, bench.keys, 1800)
    assert [refused(sign_in, name, HOME) for _ in range(5)] == ["SignInRefused"] * 5


def test_failures_are_forgotten_after_a_quarter_of_an_hour_and_by_the_right_password(
    sign_in: SignIn, bench: Bench
) -> None:
    for _ in range(3):
        assert [refused(sign_in, "anna", HOME) for _ in range(4)] == ["SignInRefused"] * 4
        sign_in.check("anna", GOOD, HOME)
    assert [refused(sign_in, "anna", HOME) for _ in range(4)] == ["SignInRefused"] * 4
    let_pass(bench.client, bench.keys, 900)
    assert [refused(sign_in, "anna", HOME) for _ in range(4)] == ["SignInRefused"] * 4


def test_of_guesses_at_the_same_moment_no_more_are_looked_at(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    verify = passwords.verify

    def counted(kept: str, password: str) -> bool:
        looked.append(password)
        return verify(kept, password)

    monkeypatch.setattr(passwords, "verify", counted)
    with ThreadPoolExecutor(16) as pool:
        guesses = pool.map(lambda number: refused(sign_in, "anna", HOME, f"guess {number}"), range(64))
        assert Counter(guesses) == {"SignInRefused": 5, "SignInThrottled": 59}
    assert len(looked) == 5


def test_a_network_that_tries_many_names_waits(sign_in: SignIn) -> None:
    tries = [refused(sign_in, f"name-{number}", STRANGER) for number in range(NETWORK_LIMIT + 5)]
    assert Counter(tries) == {"SignInRefused": NETWORK_LIMIT, "SignInThrottled": 5}
    assert refused(sign_in, "anna", HOME, GOOD) == "let in"


def test_addresses_of_one_subscriber_are_one_network(sign_in: SignIn) -> None:
    tries = [refused(sign_in, "anna", f"2001:db8:1:2::{number}") for number in range(1, 8)]
    assert tries == ["SignInRefused"] * 5 + ["SignInThrottled"] * 2
    assert refused(sign_in, "anna", "2001:db8:1:3::1", GOOD) == "let in"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:51008", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("somewhere", "unknown"),
        ("x" * 10_000, "unknown"),
    ],
)
def test_a_network_is_an_address_or_what_a_subscriber_has(address: str, network: str) -> None:
    assert network_of(address) == network


def test_strangers_all_over_the_world_cannot_try_one_name_for_ever(sign_in: SignIn) -> None:
    tries = [refused(sign_in, "anna", f"198.51.{number % 100}.{number}") for number in range(NAME_LIMIT + 5)]
    assert Counter(tries) == {"SignInRefused": NAME_LIMIT, "SignInThrottled": 5}


def test_strangers_do_not_keep_somebody_out_who_signs_in_from_where_they_did_before(
    sign_in: SignIn, bench: Bench
) -> None:
    sign_in.check("anna", GOOD, HOME)
    for number in range(NAME_LIMIT + 5):
        refused(sign_in, "anna", f"198.51.{number % 100}.{number}")
    for number in range(NETWORK_LIMIT + 5):  # and somebody in the same office tries names out
        refused(sign_in, f"name-{number}", HOME)
    assert refused(sign_in, "anna", STRANGER, GOOD) == "SignInThrottled"
    assert refused(sign_in, "anna", HOME, GOOD) == "let in"
    assert [refused(sign_in, "anna", HOME) for _ in range(6)] == ["SignInRefused"] * 5 + ["SignInThrottled"]
    let_pass(bench.client, bench.keys, 15 * 86_400)
    for number in range(NAME_LIMIT):
        refused(sign_in, "anna", f"198.51.{number % 100}.{number}")
    assert refused(sign_in, "anna", HOME, GOOD) == "SignInThrottled"  # two weeks are over


def test_who_has_an_account_does_not_wash_away_what_their_network_tried(sign_in: SignIn, accounts: Accounts) -> None:
    guesses = 0
    for number in range(40):
        if number % 6 == 5:
            _, password = accounts.add(f"insider-{number}", Role.VIEWER)
            refused(sign_in, f"insider-{number}", STRANGER, password)
        guesses += refused(sign_in, f"name-{number}", STRANGER) == "SignInRefused"
    assert guesses == NETWORK_LIMIT


def test_the_last_try_that_a_network_has_makes_nobody_wait_when_it_was_right(
    sign_in: SignIn, accounts: Accounts
) -> None:
    for number in range(NETWORK_LIMIT - 1):
        refused(sign_in, f"name-{number}", HOME)
    assert refused(sign_in, "anna", HOME, GOOD) == "let in"
    assert refused(sign_in, "bo", HOME) == "SignInRefused"
    assert refused(sign_in, "bo", HOME) == "SignInThrottled"


def test_a_right_password_is_not_counted_where_it_came_from(sign_in: SignIn, accounts: Accounts) -> None:
    for number in range(NETWORK_LIMIT + 5):
        _, password = accounts.add(f"person-{number}", Role.VIEWER)
        assert refused(sign_in, f"person-{number}", HOME, password) == "let in"


def test_no_name_and_no_address_is_kept_of_who_tried_and_all_of_it_ends(
    sign_in: SignIn, bench: Bench, settings: Settings
) -> None:
    sign_in.check("anna", GOOD, HOME)
    for _ in range(7):
        refused(sign_in, "my password by mistake", STRANGER)
    names = [
        name
        for name in namespace_keys(bench.client, settings.namespace)
        if b":sign_ins:" in name or b":networks:" in name
    ]
    assert len(names) >= 4
    for name in names:
        held = bench.client.hgetall(name) if bench.client.type(name) == b"hash" else bench.client.get(name)
        text = f"{name!r} {held!r}"
        assert not any(told in text for told in ("anna", "mistake", HOME, STRANGER))
        assert 0 < bench.client.pttl(name) <= 14 * 86_400_000


def test_where_the_data_is_lost_nobody_is_told_that_their_password_is_wrong(sign_in: SignIn, bench: Bench) -> None:
    bench.client.delete(bench.keys.meta, bench.keys.accounts)
    with pytest.raises(DataMissing):
        sign_in.check("anna", GOOD, HOME)
