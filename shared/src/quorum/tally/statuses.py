"""What is known of images now."""

from collections import Counter, defaultdict
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
        grouped = defaultdict[int, list[Image]](list)
        for image in images:
            grouped[image.partition(len(self._keys))].append(image)
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            ask_time(pipe, self._keys[0].meta)
            for partition, theirs in grouped.items():
                pipe.hexists(self._keys[partition].meta, LAYOUT)
                pipe.zmscore(self._keys[partition].blocked, [image.id for image in theirs])
            for image in images:
                keys = self._keys_of(image)
                pipe.hget(f"{keys.aliases}{image.bucket}", image.digest)
                pipe.hget(f"{keys.images}{image.bucket}", image.digest)
            now, *answers = pipe.execute()
            of_partitions, of_images = answers[: 2 * len(grouped)], answers[2 * len(grouped) :]
            if not all(of_partitions[::2]):
                raise DataMissing
            holders = self._holders(images, of_images[::2])
        blocked = {
            image.id: at
            for theirs, times in zip(grouped.values(), of_partitions[1::2], strict=True)
            for image, at in zip(theirs, times, strict=True)
        }
        records = [_record(raw) for raw in of_images[1::2]]
        for place, holder in holders.items():
            records[place] = replace(records[place], rows=_record(holder).rows)
        kept = [(record, blocked[image.id]) for image, record in zip(images, records, strict=True)]
        return kept, in_ms(now)

    def _holders(self, images: Sequence[Image], aliases: Sequence[bytes | None]) -> dict[int, bytes | None]:
        """Return, for the places of images that share the rows of a picture, what is kept of that picture."""
        shared = {
            place: picture for place, alias in enumerate(aliases) if (picture := picture_of(alias or b"")) is not None
        }
        if not shared:
            return {}
        pipe = self._client.pipeline(transaction=False)
        for place, picture in shared.items():
            pipe.hget(f"{self._keys_of(images[place]).images}{bucket_of(picture)}", picture)
        return dict(zip(shared, pipe.execute(), strict=True))

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
