"""What becomes of appeals by themselves: an open one lapses with its block, a decided one ends after its time."""

from typing import Any

from redis import Redis

from quorum.errors import InvalidRecord
from quorum.images.image import stored_image
from quorum.moderation.appeals.appeals import Appeal, By, kept_since, lapsed
from quorum.moderation.appeals.keeping import Keeping, Kept
from quorum.policy.model import Policy, days
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of

AT_ONCE = 100  # images of each list in one round


class AppealsUpkeep:
    """Looks after the appeals of all partitions, some of each in a round."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._places = [0] * partitions  # of the open ones, up to which all were looked at
        self._keeping = Keeping(client)

    def settle(self, policy: Policy) -> int:
        """Let open appeals lapse whose block is over, and end what was decided long ago; return of how many images.

        What another has changed meanwhile, and what cannot be read, waits. Raises StoreUnavailable, DataMissing.
        """
        return sum(self._settle(number, keys, policy) for number, keys in enumerate(self._keys))

    def _settle(self, number: int, keys: Keys, policy: Policy) -> int:
        place, kept_ms = self._places[number], days(policy.appeals.keep_days)
        with translated_errors():
            now = time_ms(self._client, keys.meta)
            open_ids = self._client.zrange(keys.appealed, place, place + AT_ONCE - 1)
            ended_ids = self._client.zrangebyscore(keys.answered, "-inf", f"({now - kept_ms}", 0, AT_ONCE)
        self._places[number] = place + len(open_ids) if len(open_ids) == AT_ONCE else 0
        by = By(now, policy=policy.version)
        changed = [self._change(keys, image_id.decode(), by, now - kept_ms) for image_id in {*open_ids, *ended_ids}]
        return sum(changed)

    def _change(self, keys: Keys, image_id: str, by: By, oldest_ms: int) -> bool:
        image = stored_image(image_id)
        try:
            kept = self._keeping.read(keys, image)
        except (InvalidRecord, ValueError):
            return False
        fresh = _as_it_should_be(kept, by, oldest_ms)
        return fresh != kept.appeals and self._keeping.write(keys, image, kept, fresh, by)


def _as_it_should_be(kept: Kept, by: By, oldest_ms: int) -> list[Appeal]:
    return kept_since(lapsed(kept.appeals, kept.state, kept.epoch, by.at_ms), oldest_ms)
