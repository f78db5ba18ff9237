"""The audit trail: every decision that moderators made, as it is kept."""

import heapq
import json
from collections.abc import Iterator
from typing import Any

from redis import Redis

from quorum.moderation.decisions import Action, Decision, Made
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of

PAGE = 500


class Trail:
    """The trails of all partitions, merged by time."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._trails = [keys_of(namespace, number).audit for number in range(partitions)]

    def decisions(self) -> Iterator[Made]:
        """Yield the decisions about images, oldest first. Raises StoreUnavailable."""
        return heapq.merge(*map(self._partition, self._trails), key=lambda made: made.decision.at_ms)

    def _partition(self, trail: str) -> Iterator[Made]:
        start = "-"
        while True:
            with translated_errors():
                entries: Any = self._client.xrange(trail, start, "+", PAGE)
            for _, fields in entries:
                made = _read(fields)
                if made:
                    yield made
            if not entries:
                return
            start = f"({entries[-1][0].decode()}"


def _read(fields: dict[bytes, bytes]) -> Made | None:
    """Return a decision about an image; None for what else is in the trail, or is of another release."""
    try:
        said = json.loads(fields[b"decision"])
        decision = Decision(
            Action(said["decision"]), said["moderator"], said["at_ms"], said["note"], said.get("unfounded", True)
        )
        return Made(said["image_id"], decision)
    except (KeyError, ValueError, TypeError):
        return None
