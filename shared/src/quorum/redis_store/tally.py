"""Tallies what lies in the inbox, and answers what is known of an image."""

from collections import Counter
from dataclasses import dataclass, field

from redis import Redis

from quorum.images import Image
from quorum.model import State
from quorum.policy.model import POINT, Policy
from quorum.redis_store.codec import decode_record
from quorum.redis_store.connection import translated_errors
from quorum.redis_store.keys import Keys
from quorum.redis_store.scripts import Script

BATCH = 500  # reports in one script call: about 3 ms of Redis, far below the 20 ms that would be felt


@dataclass(frozen=True, slots=True)
class Drained:
    """What one call of `drain` did, in reports, but for `blocked`: images."""

    taken: int
    left: int
    counted: int
    blocked: int
    dead: int


@dataclass(frozen=True, slots=True)
class ImageStatus:
    """What is known of an image now: score in points, times in Unix milliseconds."""

    image_id: str
    state: State
    epoch: int = 1
    score: float = 0.0
    reporters: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    first_reported_ms: int | None = None
    last_reported_ms: int | None = None
    blocked_ms: int | None = None


class PartitionTally:
    """The tallies of one partition."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._drain = Script("drain")
        self._compact = Script("compact")

    def drain(self, policy: Policy, limit: int = BATCH) -> Drained:
        """Tally the oldest `limit` reports. Taking none silences the doorbell. Raises StoreUnavailable."""
        keys = self._keys
        names = (keys.inbox, keys.bell, keys.images, keys.blocked, keys.events, keys.dead, keys.stats)
        with translated_errors():
            return Drained(*self._drain(self._client, names, (limit, policy.numbers)))

    def compact(self, policy: Policy, bucket: int) -> int:
        """Forget what left the window in one bucket; return how many images were forgotten."""
        with translated_errors():
            return int(self._compact(self._client, (f"{self._keys.images}{bucket}",), (policy.window_seconds * 1000,)))

    def status(self, image: Image, policy: Policy) -> ImageStatus:
        """Return what is known of `image`, counting only reports inside the window. Raises StoreUnavailable."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.hget(f"{self._keys.images}{image.bucket}", image.digest)
            pipe.zscore(self._keys.blocked, image.id)
            pipe.time()
            raw, blocked_ms, (seconds, micros) = pipe.execute()
        if raw is None:
            return ImageStatus(image.id, State.OPEN)
        record = decode_record(raw)
        oldest = seconds * 1000 + micros // 1000 - policy.window_seconds * 1000
        rows = [row for row in record.rows if row.received_ms > oldest]
        names = {reason.code: reason.name for reason in policy.reasons}
        return ImageStatus(
            image_id=image.id,
            state=record.state,
            epoch=record.epoch,
            score=sum(row.weight for row in rows) / POINT,
            reporters=len(rows),
            reasons=dict(Counter(names.get(row.reason_code, "other") for row in rows)),
            first_reported_ms=min((row.received_ms for row in rows), default=None),
            last_reported_ms=max((row.received_ms for row in rows), default=None),
            blocked_ms=None if blocked_ms is None else int(blocked_ms),
        )
