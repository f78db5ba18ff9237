"""The queue in Redis, a page at a time: of the lists that the tally keeps anyway, read in bounded windows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.judgement.waiting import KEPT_CAUSES, Cause
from quorum.moderation.waiting.cursor import Place, decode, encode
from quorum.moderation.waiting.entries import Entries, Entry
from quorum.moderation.waiting.wanted import Listed, Sort, Wanted
from quorum.moderation.waiting.windows import Ordered, Scanned, Window
from quorum.policy.model import Policy
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.store.layout import check_data

WINDOW = 1000  # images that one page looks at, at most, where not all are wanted or they are put into an order


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many images wait for a moderator, in all and for each cause, and how many have an open appeal."""

    total: int
    by_cause: Mapping[Cause, int]
    appealed: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some images, in the order that was asked for; `next` asks for more, and None says that there are none."""

    entries: list[Entry]
    next: str | None


class Queue:
    """What moderators should look at, of all partitions."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._entries = Entries(client, namespace, partitions)

    def page(self, wanted: Wanted, token: str | None, limit: int, policy: Policy, most: int | None = None) -> Page:
        """Return at most `limit` images after what `token`, `next` of the page before, names.

        It looks at `most` images, WINDOW if that is not said, and so may find fewer, or none, before the last page;
        what is decided meanwhile leaves the pages to come, and nothing else is left out. Raises InvalidCursor,
        StoreUnavailable, DataMissing.
        """
        place = decode(token, wanted.mark) if token is not None else Place()
        window = self._window(wanted, place, limit, most or WINDOW)
        facts, now_ms = self._entries.facts(window.images, wanted, policy)
        facts.sort(key=lambda one: one.key(wanted.sort))
        if place.after is not None:
            facts = [one for one in facts if one.key(wanted.sort) > place.after]
        shown, left = facts[:limit], facts[limit:]
        entries = self._entries.entries(shown, policy, now_ms)
        check_data(self._client, self._keys)
        following = None
        if left:
            following = Place(place.start, window.end, shown[-1].key(wanted.sort))
        elif window.end is not None:
            following = Place(window.end)
        return Page(entries, encode(following, wanted.mark) if following else None)

    def waiting(self) -> Waiting:
        """Return how many images wait. Raises StoreUnavailable, DataMissing."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for keys in self._keys:
                pipe.zcard(keys.held)
                pipe.zcard(keys.appealed)
                pipe.hmget(keys.stats, [f"waiting_{cause}" for cause in KEPT_CAUSES])
            answers: list[Any] = pipe.execute()
        check_data(self._client, self._keys)
        total = sum(answers[::3])
        counts: dict[Cause, int] = {
            cause: sum(int(one[number] or 0) for one in answers[2::3]) for number, cause in enumerate(KEPT_CAUSES)
        }
        return Waiting(total, {**counts, Cause.UNKNOWN: max(total - sum(counts.values()), 0)}, sum(answers[1::3]))

    def _window(self, wanted: Wanted, place: Place, limit: int, most: int) -> Window:
        with translated_errors():
            if Listed.OPEN in wanted.lists:
                scanned = Scanned(self._client, [keys.pending for keys in self._keys])
                return scanned.read(place.start, place.end, most)
            names = [_list_of(keys, wanted) for keys in self._keys]
            ordered = Ordered(self._client, names, wanted.since_ms, newest=wanted.sort is Sort.NEWEST)
            count = limit if wanted.takes_all and wanted.sort is not Sort.PRIORITY else most
            return ordered.read(place.start, place.end, count)


def _list_of(keys: Keys, wanted: Wanted) -> str:
    """Return the zset that has what is wanted."""
    if Listed.APPEALED in wanted.lists:
        return keys.appealed
    return keys.held if wanted.waits else keys.blocked
