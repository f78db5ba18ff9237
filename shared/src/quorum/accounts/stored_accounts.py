"""Where accounts are kept: one hash, name -> JSON. Disabled ones stay, so that nobody else gets their name."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from redis import Redis

from quorum.accounts import passwords
from quorum.accounts.account import Account, dump, is_last_admin, load, parse_name, parse_subject
from quorum.accounts.roles import Role
from quorum.accounts.throttling.throttle import Throttle
from quorum.errors import (
    AccountExists,
    LastAdmin,
    StoreUnavailable,
    UnknownAccount,
    WeakPassword,
    WrongPassword,
)
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import check_data
from quorum.store.scripts import Script

ATTEMPTS = 20  # accounts that change this often while one is changed are under attack
_ANY = -1
_CONTENDED = f"the accounts changed {ATTEMPTS} times while one was changed"

Stored = Mapping[str, bytes]
Change = Callable[[Account], Account]


class Accounts:
    """Makes, lists and changes accounts. Each method raises StoreUnavailable, DataMissing.

    Names are taken in any spelling; those that cannot be one raise InvalidAccount.
    """

    def __init__(self, client: Redis, namespace: str) -> None:
        self._client: Any = client  # its replies are bytes
        self._keys = keys_of(namespace, 0)
        self._script = Script("accounts/closing", "accounts/change")
        self._throttle = Throttle(client, namespace)

    def add(self, name: str, role: Role, *, subject: str | None = None) -> tuple[Account, str]:
        """Make an account; return it and its password, which must be changed at once. Raises AccountExists."""
        password = passwords.generate()
        return self._add(name, role, passwords.hashed(password), subject), password

    def add_linked(self, name: str, role: Role, subject: str) -> Account:
        """Make an account that has no password: a sign-in service says who it is. Raises AccountExists."""
        return self._add(name, role, None, subject)

    def get(self, name: str) -> Account | None:
        """Return an account, a disabled one, too."""
        known = self._read(parse_name(name))
        return load(known) if known else None

    def reset(self, name: str) -> str:
        """Give an account a new password, which must be changed at once; return it. All its sessions are closed.

        Raises UnknownAccount. A disabled account stays disabled.
        """
        password = passwords.generate()
        kept = passwords.hashed(password)
        self._change(name, lambda one: replace(one, password=kept, must_change=True), close=True)
        return password

    def disable(self, name: str) -> Account:
        """Let nobody in by this account, and close its sessions; the time of the first time stays.

        Raises UnknownAccount, LastAdmin.
        """
        with translated_errors():
            now = time_ms(self._client, self._keys.accounts)
        return self._change(
            name, lambda one: one if one.disabled_ms is not None else replace(one, disabled_ms=now), close=True
        )

    def enable(self, name: str) -> Account:
        """Undo `disable`; sessions stay closed. Raises UnknownAccount."""
        return self._change(name, lambda one: replace(one, disabled_ms=None))

    def set_role(self, name: str, role: Role) -> Account:
        """Give an account another role, and close its sessions. Raises UnknownAccount, LastAdmin."""
        return self._change(name, lambda one: replace(one, role=role), close=True)

    def change_password(self, name: str, old: str, new: str, keep: str | None = None) -> Account:
        """Replace a password that somebody knows; all sessions are closed but the one with the id `keep`.

        Raises UnknownAccount, WrongPassword, WeakPassword; SignInThrottled, lest a stolen session try passwords out.
        """
        name = parse_name(name)
        attempt = self._throttle.change(name)
        account = self.get(name)
        if account is None:
            raise UnknownAccount(name)
        if account.password is None or not passwords.verify(account.password, old):
            raise WrongPassword
        self._throttle.forgive(attempt, known=False)
        passwords.check_new(new, name)
        if passwords.verify(account.password, new):
            raise WeakPassword("the new password is the present one")
        kept = passwords.hashed(new)

        def change(one: Account) -> Account:
            if one.password != account.password:
                raise WrongPassword  # it was reset or changed meanwhile
            return replace(one, password=kept, must_change=False)

        return self._change(name, change, close=True, keep=keep or "")

    def rehash(self, account: Account, password: str) -> Account:
        """Keep a password, which was right just now, as a hash with today's parameters; no session is closed."""
        kept = passwords.hashed(password)
        return self._change(
            account.name, lambda one: replace(one, password=kept) if one.password == account.password else one
        )

    def by_subject(self, subject: str) -> Account | None:
        """Return the account of somebody by `issuer subject` of a sign-in service, a disabled one, too."""
        return next((one for one in self.list() if one.subject == subject), None)

    def link(self, name: str, subject: str) -> Account:
        """Let somebody in by a sign-in service as well. Raises UnknownAccount, AccountExists: it is somebody else's."""
        subject = parse_subject(subject)
        return self._change(name, lambda one: replace(one, subject=subject))

    def list(self) -> list[Account]:
        """Return all accounts, disabled ones, too, by name."""
        stored = self._read_all()
        return [load(stored[name]) for name in sorted(stored)]

    def _add(self, name: str, role: Role, password: str | None, subject: str | None) -> Account:
        name = parse_name(name)
        subject = None if subject is None else parse_subject(subject)
        check_data(self._client, [self._keys])
        with translated_errors():
            now = time_ms(self._client, self._keys.accounts)
        account = Account(name, role, now, password, password is not None, None, subject)
        for _ in range(ATTEMPTS):
            stored = self._read_all()
            if name in stored:
                raise AccountExists(f"there is an account {name!r} already; see `quorum accounts list`")
            _check_others(account, stored)
            if self._write(account, {**stored, name: b""}, len(stored), close=False, keep=""):
                return account
        raise StoreUnavailable(_CONTENDED)

    def _change(self, name: str, change: Change, *, close: bool = False, keep: str = "") -> Account:
        """Change an account and return it; nothing is written, and nothing closed, where nothing changes."""
        name = parse_name(name)
        for _ in range(ATTEMPTS):
            stored = self._read_all()
            if name not in stored:
                raise UnknownAccount(name)
            before = load(stored[name])
            after = change(before)
            if after == before:
                return after
            rests_on_others = (after.role, after.disabled_ms, after.subject) != (
                *(before.role, before.disabled_ms, before.subject),
            )
            if rests_on_others:
                _check_others(after, stored)
            read = stored if rests_on_others else {name: stored[name]}
            if self._write(after, read, len(stored) if rests_on_others else _ANY, close=close, keep=keep):
                return after
        raise StoreUnavailable(_CONTENDED)

    def _write(self, account: Account, read: Stored, count: int, *, close: bool, keep: str) -> bool:
        """Write an account if what was read is still so, and there are `count` accounts."""
        keys = (self._keys.accounts, f"{self._keys.sessions_of}{account.name}", self._keys.sessions)
        wanted = (part for pair in read.items() for part in pair)
        args = (account.name, dump(account), int(close), keep, count, *wanted)
        with translated_errors():
            return bool(self._script(self._client, keys, args))

    def _read(self, name: str) -> bytes | None:
        with translated_errors():
            raw: bytes | None = self._client.hget(self._keys.accounts, name)
        if raw is None:
            check_data(self._client, [self._keys])
        return raw

    def _read_all(self) -> dict[str, bytes]:
        with translated_errors():
            stored = self._client.hgetall(self._keys.accounts)
        check_data(self._client, [self._keys])
        return {name.decode(): raw for name, raw in stored.items()}


def _check_others(after: Account, stored: Stored) -> None:
    """Raise AccountExists or LastAdmin where an account would not go with the others."""
    accounts = [load(raw) for raw in stored.values()]
    others = [one for one in accounts if one.name != after.name]
    if after.subject is not None and any(one.subject == after.subject for one in others):
        raise AccountExists("this person of the sign-in service has another account already")
    if is_last_admin(after.name, accounts) and not is_last_admin(after.name, [*others, after]):
        raise LastAdmin(after.name)
