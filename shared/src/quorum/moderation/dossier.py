"""All that is known of one image, for somebody who decides about it: its state, and the people who reported it.

People are told apart by fingerprints and by letters for the networks that they share, never by names or addresses.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.images.image import Image, bucket_of
from quorum.judgement.records import Book, Row, Tally
from quorum.judgement.waiting import Cause, read_cause
from quorum.judgement.weighing import score, voices
from quorum.moderation.claims import Claim, claim_key, read_claim
from quorum.moderation.waiting.weights import Weights, weights_of
from quorum.policy.accuracy import Standing
from quorum.policy.model import POINT, Bar, Policy
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.tally.codec import decode_standing, rows_of
from quorum.tally.statuses import ImageStatus, Statuses, status_of


@dataclass(frozen=True, slots=True)
class Reporter:
    """Somebody who reported the image. `points` are what they weigh alone; `group` is the same for one wide network."""

    fingerprint: bytes
    row: Row
    points: float
    group: int | None  # 0 is the largest; None where no network is known, or nobody shares it
    standing: Standing
    is_muted: bool
    is_warned: bool
    is_new: bool  # their account was too young to count in full


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is known. `since_ms` is when it began to wait, if it does; `score` what its reports come to now."""

    image: Image
    status: ImageStatus
    cause: Cause | None
    since_ms: int | None
    score: float
    bar: Bar
    cleared_before: bool  # so its bar is higher
    reporters: Sequence[Reporter]  # by when they reported, the first first
    weights: Weights
    claim: Claim | None
    views: int


class Dossiers:
    """Reads what is known of images, each in four round trips."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._statuses = Statuses(client, namespace, partitions)

    def of(self, image: Image, policy: Policy) -> Dossier:
        """Return what is known of an image. Raises StoreUnavailable, DataMissing."""
        keys = self._keys[image.partition(len(self._keys))]
        [(record, blocked_ms)], now_ms = self._statuses.kept([image])
        oldest = now_ms - policy.window_seconds * 1000
        rows = rows_of([row for row in record.rows if row.received_ms > oldest], policy.names_by_code)
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.zscore(keys.held, image.id)
            pipe.hget(keys.causes, image.id)
            pipe.get(claim_key(keys, image))
            pipe.hget(f"{keys.views}{image.bucket}", image.digest)
            for person in rows:
                pipe.hget(f"{keys.reporters}{bucket_of(person)}", person)
            since, cause, claim, views, *standings = pipe.execute()
        book = Book(policy, len(self._keys))
        for person, raw in zip(rows, standings, strict=True):
            if raw:
                book.standings[person] = decode_standing(raw)
        return Dossier(
            image=image,
            status=status_of(image, record, blocked_ms, oldest, policy),
            cause=read_cause(cause) if since is not None else None,
            since_ms=None if since is None else round(since),
            score=score(voices(book, Tally(rows=rows), now_ms)) / POINT,
            bar=bar_of(policy, image.id, cleared_before=record.wary),
            cleared_before=record.wary,
            reporters=_reporters(rows, book, now_ms),
            weights=weights_of(rows, book, now_ms),
            claim=read_claim(claim),
            views=int.from_bytes((views or b"")[:6], "big"),
        )


def bar_of(policy: Policy, image_id: str, *, cleared_before: bool) -> Bar:
    """Return what it takes to block an image, but for the lower bar of a serious reason and raised shields."""
    rule = policy.rule_for(image_id)
    bar = rule.bar if rule else Bar(policy.threshold, policy.min_reporters)
    factor = policy.after_clear.threshold_factor if cleared_before else 1.0
    return Bar(bar.threshold * factor, bar.min_reporters)


def _reporters(rows: Mapping[bytes, Row], book: Book, now_ms: int) -> list[Reporter]:
    weights = {one.fingerprint: one.weight for one in voices(book, Tally(rows=dict(rows)), now_ms)}
    sizes = Counter(row.networks.wide for row in rows.values() if row.networks.wide)
    shared = [network for network, size in sizes.most_common() if size > 1]
    groups = {network: number for number, network in enumerate(shared)}
    found = []
    for fingerprint, row in sorted(rows.items(), key=lambda one: one[1].received_ms):
        standing = book.standings.get(fingerprint, Standing())
        found.append(
            Reporter(
                fingerprint,
                row,
                weights.get(fingerprint, 0) / POINT,
                groups.get(row.networks.wide),
                standing,
                standing.is_muted(now_ms),
                standing.is_warned(now_ms, book.policy),
                row.age < book.caps["full_minutes"],
            )
        )
    return found
