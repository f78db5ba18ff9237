"""An account of somebody inside, and what it may be called."""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from quorum.accounts.roles import Role
from quorum.characters import SELECTORS, refusal
from quorum.errors import InvalidAccount
from quorum.people import folded

MAX_NAME = 64  # characters
MAX_SUBJECT = 512  # characters; OpenID Connect Core 1.0, section 2: a subject has at most 255
_MAX_SENT = 4 * MAX_NAME  # a name may become shorter when it is composed
_SIGNS = "._-@"
_SELECTORS = re.compile(SELECTORS)
_SUBJECT = re.compile(r"[!-~]+ \S+")


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is kept; times are in Unix milliseconds.

    `password` is an Argon2id hash in PHC format, None for somebody who signs in by a service (OIDC) alone; `subject` is
    who they are there: issuer, a blank, subject.
    """

    name: str
    role: Role
    created_ms: int
    password: str | None
    must_change: bool
    disabled_ms: int | None
    subject: str | None


def parse_name(text: str) -> str:
    """Return the one form of a name: NFC, without case and without blanks around it. Raises InvalidAccount.

    It has 1 to 64 letters, digits and `. _ - @`. Letters are those of every script, with the marks that belong to them.
    """
    if len(text) > _MAX_SENT:
        raise InvalidAccount(f"the name must have at most {MAX_NAME} characters")
    name = text.strip(" \t\r\n")
    refused = refusal(name)
    if refused:
        raise InvalidAccount(f"the name {refused}")
    name = folded(name)
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidAccount(f"the name must have 1 to {MAX_NAME} characters, not {len(name)}")
    wrong = next((sign for sign in name if not _may_stand(sign)), None)
    if wrong is not None:
        raise InvalidAccount(f"the name holds U+{ord(wrong):04X}; it may have letters, digits and {' '.join(_SIGNS)}")
    if unicodedata.category(name[0])[0] == "M":
        raise InvalidAccount("the name begins with a mark that belongs to a letter before it")
    return name


def parse_subject(text: str) -> str:
    """Return who somebody is to a sign-in service, `issuer subject`. Raises InvalidAccount."""
    if len(text) > MAX_SUBJECT or not text.isprintable() or not _SUBJECT.fullmatch(text):
        raise InvalidAccount(
            f"the subject must be the issuer, one blank and the subject there, at most {MAX_SUBJECT} characters"
        )
    return text


def is_last_admin(name: str, accounts: Iterable[Account]) -> bool:
    """Tell whether an account is an enabled admin and no other one is."""
    admins = {one.name for one in accounts if one.role is Role.ADMIN and one.disabled_ms is None}
    return admins == {name}


def dump(account: Account) -> str:
    """Return what is stored of an account."""
    return json.dumps(asdict(account))


def load(raw: bytes | str) -> Account:
    """Return a stored account. Raises InvalidAccount for what is none."""
    try:
        found = json.loads(raw)
        account = Account(
            **{field.name: found[field.name] for field in fields(Account)} | {"role": Role(found["role"])}
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidAccount("what is stored of an account cannot be read: bring it back from a backup") from error
    return account


def _may_stand(sign: str) -> bool:
    if sign in _SIGNS:
        return True
    category = unicodedata.category(sign)
    return (category[0] in "LM" or category == "Nd") and not _SELECTORS.match(sign)
