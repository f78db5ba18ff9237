"""The appeals of one image as they are kept: read with what they depend on, and written if that has not changed."""

import json
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.errors import DataMissing
from quorum.images.image import Image
from quorum.judgement.records import State
from quorum.moderation.appeals.appeals import Appeal, By, decode_appeals, encode_appeals, events_between, stands
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys
from quorum.store.layout import LAYOUT
from quorum.store.scripts import Script
from quorum.tally.codec import decode_record


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an image: its state and epoch, and its appeals, each with the bytes that they were read from."""

    state: State
    epoch: int
    appeals: list[Appeal]
    raw_record: bytes
    raw_appeals: bytes


class Keeping:
    """Reads and writes appeals. Each method raises StoreUnavailable, DataMissing."""

    def __init__(self, client: Redis) -> None:
        self._client: Any = client  # its replies are bytes
        self._script = Script(
            "judgement/records", "judgement/stories", "moderation/appeals/lists", "moderation/appeals/keep"
        )

    def read(self, keys: Keys, image: Image) -> Kept:
        """Return what is kept of an image. Raises InvalidRecord."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.hget(f"{keys.images}{image.bucket}", image.digest)
            pipe.hget(f"{keys.appeals}{image.bucket}", image.digest)
            pipe.hexists(keys.meta, LAYOUT)
            record, appeals, there = pipe.execute()
        if not there:
            raise DataMissing
        read = decode_record(record) if record else None
        state, epoch = (read.state, read.epoch) if read else (State.OPEN, 1)
        return Kept(state, epoch, decode_appeals(appeals), record or b"", appeals or b"")

    def write(self, keys: Keys, image: Image, kept: Kept, fresh: list[Appeal], by: By) -> bool:
        """Write the appeals, and the events of those that are decided, unless something has changed since `kept`."""
        events = events_between(image.digest, image.id, kept.appeals, fresh, by)
        since, ended = ("" if at is None else at for at in stands(fresh))
        names = (f"{keys.appeals}{image.bucket}", f"{keys.images}{image.bucket}", keys.appealed, keys.answered)
        args = (image.id, image.digest, kept.raw_appeals, encode_appeals(fresh), 1, kept.raw_record, since, ended)
        written = [json.dumps(event, ensure_ascii=False) for event in events]
        with translated_errors():
            return bool(self._script(self._client, (*names, keys.events, keys.stories, keys.stats), (*args, *written)))
