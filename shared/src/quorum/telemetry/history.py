"""The vital signs of the last hour, noted by the workers: what a page can show that has just been opened."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from redis import Redis

from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.telemetry.health import Health

EVERY_MS = 10_000
KEPT = 360  # an hour; about 250 bytes each


@dataclass(frozen=True, slots=True)
class Vitals:
    """One moment of all partitions together; what is counted since the beginning has a rate between two moments."""

    at_ms: int
    tallied: int  # reports, since the beginning
    counted: int  # distinct reporters of images, since the beginning
    blocked: int  # images blocked by reports, since the beginning
    held: int  # images held, since the beginning
    inbox_depth: int
    inbox_age_seconds: float
    memory_bytes: int | None  # None: Redis does not say
    event_delays: tuple[int, ...]  # events since the beginning, by bucket of `health.EVENT_DELAYS_MS`; the last is more


class History:
    """Reads and notes vital signs. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._health = Health(client, namespace, partitions)
        self._partitions = partitions
        self._keys = keys_of(namespace, 0)

    def now(self) -> Vitals:
        """Return the vital signs of this moment."""
        states = [self._health.partition(number) for number in range(self._partitions)]
        server = self._health.server()
        return Vitals(
            at_ms=self._health.now_ms(),
            tallied=sum(state.counters["taken"] for state in states),
            counted=sum(state.counters["counted"] for state in states),
            blocked=sum(state.counters["blocked"] for state in states),
            held=sum(state.counters["held"] for state in states),
            inbox_depth=sum(state.inbox_depth for state in states),
            inbox_age_seconds=max(state.inbox_age_seconds for state in states),
            memory_bytes=server.used_memory_bytes,
            event_delays=tuple(map(sum, zip(*(state.event_delays for state in states), strict=True))),
        )

    def note(self) -> bool:
        """Keep this moment, unless a worker did so within the last seconds; tell whether it was kept."""
        with translated_errors():
            if not self._client.set(self._keys.pulse, 1, nx=True, px=EVERY_MS - 500):
                return False
            pipe = self._client.pipeline(transaction=True)
            pipe.rpush(self._keys.history, json.dumps(asdict(self.now()), separators=(",", ":")))
            pipe.ltrim(self._keys.history, -KEPT, -1)
            pipe.execute()
        return True

    def points(self) -> list[dict[str, Any]]:
        """Return what was kept, oldest first; each has the fields of `Vitals`."""
        with translated_errors():
            return [json.loads(point) for point in self._client.lrange(self._keys.history, 0, -1)]
