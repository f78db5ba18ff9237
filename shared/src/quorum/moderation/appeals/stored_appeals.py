"""Appeals in Redis: read, decided in Python, written only if nothing has changed meanwhile.

What a moderator decides about an image decides its appeal, too: `moderation/stored_decisions.py` writes both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.errors import StoreUnavailable, UnknownImage
from quorum.images.image import Image, stored_image
from quorum.judgement.records import State
from quorum.moderation.appeals.appeals import Appeal, By, current, decode_appeals, lapsed, lodged
from quorum.moderation.appeals.keeping import Keeping
from quorum.moderation.stories import DECISION, Stories
from quorum.moderation.waiting.cursor import Position
from quorum.moderation.waiting.windows import Ordered
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import check_data
from quorum.tally.statuses import Statuses

ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Page:
    """Open appeals, those that wait longest first; `next` is where the next page begins, None after the last."""

    appeals: list[tuple[Image, Appeal]]
    next: Position | None


class Appeals:
    """The appeals of all partitions. Each method raises StoreUnavailable, DataMissing."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._statuses = Statuses(client, namespace, partitions)
        self._stories = Stories(client, namespace, partitions)
        self._keeping = Keeping(client)

    def lodge(self, image: Image, text: str, uploader: bytes = b"") -> Appeal:
        """Appeal against the block of an image; `uploader` is a fingerprint.

        Raises UnknownImage, NotBlocked, AppealExists.
        """
        keys = self._keys[image.partition(len(self._keys))]
        if not self._statuses.knows(image):
            raise UnknownImage
        for _ in range(ATTEMPTS):
            kept = self._keeping.read(keys, image)
            with translated_errors():
                now = time_ms(self._client, keys.meta)
            against = self._decided_by(image) if kept.state is State.UPHELD else ""
            fresh = Appeal(kept.epoch, now, text, uploader.hex(), against)
            over = lapsed(kept.appeals, kept.state, kept.epoch, now)
            if self._keeping.write(keys, image, kept, lodged(over, kept.state, fresh), By(now)):
                return fresh
        raise StoreUnavailable(f"the image changed {ATTEMPTS} times while the appeal was taken")

    def of(self, image: Image) -> list[Appeal]:
        """Return the appeals against blocks of an image that are kept, oldest first."""
        return self.of_many([image])[0]

    def of_many(self, images: Sequence[Image]) -> list[list[Appeal]]:
        """Return the same of each image."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for image in images:
                keys = self._keys[image.partition(len(self._keys))]
                pipe.hget(f"{keys.appeals}{image.bucket}", image.digest)
            answers = pipe.execute() if images else []
        check_data(self._client, self._keys)
        return [decode_appeals(raw) for raw in answers]

    def present(self, image: Image, state: State, epoch: int) -> Appeal | None:
        """Return the appeal against the block under which an image is, that is in this state and epoch."""
        return current(self.of(image), state, epoch)

    def waiting(self, start: Position | None = None, count: int = 50) -> Page:
        """Return at most `count` images with an open appeal after `start`, `next` of the page before."""
        with translated_errors():
            window = Ordered(self._client, [keys.appealed for keys in self._keys], None, newest=False).read(
                start, None, count
            )
        images = [stored_image(image_id) for image_id, _ in window.images]
        found = [
            (image, one)
            for image, appeals in zip(images, self.of_many(images), strict=True)
            for one in appeals
            if one.is_open
        ]
        return Page(found, window.end)

    def open_count(self) -> int:
        """Return how many are open."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for keys in self._keys:
                pipe.zcard(keys.appealed)
            found = sum(pipe.execute())
        check_data(self._client, self._keys)
        return int(found)

    def _decided_by(self, image: Image) -> str:
        """Return the moderator who made the block what it is; empty where that is not known any more."""
        decisions = [one for one in self._stories.of(image) if one.what == DECISION]
        return (decisions[-1].name or "") if decisions else ""
