"""Moderators' decisions in Redis: read, decide in Python, write only if nothing has changed meanwhile."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from redis import Redis

from quorum.errors import DataMissing, StoreUnavailable
from quorum.images.image import Image, bucket_of, stored_image
from quorum.judgement.records import Row, State, Tally
from quorum.moderation.decisions import Action, Decision, decide, standing_change
from quorum.policy.accuracy import Standing
from quorum.policy.model import Policy
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.store.layout import LAYOUT, check_data
from quorum.store.scripts import Script
from quorum.tally.codec import (
    Record,
    decode_copies,
    decode_record,
    decode_standing,
    encode_record,
    encode_standing,
)

ATTEMPTS = 20  # a tally that changes this often while a moderator decides is under attack; then they try again


@dataclass(frozen=True, slots=True)
class Target:
    """A tally to decide about: its record, and the images that share it."""

    digest: bytes
    raw: bytes
    record: Record
    subjects: dict[bytes, str]


class Decisions:
    """Applies decisions to the tally of an image, and to the one that it shares by content hash."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._decide = Script("judgement/records", "moderation/decide")

    def decide(self, image: Image, action: Action, moderator: str, policy: Policy, **more: Any) -> State:
        """Decide now, and return the image's state; `more` is `note` and `unfounded` of a Decision.

        Raises DecisionRefused, StoreUnavailable; then nothing was changed.
        """
        with translated_errors():
            now = time_ms(self._client, self._keys[image.partition(len(self._keys))].meta)
        decision = Decision(action, moderator, now, **more)
        return self.apply(image, decision, policy)

    def apply(self, image: Image, decision: Decision, policy: Policy) -> State:
        """Write a decision, and return the image's state. Raises DecisionRefused, StoreUnavailable."""
        keys = self._keys[image.partition(len(self._keys))]
        with translated_errors():
            for _ in range(ATTEMPTS):
                state = self._attempt(keys, image, decision, policy)
                if state is not None:
                    return state
        raise StoreUnavailable(f"the tally changed {ATTEMPTS} times while the decision was made")

    def held(self, limit: int) -> tuple[list[Image], int]:
        """Return the images that wait for a moderator, those that wait longest first, and how many wait in all."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for keys in self._keys:
                pipe.zrange(keys.held, 0, limit - 1, withscores=True)
                pipe.zcard(keys.held)
            answers = pipe.execute()
        check_data(self._client, self._keys)
        waiting = sorted((since, image_id.decode()) for page in answers[::2] for image_id, since in page)
        return [stored_image(image_id) for _, image_id in waiting[:limit]], sum(answers[1::2])

    def _attempt(self, keys: Keys, image: Image, decision: Decision, policy: Policy) -> State | None:
        target = self._read(keys, image)
        record = target.record
        names = policy.names_by_code
        rows = {
            row.fingerprint: Row(row.received_ms, names.get(row.reason_code, "other"), row.reporter_class)
            for row in record.rows
        }
        tally = Tally(record.epoch, record.state, rows, record.cleared_ms, score=record.score)
        events = decide(tally, target.subjects, decision, policy)
        if tally.state is record.state and len(tally.rows) == len(record.rows) and target.raw:
            return tally.state
        kept = () if tally.state is State.CLEARED else record.rows
        new = encode_record(Record(tally.epoch, tally.state, kept, tally.cleared_ms, tally.score, record.name))
        standings = list(self._standings(keys, record, standing_change(record.state, decision, policy)))
        counters = [f"decisions_{decision.action}", *_outcomes(standings)]
        if tally.state.is_blocked is not record.state.is_blocked:
            counters.append("blocked_by_moderators" if tally.state.is_blocked else "unblocked")
        written = self._decide(
            self._client,
            (
                f"{keys.images}{bucket_of(target.digest)}",
                keys.reporters,
                keys.blocked,
                keys.held,
                keys.events,
                keys.stats,
                keys.audit,
            ),
            (
                *(
                    target.digest,
                    target.raw,
                    new,
                    int(tally.state.is_blocked),
                    decision.at_ms,
                    _audit(image, decision, record),
                ),
                *(len(target.subjects), *target.subjects.values()),
                *(len(events), *(json.dumps(event, ensure_ascii=False) for event in events)),
                len(standings),
                *(part for fingerprint, old, fresh in standings for part in (fingerprint, old, encode_standing(fresh))),
                *(len(counters), *counters),
            ),
        )
        return tally.state if written else None

    def _read(self, keys: Keys, image: Image) -> Target:
        """Return the tally of an image: that of its picture where it has joined one, else its own."""
        shared: Any = self._client.hget(f"{keys.aliases}{image.bucket}", image.digest)
        digest: bytes = shared or image.digest
        pipe = self._client.pipeline(transaction=False)
        pipe.hget(f"{keys.images}{bucket_of(digest)}", digest)
        pipe.hget(f"{keys.copies}{bucket_of(digest)}", digest)
        pipe.hexists(keys.meta, LAYOUT)
        raw, copies, there = pipe.execute()
        if not there:
            raise DataMissing
        record = decode_record(raw) if raw else Record(1, State.OPEN)
        return Target(digest, raw or b"", record, decode_copies(copies) if copies else {image.digest: image.id})

    def _standings(
        self, keys: Keys, record: Record, change: Callable[[Standing, int], Standing]
    ) -> Iterator[tuple[bytes, bytes, Standing]]:
        """Yield fingerprint, stored standing and new standing of those whose standing changes."""
        pipe = self._client.pipeline(transaction=False)
        for row in record.rows:
            pipe.hget(f"{keys.reporters}{bucket_of(row.fingerprint)}", row.fingerprint)
        for row, raw in zip(record.rows, pipe.execute(), strict=True):
            old = decode_standing(raw) if raw else Standing()
            new = change(old, row.received_ms)
            if new != old:
                yield row.fingerprint, raw or b"", new


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


def _outcomes(standings: list[tuple[bytes, bytes, Standing]]) -> Iterator[str]:
    """Yield the counter of each warning and each mute that a decision led to."""
    for _, raw, fresh in standings:
        old = decode_standing(raw) if raw else Standing()
        if fresh.warned > old.warned:
            yield "reporters_warned"
        if fresh.muted_until > old.muted_until:
            yield "reporters_muted"


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


def _audit(image: Image, decision: Decision, record: Record) -> str:
    return json.dumps(
        {
            "image_id": image.id,
            "decision": decision.action,
            "moderator": decision.moderator,
            "note": decision.note,
            "at_ms": decision.at_ms,
            "state": record.state.public_name,
            "epoch": record.epoch,
        },
        ensure_ascii=False,
    )
