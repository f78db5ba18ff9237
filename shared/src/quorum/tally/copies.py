"""Which images show the same picture, as it is stored."""

from typing import Any

from redis import Redis

from quorum.images.image import DIGEST_BYTES, Image, bucket_of
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import check_data
from quorum.tally.codec import decode_copies

SHOWN = 100  # copies that are told of


class Copies:
    """Looks copies up."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]

    def of(self, image: Image) -> tuple[bool, list[str]]:
        """Return whether an image shares its reports, and the first SHOWN others with the same picture.

        Raises StoreUnavailable, DataMissing.
        """
        keys = self._keys[image.partition(len(self._keys))]
        with translated_errors():
            alias: Any = self._client.hget(f"{keys.aliases}{image.bucket}", image.digest)
            if not alias:
                check_data(self._client, [keys])
                return False, []
            picture = alias[-DIGEST_BYTES:]
            raw: Any = self._client.hget(f"{keys.copies}{bucket_of(picture)}", picture)
        others = [image_id for digest, image_id in decode_copies(raw or b"").items() if digest != image.digest]
        return len(alias) == DIGEST_BYTES, others[:SHOWN]
