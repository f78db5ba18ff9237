"""How often images were seen, as the site tells it: the policy may ask for a share of them to report."""

from collections.abc import Mapping

from redis import Redis

from quorum.images.image import Image
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import check_data
from quorum.tally.codec import encode_views


class Views:
    """View counts of all partitions."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]

    def tell(self, views: Mapping[Image, int]) -> None:
        """Keep the views of images so far, in place of what was told before. Raises StoreUnavailable."""
        check_data(self._client, list({self._keys[image.partition(len(self._keys))] for image in views}))
        with translated_errors():
            now = time_ms(self._client, self._keys[0].meta)
            pipe = self._client.pipeline(transaction=False)
            for image, count in views.items():
                keys = self._keys[image.partition(len(self._keys))]
                told = encode_views(count, now)
                pipe.hset(f"{keys.views}{image.bucket}", image.digest, told)
            pipe.execute()
