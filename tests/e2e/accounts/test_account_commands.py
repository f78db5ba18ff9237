"""`quorum accounts` as a person types it, and as a script pipes it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from conftest import environment, make_settings
from redis_server import RedisServer
from store import open_bench

from quorum.accounts.account import Account
from quorum.accounts.sessions import Sessions
from quorum.accounts.sign_in import SignIn
from quorum.errors import SignInRefused
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.layout import check_layout

PASSWORD = re.compile(r"([a-z2-9]{4}-){4}[a-z2-9]{4}\n")


@pytest.fixture
def site(own_redis: RedisServer) -> Settings:
    settings = make_settings(own_redis.url)
    with open_bench(settings) as bench:
        check_layout(bench.client, settings.namespace, settings.partitions)
    return settings


def accounts(site: Settings, *command: str) -> tuple[int, str, str]:
    """Run `quorum accounts COMMAND`; return status, standard output and standard error."""
    words = [sys.executable, "-m", "quorum.cli.main", "accounts", *command]
    done = subprocess.run(words, env=environment(site), capture_output=True, encoding="utf-8", timeout=30, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def signed_in(site: Settings, name: str, password: str) -> Account:
    with connect(site.store, 5.0) as client:
        return SignIn(client, site.namespace).check(name, password, "192.0.2.7")


@contextmanager
def sessions_of(site: Settings) -> Iterator[Sessions]:
    with connect(site.store, 5.0) as client:
        yield Sessions(client, site.namespace)


def test_a_password_is_printed_once_alone_and_opens_the_account(site: Settings) -> None:
    status, password, said = accounts(site, "add", "Anna@Example.org", "--role", "admin")
    assert (status, bool(PASSWORD.fullmatch(password))) == (0, True)
    assert "only a hash is stored" in said
    assert "anna@example.org is admin" in said
    account = signed_in(site, "anna@example.org", password.strip())
    assert account.must_change
    status, listed, _ = accounts(site, "list")
    assert re.fullmatch(r"enabled   admin      password         \d{4}-\d\d-\d\d  anna@example\.org\n", listed)

    status, fresh, _ = accounts(site, "reset", "anna@example.org")
    assert (status, bool(PASSWORD.fullmatch(fresh)), fresh != password) == (0, True, True)
    with pytest.raises(SignInRefused):
        signed_in(site, "anna@example.org", password.strip())
    assert signed_in(site, "anna@example.org", fresh.strip())


def test_an_account_that_signs_in_by_a_service_has_no_password(site: Settings) -> None:
    status, out, said = accounts(site, "add", "bo", "--role", "viewer", "--subject", "https://id.example.org 7")
    assert (status, out) == (0, "")
    assert "by that service alone" in said
    assert re.search(r"viewer     service          \S+  bo", accounts(site, "list")[1])


def test_an_account_is_disabled_enabled_and_given_a_role(site: Settings) -> None:
    accounts(site, "add", "anna", "--role", "admin")
    _, password, _ = accounts(site, "add", "bo", "--role", "moderator")
    assert accounts(site, "disable", "bo") == (0, "bo is disabled\n", "")
    with pytest.raises(SignInRefused):
        signed_in(site, "bo", password.strip())
    assert "disabled  moderator" in accounts(site, "list")[1]
    assert accounts(site, "enable", "BO") == (0, "bo is enabled\n", "")
    assert accounts(site, "role", "bo", "lead") == (0, "bo is lead\n", "")
    assert signed_in(site, "bo", password.strip()).role == "lead"


def test_sessions_are_shown_and_closed(site: Settings) -> None:
    accounts(site, "add", "anna", "--role", "admin")
    with sessions_of(site) as sessions:
        token, session = sessions.open("anna", "Firefox on Debian")
        status, shown, _ = accounts(site, "sessions", "anna")
        assert status == 0
        time = r"\d{4}-\d\d-\d\d \d\d:\d\d"
        assert re.fullmatch(rf"{session.id}  {time}  {time}  Firefox on Debian\n", shown)
        assert token not in shown
        assert accounts(site, "sessions", "anna", "--close") == (0, "1 closed\n", "")
        assert sessions.find(token) is None
        assert accounts(site, "sessions", "anna") == (0, "", "")


def test_what_cannot_be_done_is_said_in_one_line(site: Settings) -> None:
    accounts(site, "add", "anna", "--role", "admin")
    for command, words in (
        (("add", "anna", "--role", "lead"), "there is an account 'anna' already"),
        (("add", "a b", "--role", "lead"), "the name holds U+0020"),
        (("add", "bo", "--role", "lead", "--subject", "nobody"), "the subject must be the issuer"),
        (("disable", "anna"), "anna is the last admin"),
        (("role", "anna", "viewer"), "make somebody else an admin first"),
        (("reset", "nobody"), "there is no account 'nobody'; see `quorum accounts list`"),
        (("sessions", "nobody"), "there is no account 'nobody'"),
        (("enable", "nobody"), "there is no account 'nobody'"),
    ):
        status, out, said = accounts(site, *command)
        assert (status, out) == (1, ""), said
        assert words in said
        assert said.count("\n") == 1
    assert accounts(site, "add", "bo", "--role", "king")[0] == 2
    assert accounts(site, "list")[1].count("\n") == 1


def test_a_redis_without_its_data_is_given_no_accounts(own_redis: RedisServer) -> None:
    status, out, said = accounts(make_settings(own_redis.url), "add", "anna", "--role", "admin")
    assert (status, out) == (1, "")
    assert "holds no data of quorum" in said
