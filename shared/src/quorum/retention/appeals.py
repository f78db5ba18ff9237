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

PAGE = 500  # buckets
ATTEMPTS = 20  # appeals that change this often meanwhile are reported as not read


def erase_appeals(
    client: Any, keys: Keys, buckets: Sequence[int], erased: Mapping[bytes, int], unread: list[str]
) -> int:
    """Take text and fingerprint out of the appeals of some people, those of each up to a time, Unix ms.

    `unread` gets the keys that could not be looked into. Returns how many were erased. Raises redis' errors.
    """
    until = {fingerprint.hex(): at_ms for fingerprint, at_ms in erased.items()}
    count = 0
    for start in range(0, len(buckets) if until else 0, PAGE):
        names = [f"{keys.appeals}{bucket}" for bucket in buckets[start : start + PAGE]]
        pipe = client.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(name)
        for name, fields in zip(names, pipe.execute(raise_on_error=False), strict=True):
            try:
                count += sum(_erase(client, name, digest, raw, until) for digest, raw in _read(fields).items())
            except (ResponseError, InvalidRecord) as error:
                if is_transient(error):
                    raise
                unread.append(name)
    return count


def _read(answer: Any) -> Mapping[bytes, bytes]:
    """Return what a key holds. Raises the error that Redis answered with."""
    if isinstance(answer, Exception):
        raise answer
    found: Mapping[bytes, bytes] = answer
    return found


def _erase(client: Any, name: str, digest: bytes, raw: bytes | None, until: Mapping[str, int]) -> int:
    """Return how many of one image were erased. Raises InvalidRecord."""
    script = Script("retention/erase_appeals")
    for _ in range(ATTEMPTS):
        gone, fresh = _erased(raw or b"", until)
        if not gone or script(client, (name,), (digest, raw, fresh)):
            return gone
        raw = client.hget(name, digest)
    raise InvalidRecord(f"{name} changes all the time")


def _erased(raw: bytes, until: Mapping[str, int]) -> tuple[int, bytes]:
    """Return how many of an image's appeals are erased, and what is left of them.

    What somebody else wrote goes as a whole where it holds one of the fingerprints.
    """
    try:
        appeals = decode_appeals(raw)
    except InvalidRecord:
        holds_one = any(fingerprint.encode() in raw or bytes.fromhex(fingerprint) in raw for fingerprint in until)
        return int(holds_one), b""
    fresh = [_without(one, until) for one in appeals]
    return sum(old != new for old, new in zip(appeals, fresh, strict=True)), encode_appeals(fresh)


def _without(appeal: Appeal, until: Mapping[str, int]) -> Appeal:
    if appeal.at_ms <= until.get(appeal.uploader, -1):
        return replace(appeal, text="", uploader="")
    return appeal
