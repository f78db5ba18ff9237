"""Bounded parts of the lists of images, one after another: no reader walks all keys at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.errors import InvalidCursor
from quorum.images.image import DIGEST_BYTES
from quorum.moderation.waiting.cursor import Position

MOST_STEPS = 10  # of a scan, for one window: what was removed leaves steps without anything
FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Window:
    """Images, each with its score in the zset; `end` is where the next window begins, None after the last."""

    images: Sequence[tuple[str, float]]
    end: Position | None


class Ordered:
    """Windows of zsets of image ids by a time, of all partitions as one, oldest or newest first."""

    def __init__(self, client: Redis, names: Sequence[str], since_ms: int | None, *, newest: bool) -> None:
        self._client: Any = client  # its replies are bytes
        self._names = names
        self._since = since_ms or 0
        self._newest = newest

    def read(self, start: Position | None, end: Position | None, count: int) -> Window:
        """Return at most `count` images after `start`, up to `end` where that is known. Raises redis' errors."""
        found = sorted(
            (one for name in self._names for one in self._after(name, start, count + 1)), reverse=self._newest
        )
        page = found[:count]
        if end is not None:
            limit = _raw(end)
            return Window(_images([one for one in page if not self._is_after(one, limit)]), end)
        more = len(found) > count
        return Window(_images(page), (page[-1][0], page[-1][1].decode()) if more else None)

    def _after(self, name: str, start: Position | None, count: int) -> list[tuple[float, bytes]]:
        """Return the first `count` that come after `start` in one zset; those of the same time go by their ids."""
        place, offset, found = _raw(start) if start else None, 0, list[tuple[float, bytes]]()
        while len(found) < count:
            page = self._page(name, place[0] if place else None, offset, count)
            found += [one for one in page if place is None or self._is_after(one, place)]
            if len(page) < count:
                break
            offset += count
        return found[:count]

    def _page(self, name: str, score: float | None, offset: int, count: int) -> list[tuple[float, bytes]]:
        if self._newest:
            most = FOREVER if score is None else score
            page = self._client.zrevrangebyscore(name, most, self._since, offset, count, withscores=True)
        else:
            least = max(self._since, score or 0)
            page = self._client.zrangebyscore(name, least, FOREVER, offset, count, withscores=True)
        return [(at, image_id) for image_id, at in page]

    def _is_after(self, one: tuple[float, bytes], place: tuple[float, bytes]) -> bool:
        return one < place if self._newest else one > place


class Scanned:
    """Windows of zsets of digest and id, whose scores change all the time: in no order, each image once at least."""

    def __init__(self, client: Redis, names: Sequence[str]) -> None:
        self._client: Any = client  # its replies are bytes
        self._names = names

    def read(self, start: Position | None, _end: Position | None, count: int) -> Window:
        """Return some images, about `count`. Raises InvalidCursor, redis' errors."""
        cursor, partition = (int(start[0]), _partition(start[1], len(self._names))) if start else (0, 0)
        found: dict[str, float] = {}
        for _ in range(MOST_STEPS):
            cursor, page = self._client.zscan(self._names[partition], cursor, count=count)
            cursor = int(cursor)
            found.update((member[DIGEST_BYTES:].decode(), at) for member, at in page)
            if not cursor:
                partition += 1
            if found or partition == len(self._names):
                break
        return Window(list(found.items()), None if partition == len(self._names) else (cursor, str(partition)))


def _partition(text: str, partitions: int) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) >= partitions:
        raise InvalidCursor("is not a page of the queue; use one that it gave, or none to begin")
    return int(text)


def _raw(position: Position) -> tuple[float, bytes]:
    return position[0], position[1].encode()


def _images(page: Sequence[tuple[float, bytes]]) -> list[tuple[str, float]]:
    return [(image_id.decode(), at) for at, image_id in page]
