"""What there is to know of an image in the queue: facts of every image of a window, and the rest of those shown."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.images.image import Image, bucket_of, stored_image
from quorum.judgement.records import Book, State
from quorum.judgement.waiting import Cause, read_cause
from quorum.moderation.appeals.appeals import Appeal, current, decode_appeals
from quorum.moderation.claims import Claim, claim_key, read_claim
from quorum.moderation.stories import length_of
from quorum.moderation.waiting.cursor import Key
from quorum.moderation.waiting.priority import priority
from quorum.moderation.waiting.wanted import Sort, Wanted
from quorum.moderation.waiting.weights import Weights, weights_of
from quorum.policy.accuracy import Standing
from quorum.policy.model import Policy
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.tally.codec import StoredRow, decode_standing, rows_of
from quorum.tally.statuses import ImageStatus, Statuses, status_of


@dataclass(frozen=True, slots=True)
class Facts:
    """An image of a window; `since_ms` is when it came into the list, Unix ms; `cause` why it waits, if it does."""

    image: Image
    status: ImageStatus
    since_ms: int
    cause: Cause | None
    rows: tuple[StoredRow, ...]
    priority: float

    def key(self, sort: Sort) -> Key:
        """Return what it is sorted by."""
        by_time = -self.since_ms if sort is Sort.NEWEST else self.since_ms
        return (-self.priority if sort is Sort.PRIORITY else 0, by_time, self.image.digest.hex())


@dataclass(frozen=True, slots=True)
class Entry:
    """An image as the queue shows it; `history` is how much its story tells, `appeal` that against its block."""

    facts: Facts
    weights: Weights
    history: int
    claim: Claim | None
    appeal: Appeal | None = None


class Entries:
    """Reads what there is to know of images, some round trips for any number of them."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._statuses = Statuses(client, namespace, partitions)

    def facts(self, found: Sequence[tuple[str, float]], wanted: Wanted, policy: Policy) -> tuple[list[Facts], int]:
        """Return those of some images, ids with scores of a zset, that are wanted, and the time now, Unix ms.

        Raises StoreUnavailable, DataMissing.
        """
        images = [stored_image(image_id) for image_id, _ in found]
        causes = self._causes(images) if wanted.waits else [None] * len(images)
        chosen = [
            (image, at, cause)
            for image, (_, at), cause in zip(images, found, causes, strict=True)
            if not wanted.waits or cause is Cause.UNKNOWN or wanted.takes(State.HELD, cause, round(at))
        ]
        kept, now_ms = self._statuses.kept([image for image, *_ in chosen])
        oldest = now_ms - policy.window_seconds * 1000
        all_views = self._views([image for image, *_ in chosen])
        every = []
        for (image, at, cause), (record, blocked_ms), views in zip(chosen, kept, all_views, strict=True):
            rows = tuple(row for row in record.rows if row.received_ms > oldest)
            status = status_of(image, record, blocked_ms, oldest, policy)
            known = Cause.CONTESTED if cause is Cause.UNKNOWN and record.state is State.CLEARED else cause
            since = round(at) if wanted.waits or blocked_ms is not None else status.first_reported_ms
            if since is not None:  # else nobody reports it any more
                every.append(Facts(image, status, since, known, rows, priority(rows, views, policy)))
        return [one for one in every if _is_wanted(one, wanted)], now_ms

    def entries(self, shown: Sequence[Facts], policy: Policy, now_ms: int) -> list[Entry]:
        """Return all of what the queue shows of images. Raises StoreUnavailable."""
        books = self._books(shown, policy)
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for one in shown:
                keys = self._keys_of(one.image)
                pipe.hget(f"{keys.stories}{one.image.bucket}", one.image.digest)
                pipe.get(claim_key(keys, one.image))
                pipe.hget(f"{keys.appeals}{one.image.bucket}", one.image.digest)
            answers = pipe.execute() if shown else []
        return [
            Entry(
                one,
                weights_of(rows_of(one.rows, policy.names_by_code), books[self._keys_of(one.image).meta], now_ms),
                length_of(story),
                read_claim(claim),
                current(decode_appeals(appeals), one.status.state, one.status.epoch),
            )
            for one, story, claim, appeals in zip(shown, answers[::3], answers[1::3], answers[2::3], strict=True)
        ]

    def _causes(self, images: Sequence[Image]) -> list[Cause]:
        grouped = defaultdict[int, list[Image]](list)
        for image in images:
            grouped[image.partition(len(self._keys))].append(image)
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for partition, theirs in grouped.items():
                pipe.hmget(self._keys[partition].causes, [image.id for image in theirs])
            pages = pipe.execute() if images else []
        causes = {
            image.id: read_cause(raw)
            for theirs, page in zip(grouped.values(), pages, strict=True)
            for image, raw in zip(theirs, page, strict=True)
        }
        return [causes[image.id] for image in images]

    def _views(self, images: Sequence[Image]) -> list[int]:
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for image in images:
                pipe.hget(f"{self._keys_of(image).views}{image.bucket}", image.digest)
            return [int.from_bytes((raw or b"")[:6], "big") for raw in pipe.execute()] if images else []

    def _books(self, shown: Sequence[Facts], policy: Policy) -> dict[str, Book]:
        """Return, for each partition, what its judgements know of the people who reported these images."""
        books = {keys.meta: Book(policy, len(self._keys)) for keys in self._keys}
        asked = list({(self._keys_of(one.image), row.fingerprint) for one in shown for row in one.rows})
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for keys, person in asked:
                pipe.hget(f"{keys.reporters}{bucket_of(person)}", person)
            answers: list[bytes | None] = pipe.execute() if asked else []
        for (keys, person), raw in zip(asked, answers, strict=True):
            books[keys.meta].standings[person] = decode_standing(raw) if raw else Standing()
        return books

    def _keys_of(self, image: Image) -> Keys:
        return self._keys[image.partition(len(self._keys))]


def _is_wanted(one: Facts, wanted: Wanted) -> bool:
    if wanted.least_score is not None and one.status.score < wanted.least_score:
        return False
    if wanted.reasons and wanted.reasons.isdisjoint(one.status.reasons):
        return False
    return wanted.takes(one.status.state, one.cause, one.since_ms)
