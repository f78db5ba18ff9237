"""Erases what uploaders wrote in appeals. That there was an appeal, and what was decided, stays."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from redis.exceptions import ResponseError

from quorum.errors import InvalidRecord
from quorum.moderation.appeals.appeals import Appeal, decode_appeals, encode_appeals
from quorum.store.connection import is_transient
from quorum.store.keys import Keys
from quorum.store.scripts import Script

ATTEMPTS = 20  # appeals that change this often meanwhile are reported as not read


def erase_appeals(
    client: Any, keys: Keys, buckets: Sequence[int], erased: Mapping[bytes, int], unread: list[str]
) -> int:
    """Take text and fingerprint out of the appeals of some people, those of each up to a time, Unix ms.

    `unread` gets the keys that could not be looked into. Returns how many were erased. Raises redis' errors.
    """
    until = {fingerprint.hex(): at_ms for fingerprint, at_ms in erased.items()}
    count = 0
    for bucket in buckets if until else ():
        name = f"{keys.appeals}{bucket}"
        try:
            count += sum(_erase(client, name, digest, raw, until) for digest, raw in client.hgetall(name).items())
        except (ResponseError, InvalidRecord) as error:
            if is_transient(error):
                raise
            unread.append(name)
    return count


def _erase(client: Any, name: str, digest: bytes, raw: bytes | None, until: Mapping[str, int]) -> int:
    """Return how many of one image were erased. Raises InvalidRecord."""
    script = Script("retention/erase_appeals")
    for _ in range(ATTEMPTS):
        appeals = decode_appeals(raw)
        fresh = [_without(one, until) for one in appeals]
        gone = sum(old != new for old, new in zip(appeals, fresh, strict=True))
        if not gone or script(client, (name,), (digest, raw, encode_appeals(fresh))):
            return gone
        raw = client.hget(name, digest)
    raise InvalidRecord(f"{name} changes all the time")


def _without(appeal: Appeal, until: Mapping[str, int]) -> Appeal:
    if appeal.at_ms <= until.get(appeal.uploader, -1):
        return replace(appeal, text="", uploader="")
    return appeal
