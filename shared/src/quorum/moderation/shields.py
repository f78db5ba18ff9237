"""The shields: while they are up, automatic blocks need a higher bar. Here they are raised and lowered by hand."""

import json
from typing import Any

from redis import Redis

from quorum.events.event import SHIELDS_LOWERED, SHIELDS_RAISED, Event, cloud_event, timestamp
from quorum.judgement.caps.shields import Shield
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.layout import check_data
from quorum.store.scripts import Script

LOOKED_AT = 2000  # events, for the last one about shields
FOR_EVER_MS = 253_402_300_799_000  # the end of year 9999


class Shields:
    """The shields of all partitions. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._script = Script("moderation/shields")

    def states(self) -> list[Shield]:
        """Return what each partition has counted."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for keys in self._keys:
                pipe.hmget(keys.shields, "up_until", "counted_from")
                pipe.lrange(keys.recent, 0, -1)
            answers: list[Any] = pipe.execute()
        return [
            Shield(int(known[0] or 0), int(known[1] or 0), list(map(int, blocks)))
            for known, blocks in zip(answers[::2], answers[1::2], strict=True)
        ]

    def causes(self) -> list[Event | None]:
        """Return the event that last raised or lowered those of each partition; None when it lies too far back."""
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            for keys in self._keys:
                pipe.xrevrange(keys.events, count=LOOKED_AT)
            pages: list[Any] = pipe.execute()
        return [_newest(page) for page in pages]

    def raise_(self, minutes: float | None, name: str) -> bool:
        """Ask for the higher bar for some minutes, or until they are lowered; tell whether they were down."""
        check_data(self._client, self._keys)
        now = self._now_ms()
        until = now + round(minutes * 60_000) if minutes else FOR_EVER_MS
        data = {"until": timestamp(until), "cause": "by_hand", "decided_by": {"kind": "moderator", "name": name}}
        event = cloud_event(f"shields-{now}-raised", SHIELDS_RAISED, "shields", now, data)
        return self._all("raise", now, until, event)

    def lower(self, name: str) -> bool:
        """Go back to the usual bar, with caps that have counted nothing; tell whether they were up."""
        check_data(self._client, self._keys)
        return self._lowered("lower", {"kind": "moderator", "name": name})

    def settle(self) -> bool:
        """Say so when their time is over."""
        return self._lowered("settle", {"kind": "policy"})

    def _lowered(self, what: str, by: dict[str, str]) -> bool:
        now = self._now_ms()
        event = cloud_event(f"shields-{now}-lowered", SHIELDS_LOWERED, "shields", now, {"decided_by": by})
        return self._all(what, now, 0, event)

    def _all(self, what: str, now: int, until: int, event: dict[str, Any]) -> bool:
        changed = False
        for partition, keys in enumerate(self._keys):
            one = {**event, "id": f"{event['id']}-{partition}"} if len(self._keys) > 1 else event
            with translated_errors():
                answer = self._script(self._client, (keys.shields, keys.events), (what, now, until, json.dumps(one)))
            changed = changed or bool(answer)
        return changed

    def _now_ms(self) -> int:
        with translated_errors():
            return time_ms(self._client, self._keys[0].meta)


def _newest(page: list[tuple[bytes, dict[bytes, bytes]]]) -> Event | None:
    for at, fields in page:
        if b'"quorum.shields.' in fields.get(b"event", b""):
            try:
                event = Event.from_json(fields[b"event"], at.decode())
            except (ValueError, KeyError, TypeError):
                continue
            if event.type in {SHIELDS_RAISED, SHIELDS_LOWERED}:
                return event
    return None
