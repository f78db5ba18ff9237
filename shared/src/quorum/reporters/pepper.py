"""A mark of the pepper, kept with the data: a service with another one would take every reporter for a new one."""

import logging
from typing import Any

from redis import Redis

from quorum.errors import SettingsError, StoreUnavailable
from quorum.reporters.fingerprints import pepper_mark
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.scripts import Script

PEPPER = "pepper"  # a field of the meta hash of the first partition
log = logging.getLogger(__name__)
_CLAIM = Script("reporters/claim_pepper")
_ADVICE = (
    "QUORUM_PEPPER is not the one that the reporters in Redis are known by: each of them would be taken for a new one. "
    "Give that one again; to replace it on purpose, give the one in use as "
    'QUORUM_PEPPER_PREVIOUS. See "Replacing the pepper" in docs/security.md'
)


def check_pepper(client: Redis, namespace: str, pepper: str, previous: str = "", *, claim: bool = True) -> bool:
    """Make sure that the reporters in Redis are known by this pepper, or by the one that it replaces.

    Data without a mark gets one, and `previous` makes room for `pepper`, both only with `claim`. Returns whether there
    is a mark. Raises SettingsError for another pepper, StoreUnavailable.
    """
    meta = keys_of(namespace, 0).meta
    marks = [pepper_mark(one) for one in (pepper, previous) if one]
    redis: Any = client
    with translated_errors():
        stored = redis.hget(meta, PEPPER)
    if claim and stored != marks[0]:
        stored = _claimed(client, meta, marks, stored)
    if stored is not None and stored not in marks:
        raise SettingsError(_ADVICE)
    return stored is not None


def _claimed(client: Redis, meta: str, marks: list[bytes], stored: Any) -> Any:
    """Return the mark that is kept after the claim; a full Redis keeps what it has, and stops no service."""
    try:
        with translated_errors():
            return _CLAIM(client, (meta,), (PEPPER, marks[0], marks[-1]))
    except StoreUnavailable as error:
        log.warning("the mark of the pepper is not kept yet, the next start tries again: %s", error)
        return stored
