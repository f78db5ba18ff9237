"""Sessions of people inside: tokens of 256 bits, of which only the SHA-256 is kept, with whose they are."""

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from redis import Redis

from quorum.accounts.account import Account, load, parse_name
from quorum.errors import SignInRefused, StoreUnavailable
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import check_data
from quorum.store.scripts import Script

IDLE_MS = 2 * 3_600_000  # OWASP Session Management Cheat Sheet: an office's day, and no more than a break of it idle
WHOLE_MS = 12 * 3_600_000
NOTED_MS = 60_000
MOST_OF_ONE = 20  # sessions of an account; one more closes the oldest
MAX_AGENT = 120  # characters
ATTEMPTS = 20
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes, base64url


@dataclass(frozen=True, slots=True)
class Session:
    """An open session; `id` is no secret and opens nothing. Times are in Unix milliseconds.

    `seen_ms` is noted at most once a minute; `agent` is a label of the browser.
    """

    id: str
    name: str
    opened_ms: int
    seen_ms: int
    agent: str


class Sessions:
    """Opens, finds, lists and closes sessions. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str) -> None:
        self._client: Any = client  # its replies are bytes
        self._keys = keys_of(namespace, 0)
        self._open = Script("accounts/open")
        self._find = Script("accounts/find")
        self._close_all = Script("accounts/closing", "accounts/close_all")

    def open(self, name: str, agent: str, *, account: Account | None = None) -> tuple[str, Session]:
        """Open a session; return its token, which is not kept, and the session.

        With `account`, as it was when somebody proved to be them, it is opened only if that account is still so: a
        password that is reset at the same moment opens nothing. Raises SignInRefused, also when the account is unknown
        or disabled; DataMissing.
        """
        name = parse_name(name)
        token, session_id = secrets.token_urlsafe(32), secrets.token_hex(8)
        digest, label = _digest(token), _label(agent)
        keys = self._keys
        for _ in range(ATTEMPTS):
            raw = self._account(name)
            stored = load(raw) if raw else None
            if stored is None or stored.disabled_ms is not None or account not in {None, stored}:
                raise SignInRefused
            names = (f"{keys.sessions}{digest}", f"{keys.sessions_of}{name}", keys.accounts, keys.sessions)
            args = (name, raw, digest, session_id, label, IDLE_MS, WHOLE_MS, MOST_OF_ONE)
            with translated_errors():
                now = self._open(self._client, names, args)
            if now is not None:
                return token, Session(session_id, name, now, now, label)
        raise StoreUnavailable(f"the account changed {ATTEMPTS} times while a session was opened")

    def find(self, token: str, *, used: bool = True) -> tuple[Session, Account] | None:
        """Return the session that a token opens, with its account as it is now; with `used` its idle time begins anew.

        None when it is unknown or closed, was not used for two hours, is older than twelve, or its account is disabled.
        Raises DataMissing.
        """
        if not _TOKEN.fullmatch(token):
            return None
        keys = (f"{self._keys.sessions}{_digest(token)}", self._keys.accounts)
        with translated_errors():
            found = self._find(self._client, keys, (IDLE_MS, WHOLE_MS, NOTED_MS if used else WHOLE_MS))
        if found is None:
            return None
        *fields, raw = found
        if raw is None:
            check_data(self._client, [self._keys])
            return None
        account = load(raw)
        return (_session(fields), account) if account.disabled_ms is None else None

    def close(self, token: str) -> None:
        """Close the session that a token opens, if there is one."""
        if not _TOKEN.fullmatch(token):
            return
        digest = _digest(token)
        with translated_errors():
            session_id, name = self._client.hmget(f"{self._keys.sessions}{digest}", ["id", "name"])
            if session_id is not None and name is not None:
                self._drop(name.decode(), session_id.decode(), digest)

    def close_id(self, name: str, session_id: str) -> bool:
        """Close a session of an account by its id; tell whether it was open. Raises InvalidAccount."""
        name = parse_name(name)
        with translated_errors():
            digest = self._client.hget(f"{self._keys.sessions_of}{name}", session_id)
            return digest is not None and self._drop(name, session_id, digest.decode())

    def close_all(self, name: str, keep: str | None = None) -> int:
        """Close the sessions of an account but the one with the id `keep`; return how many. Raises InvalidAccount."""
        keys = (f"{self._keys.sessions_of}{parse_name(name)}", self._keys.sessions)
        with translated_errors():
            return int(self._close_all(self._client, keys, (keep or "",)))

    def list(self, name: str) -> list[Session]:
        """Return the open sessions of an account, oldest first. Raises InvalidAccount."""
        with translated_errors():
            digests = self._client.hgetall(f"{self._keys.sessions_of}{parse_name(name)}").values()
            pipe = self._client.pipeline(transaction=False)
            for digest in digests:
                pipe.hmget(f"{self._keys.sessions}{digest.decode()}", ["id", "name", "opened", "seen", "agent"])
            found = [_session(fields) for fields in pipe.execute() if None not in fields]
        return sorted(found, key=lambda one: (one.opened_ms, one.id))

    def _account(self, name: str) -> bytes | None:
        with translated_errors():
            raw: bytes | None = self._client.hget(self._keys.accounts, name)
        if raw is None:
            check_data(self._client, [self._keys])
        return raw

    def _drop(self, name: str, session_id: str, digest: str) -> bool:
        pipe = self._client.pipeline(transaction=True)
        pipe.delete(f"{self._keys.sessions}{digest}")
        pipe.hdel(f"{self._keys.sessions_of}{name}", session_id)
        return bool(pipe.execute()[0])


def _session(fields: list[Any]) -> Session:
    session_id, name, opened, seen, agent = fields
    return Session(session_id.decode(), name.decode(), int(opened), int(seen), agent.decode())


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _label(agent: str) -> str:
    return "".join(sign for sign in agent[: 4 * MAX_AGENT] if sign.isprintable())[:MAX_AGENT].strip()
