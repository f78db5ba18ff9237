"""What is known of reporters in Redis, by fingerprint: looked up, muted by hand."""

from dataclasses import replace
from typing import Any

from redis import Redis

from quorum.images.image import bucket_of
from quorum.policy.accuracy import Standing
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import check_data
from quorum.tally.codec import decode_standing, encode_standing


class Reporters:
    """What is known of reporters, by fingerprint. Every partition keeps what was decided of its own images."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]

    def standings(self, people: list[list[bytes]]) -> list[Standing]:
        """Return the standing of each: counts added up over the partitions, the strictest of their times.

        Of each person's fingerprints, the one in use first, counts the first of which anything is known, as in drains.
        """
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for fingerprint in (fingerprint for fingerprints in people for fingerprint in fingerprints):
                for keys in self._keys:
                    pipe.hget(f"{keys.reporters}{bucket_of(fingerprint)}", fingerprint)
            answers = pipe.execute()
        check_data(self._client, self._keys)
        size = len(self._keys)
        pages = (answers[start : start + size] for start in range(0, len(answers), size))
        return [_first_known([next(pages) for _ in fingerprints]) for fingerprints in people]

    def mute(self, fingerprint: bytes, until_minute: int) -> None:
        """Mute a reporter until a minute since 1970; 0 ends a mute and a warning. Raises StoreUnavailable."""
        check_data(self._client, self._keys)
        for keys in self._keys:
            key = f"{keys.reporters}{bucket_of(fingerprint)}"

            def change(pipe: Any, key: str = key, stats: str = keys.stats) -> None:
                raw = pipe.hget(key, fingerprint)
                standing = decode_standing(raw) if raw else Standing()
                fresh = replace(standing, muted_until=until_minute)
                if not until_minute:
                    fresh = replace(fresh, warned=0, strikes=0)
                pipe.multi()
                pipe.hset(key, fingerprint, encode_standing(fresh))
                pipe.hset(stats, "standings", 1)  # drains look for standings from now on

            with translated_errors():
                self._client.transaction(change, key)


def _first_known(pages: list[list[Any]]) -> Standing:
    """Return the standing in `pages`, of each fingerprint what every partition keeps of it."""
    return _sum([next((raw for raw in of_partition if raw), None) for of_partition in zip(*pages, strict=True)])


def _sum(answers: list[bytes | None]) -> Standing:
    found = [decode_standing(raw) for raw in answers if raw]
    if not found:
        return Standing()
    return Standing(
        upheld=sum(one.upheld for one in found),
        unfounded=sum(one.unfounded for one in found),
        strikes=max(one.strikes for one in found),
        warned=max(one.warned for one in found),
        muted_until=max(one.muted_until for one in found),
        decided=max(one.decided for one in found),
    )
