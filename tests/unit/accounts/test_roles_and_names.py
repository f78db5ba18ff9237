"""Roles are ordered; a name has one form, and nothing in it that cannot be seen."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.accounts.account import Account, dump, is_last_admin, load, parse_name, parse_subject
from quorum.accounts.roles import Role
from quorum.errors import InvalidAccount

ORDER = [Role.VIEWER, Role.MODERATOR, Role.LEAD, Role.ADMIN]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("needed", Role)
def test_a_role_may_what_the_ones_before_it_may(role: Role, needed: Role) -> None:
    assert role.may(needed) is (ORDER.index(role) >= ORDER.index(needed))


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("anna", "anna"),
        (" Anna\r\n", "anna"),
        ("ANNA.B_c-9@Example.ORG", "anna.b_c-9@example.org"),
        ("Rene\u0301", "ren\u00e9"),
        ("STRASSE", "strasse"),
        ("Stra\u00dfe", "strasse"),
        ("\u0645\u0631\u064a\u0645", "\u0645\u0631\u064a\u0645"),
        ("\u0905\u0928\u093f\u0924\u093e", "\u0905\u0928\u093f\u0924\u093e"),
        ("a" * 64, "a" * 64),
    ],
)
def test_spellings_of_a_name_are_one(sent: str, name: str) -> None:
    assert parse_name(sent) == name


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("", "1 to 64 characters"),
        (" ", "1 to 64 characters"),
        ("a" * 65, "1 to 64 characters"),
        ("a" * 10_000, "at most 64 characters"),
        ("anna b", "U+0020"),
        ("anna/b", "U+002F"),
        ("anna:b", "U+003A"),
        ("a\0b", "control character"),
        ("a\u200bb", "invisible"),
        ("a\u202eb", "bidirectional"),
        ("\u3164", "invisible"),
        ("\u0645\ufe0f", "U+FE0F"),
        ("\u0301a", "begins with a mark"),
        ("a\ud800", "lone surrogate"),
        ("\u00bd", "U+00BD"),
    ],
)
def test_what_is_no_name_is_refused_in_words(sent: str, said: str) -> None:
    with pytest.raises(InvalidAccount, match=r"^the name") as refused:
        parse_name(sent)
    assert said in str(refused.value)
    assert str(refused.value).isprintable()


@given(st.text(max_size=80))
def test_a_name_stays_what_it_is_when_it_is_read_again(sent: str) -> None:
    try:
        name = parse_name(sent)
    except InvalidAccount:
        return
    assert parse_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert 1 <= len(name) <= 64


def test_a_subject_is_an_issuer_and_a_subject() -> None:
    assert parse_subject("https://id.example.org 248289761001") == "https://id.example.org 248289761001"
    for wrong in ("", "https://id.example.org", "a  b", "a b c", " a b", "a b\n", f"a {'b' * 600}"):
        with pytest.raises(InvalidAccount, match="the subject must be"):
            parse_subject(wrong)


def account(name: str, role: Role = Role.ADMIN, disabled_ms: int | None = None) -> Account:
    return Account(name, role, 1, "$argon2id$", True, disabled_ms, None)


def test_the_last_admin_is_the_only_one_that_is_not_disabled() -> None:
    assert is_last_admin("a", [account("a"), account("b", Role.LEAD), account("c", disabled_ms=5)])
    assert not is_last_admin("a", [account("a"), account("b")])
    assert not is_last_admin("c", [account("a"), account("c", disabled_ms=5)])
    assert not is_last_admin("b", [account("a"), account("b", Role.LEAD)])


@given(
    st.builds(
        Account,
        name=st.text(max_size=64),
        role=st.sampled_from(Role),
        created_ms=st.integers(0, 2**48),
        password=st.none() | st.text(max_size=100),
        must_change=st.booleans(),
        disabled_ms=st.none() | st.integers(0, 2**48),
        subject=st.none() | st.text(max_size=100),
    )
)
def test_an_account_is_read_as_it_was_written(one: Account) -> None:
    assert load(dump(one)) == one
    assert load(dump(one)[:-1] + ', "of_a_later_release": 1}') == one


@pytest.mark.parametrize("raw", ["", "[]", "{}", "null", '{"role": "king"}', dump(account("a")).replace("admin", "x")])
def test_what_is_no_account_is_named(raw: str) -> None:
    with pytest.raises(InvalidAccount, match="cannot be read"):
        load(raw)
