"""The list of what is blocked, in pages, with the cursor from which the feed goes on without a gap.

The cursor is taken before the first page is read. What changes while the pages are read is an event after it; so
whoever reads all pages and then applies the events after the cursor has exactly what the server has.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.errors import InvalidCursor
from quorum.events.feed import Feed
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import check_data

Entry = tuple[str, int]  # image id, Unix ms of its blocking


@dataclass(frozen=True, slots=True)
class Page:
    """Some blocked images; `next` asks for more, `cursor` is where the feed goes on after the last page."""

    images: list[Entry]
    cursor: str
    next: str | None


class Blocklist:
    """The blocked images of all partitions, by time of blocking within each."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client: Any = client  # its replies are bytes
        self._feed = Feed(client, namespace, partitions)
        self._keys = [keys_of(namespace, number) for number in range(partitions)]

    def version(self) -> str:
        """Return what changes whenever the list may have. Raises StoreUnavailable."""
        return self._feed.end()

    def page(self, token: str | None, limit: int) -> Page:
        """Return up to `limit` images after what `token` (of the page before) names.

        Raises InvalidCursor, StoreUnavailable; DataMissing, lest blocked images seem to be none.
        """
        if token is None:
            cursor, partition, last = self._feed.end(), 0, None
        else:
            cursor, partition, last = self._decode(token)
        page = self._page(cursor, partition, last, limit)
        check_data(self._client, self._keys)
        return page

    def _page(self, cursor: str, partition: int, last: Entry | None, limit: int) -> Page:
        images: list[Entry] = []
        while partition < len(self._keys):
            found = self._after(self._keys[partition].blocked, last, limit - len(images) + 1)
            room = limit - len(images)
            images += found[:room]
            if len(found) > room:
                return Page(images, cursor, _encode(cursor, partition, images[-1] if images else last))
            partition, last = partition + 1, None
        return Page(images, cursor, None)

    def _after(self, key: str, last: Entry | None, count: int) -> list[Entry]:
        """Return what comes after `last` in the order of (time, id), wherever that is now."""
        with translated_errors():
            start = 0 if last is None else self._place_after(key, last)
            return [
                (image.decode(), int(score))
                for image, score in self._client.zrange(key, start, start + count - 1, withscores=True)
            ]

    def _place_after(self, key: str, last: Entry) -> int:
        image_id, at = last
        earlier = int(self._client.zcount(key, "-inf", f"({at}"))
        same = self._client.zrangebyscore(key, at, at)
        return int(earlier + sum(image <= image_id.encode() for image in same))

    def _decode(self, token: str) -> tuple[str, int, Entry | None]:
        try:
            cursor, partition, image_id, at = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
            last = None if image_id is None else (str(image_id), int(at))
            partition = range(len(self._keys))[partition]
        except (ValueError, TypeError, IndexError) as error:
            raise InvalidCursor("is not a page of this list; use one that it gave, or none to begin") from error
        return str(cursor), partition, last


def _encode(cursor: str, partition: int, last: Entry | None) -> str:
    image_id, at = last or (None, 0)
    return base64.urlsafe_b64encode(json.dumps([cursor, partition, image_id, at]).encode()).decode()
