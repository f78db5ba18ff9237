"""The first account of a trial: made where there is none, so that somebody can sign in."""

from dataclasses import dataclass
from pathlib import Path

from quorum.accounts import passwords
from quorum.accounts.roles import Role
from quorum.accounts.stored_accounts import Accounts
from quorum.host.files import write_whole

NAME = "admin"


@dataclass(frozen=True, slots=True)
class First:
    """Who may sign in first; `password` is None once they have chosen one of their own."""

    name: str
    password: str | None


def first_account(accounts: Accounts, kept: Path) -> First:
    """Return the first account; its password is in the file `kept`, for its owner alone, until it is changed.

    Raises StoreUnavailable, DataMissing, UnwritableFile.
    """
    known = accounts.list()
    if not known:
        _, password = accounts.add(NAME, Role.ADMIN)
        write_whole(kept, password.encode())
        return First(NAME, password)
    first = next((one for one in known if one.name == NAME), known[0])
    if first.must_change and first.password and kept.exists():
        password = kept.read_text(encoding="utf-8")
        if passwords.verify(first.password, password):  # else it is that of data which was replaced
            return First(first.name, password)
    kept.unlink(missing_ok=True)
    return First(first.name, None)
