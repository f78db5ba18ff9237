"""What is known of images now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from redis import Redis

from quorum.errors import DataMissing
from quorum.images.image import Image, bucket_of
from quorum.judgement.records import State
from quorum.policy.model import POINT, Policy
from quorum.store.cluster import ask_time, in_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.store.layout import LAYOUT
from quorum.tally.codec import Record, decode_record, picture_of


@dataclass(frozen=True, slots=True)
class ImageStatus:
    """What is known of an image now: score in points, times in Unix milliseconds."""

    image_id: str
    state: State
    protected: bool = False  # never blocked without a moderator
    epoch: int = 1
    score: float = 0.0
    reporters: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    first_reported_ms: int | None = None
    last_reported_ms: int | None = None
    blocked_ms: int | None = None

    @property
    def tag(self) -> str:
        """What changes whenever the state does."""
        return state_tag(self.epoch, self.state)


def state_tag(epoch: int, state: State) -> str:
    """Return what an image's state is known by, so that a decision is about the state that somebody saw."""
    return f"{epoch}-{state.name.lower()}"


class Statuses:
    """Looks images up, a round trip or two for any number of them."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]

    def of(self, images: Sequence[Image], policy: Policy) -> list[ImageStatus]:
        """Return what is known of each image, counting only reports inside the window.

        Raises StoreUnavailable; DataMissing, lest a blocked image seem open.
        """
        kept, now_ms = self.kept(images)
        oldest = now_ms - policy.window_seconds * 1000
        return [
            status_of(image, record, blocked_ms, oldest, policy)
            for image, (record, blocked_ms) in zip(images, kept, strict=True)
        ]

    def kept(self, images: Sequence[Image]) -> tuple[list[tuple[Record, float | None]], int]:
        """Return what is kept of each image, with the time of its block, and the time now, Unix ms. Raises as `of`.

        An image that shows the picture of others has the rows of all.
        """
        partitions = sorted({image.partition(len(self._keys)) for image in images})
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for image in images:
                pipe.hget(f"{self._keys_of(image).aliases}{image.bucket}", image.digest)
            holders = [
                picture_of(alias or b"") or image.digest for image, alias in zip(images, pipe.execute(), strict=True)
            ]
            ask_time(pipe, self._keys[0].meta)
            for image, holder in zip(images, holders, strict=True):
                keys = self._keys_of(image)
                pipe.hget(f"{keys.images}{image.bucket}", image.digest)
                pipe.hget(f"{keys.images}{bucket_of(holder)}", holder)
                pipe.zscore(keys.blocked, image.id)
            for partition in partitions:
                pipe.hexists(self._keys[partition].meta, LAYOUT)
            now, *answers = pipe.execute()
            marks = [answers.pop() for _ in partitions]
        if not all(marks):
            raise DataMissing
        records = [
            replace(_record(own), rows=_record(holder).rows)
            for own, holder in zip(answers[::3], answers[1::3], strict=True)
        ]
        return list(zip(records, answers[2::3], strict=True)), in_ms(now)

    def knows(self, image: Image) -> bool:
        """Tell whether an image was ever reported, decided about, or said to show a picture.

        Raises StoreUnavailable, DataMissing.
        """
        keys = self._keys_of(image)
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for prefix in (keys.images, keys.aliases, keys.stories):
                pipe.hexists(f"{prefix}{image.bucket}", image.digest)
            pipe.hexists(keys.meta, LAYOUT)
            *found, there = pipe.execute()
        if not there:
            raise DataMissing
        return any(found)

    def _keys_of(self, image: Image) -> Keys:
        return self._keys[image.partition(len(self._keys))]


def _record(raw: bytes | None) -> Record:
    return decode_record(raw) if raw else Record(1, State.OPEN)


def status_of(image: Image, record: Record, blocked_ms: float | None, oldest: int, policy: Policy) -> ImageStatus:
    """Return what a record says, counting only reports after `oldest`; `blocked_ms` is when it was blocked, if ever."""
    rows = [row for row in record.rows if row.received_ms > oldest]
    rule = policy.rule_for(image.id)
    return ImageStatus(
        image_id=image.id,
        state=record.state,
        protected=bool(rule and rule.protected),
        epoch=record.epoch,
        score=record.score / POINT if rows else 0.0,
        reporters=len(rows),
        reasons=dict(Counter(policy.names_by_code.get(row.reason_code, "other") for row in rows)),
        first_reported_ms=min((row.received_ms for row in rows), default=None),
        last_reported_ms=max((row.received_ms for row in rows), default=None),
        blocked_ms=None if blocked_ms is None else int(blocked_ms),
    )
