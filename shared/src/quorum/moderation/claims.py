"""Claims: a moderator looks at an image for some minutes, and others see it. A courtesy, which stops no decision.

A claim is JSON under a key of its own, which ends by itself: `key` and `name` of the moderator's API key, and `until`,
Unix ms.
"""

import json
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.errors import ClaimedByAnother
from quorum.images.image import Image
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.store.layout import check_data
from quorum.store.scripts import Script

DEFAULT_MINUTES = 5
MOST_MINUTES = 60
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Claim:
    """Who looks at an image, by id and name of their key, and until when, Unix ms."""

    key: str
    name: str
    until_ms: int


def claim_key(keys: Keys, image: Image) -> str:
    """Return the name of the key of a claim."""
    return f"{keys.claims}{image.digest.hex()}"


def read_claim(raw: bytes | None) -> Claim | None:
    """Return a claim as it is stored; None where there is none, or somebody else wrote it."""
    if raw is None:
        return None
    try:
        fields = json.loads(raw)
        return Claim(str(fields["key"]), str(fields["name"]), int(fields["until"]))
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


class Claims:
    """Claims of images of all partitions."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._script = Script("moderation/claims")

    def claim(self, image: Image, key: str, name: str, minutes: int = DEFAULT_MINUTES) -> Claim:
        """Claim an image for some minutes from now, also when the same key has claimed it.

        Raises ClaimedByAnother, StoreUnavailable, DataMissing.
        """
        claim = self._run("claim", image, key, name, minutes * MINUTE_MS)
        assert claim is not None
        return claim

    def release(self, image: Image, key: str) -> None:
        """End a claim, if there is one. Raises ClaimedByAnother, StoreUnavailable, DataMissing."""
        self._run("release", image, key, "", 0)

    def of(self, image: Image) -> Claim | None:
        """Return who looks at an image. Raises StoreUnavailable, DataMissing."""
        keys = self._keys[image.partition(len(self._keys))]
        with translated_errors():
            raw = self._client.get(claim_key(keys, image))
        check_data(self._client, [keys])
        return read_claim(raw)

    def _run(self, what: str, image: Image, key: str, name: str, span_ms: int) -> Claim | None:
        keys = self._keys[image.partition(len(self._keys))]
        check_data(self._client, [keys])
        with translated_errors():
            raw = self._script(self._client, (claim_key(keys, image),), (what, key, name, span_ms))
        claim = read_claim(raw)
        if claim and claim.key != key:
            raise ClaimedByAnother(image.id, claim.name, claim.until_ms)
        return claim
