"""What happened to an image: its events and what was decided about it, oldest first.

Of each image the last MOST_TOLD places in the streams of events and decisions are kept (`judgement/stories.lua`). What
is said of one stands in its stream alone: it ends with the event, and a name that is taken out of the audit trail is
nowhere else. Then the mark and the time are left.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from quorum.errors import InvalidRecord
from quorum.events.event import Event
from quorum.images.image import Image
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.store.layout import check_data

MOST_TOLD = 50
DECISION = "decision"
MARKS = ("blocked", "unblocked", "held", "released", "deleted", DECISION, "appeal")  # their numbers begin with 1

_TOLD = struct.Struct(">B6s3s")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is told: one of MARKS, when (Unix ms), and the id in its stream."""

    what: str
    at_ms: int
    entry: str


@dataclass(frozen=True, slots=True)
class Told:
    """What happened: one of MARKS, when (Unix ms); who decided it, and why, where that is still known.

    `by` is `policy`, `moderator` or `site`; `why` a cause or a moderator's note, `policy` the version of the rules.
    `said` is all else: of an event its data, of a decision what stands in the audit trail.
    """

    what: str
    at_ms: int
    by: str | None = None
    name: str | None = None
    why: str | None = None
    policy: str | None = None
    said: Mapping[str, Any] = field(default_factory=dict)


def places(story: bytes) -> list[Place]:
    """Return what a story is made of, oldest first. Raises InvalidRecord."""
    if len(story) % _TOLD.size:
        raise InvalidRecord(f"a story of {len(story)} bytes cannot be read")
    return [_place(*parts) for parts in _TOLD.iter_unpack(story)]


def length_of(story: bytes | None) -> int:
    """Return how much a story tells."""
    return len(story or b"") // _TOLD.size


def _place(mark: int, stamp: bytes, number: bytes) -> Place:
    if not 1 <= mark <= len(MARKS):
        raise InvalidRecord(f"a story has the mark {mark}, which this release does not know")
    at_ms = int.from_bytes(stamp, "big")
    return Place(MARKS[mark - 1], at_ms, f"{at_ms}-{int.from_bytes(number, 'big')}")


class Stories:
    """The stories of the images of all partitions."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._keys = [keys_of(namespace, number) for number in range(partitions)]

    def of(self, image: Image) -> list[Told]:
        """Return what happened to an image, oldest first; the last MOST_TOLD of it.

        Raises StoreUnavailable, DataMissing, InvalidRecord.
        """
        keys = self._keys[image.partition(len(self._keys))]
        with translated_errors():
            found = places(self._client.hget(f"{keys.stories}{image.bucket}", image.digest) or b"")
            pipe = self._client.pipeline(transaction=False)
            for place in found:
                pipe.xrange(_stream(keys, place), place.entry, place.entry)
            answers = pipe.execute() if found else []
        check_data(self._client, [keys])
        return [_told(place, entries) for place, entries in zip(found, answers, strict=True)]


def _stream(keys: Keys, place: Place) -> str:
    return keys.audit if place.what == DECISION else keys.events


def _told(place: Place, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> Told:
    for _, fields in entries:
        try:
            return _decision(place, fields) if place.what == DECISION else _event(place, fields)
        except (KeyError, ValueError, TypeError):
            break  # somebody else wrote it
    return Told(place.what, place.at_ms)


def _event(place: Place, fields: Mapping[bytes, bytes]) -> Told:
    event = Event.from_json(fields[b"event"], place.entry)
    by = event.data["decided_by"]
    at_ms = round(event.time.timestamp() * 1000)
    return Told(
        place.what, at_ms, by["kind"], by.get("name"), event.data.get("cause"), by.get("version"), dict(event.data)
    )


def _decision(place: Place, fields: Mapping[bytes, bytes]) -> Told:
    said = json.loads(fields[b"decision"])
    return Told(
        place.what, said["at_ms"], "moderator", said["moderator"], said["note"] or None, said.get("policy"), said
    )
