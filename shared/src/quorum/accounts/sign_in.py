"""Signs people inside in by name and password; who cannot be let in learns nothing from the answer or its time."""

from functools import lru_cache

from redis import Redis

from quorum.accounts import passwords
from quorum.accounts.account import Account, parse_name
from quorum.accounts.stored_accounts import Accounts
from quorum.accounts.throttling.throttle import Throttle
from quorum.errors import InvalidAccount, SignInRefused

_MOST_OF_A_NAME = 256  # characters that count, of what is no name


class SignIn:
    """Checks names and passwords."""

    def __init__(self, client: Redis, namespace: str) -> None:
        self._accounts = Accounts(client, namespace)
        self._throttle = Throttle(client, namespace)
        self._of_nobody = _hash_of_nobody()

    def check(self, name: str, password: str, address: str) -> Account:
        """Return the account that a name and its password open; `address` is the caller's, as the proxy tells it.

        Raises SignInRefused for an unknown name, a wrong password, a disabled account and one without a password alike,
        after the same work; SignInThrottled, before any; StoreUnavailable, DataMissing.
        """
        known = _name(name)
        attempt = self._throttle.sign_in(known or name[:_MOST_OF_A_NAME], address)
        account = self._accounts.get(known) if known else None
        kept = account.password if account and account.disabled_ms is None else None
        right = passwords.verify(kept or self._of_nobody, password)
        if account is None or kept is None or not right:
            raise SignInRefused
        self._throttle.forgive(attempt, known=True)
        if passwords.needs_rehash(kept):
            account = self._accounts.rehash(account, password)
        return account


def _name(text: str) -> str | None:
    try:
        return parse_name(text)
    except InvalidAccount:
        return None


@lru_cache(maxsize=1)
def _hash_of_nobody() -> str:
    """Return the hash of a password that nobody knows."""
    return passwords.hashed(passwords.generate())
