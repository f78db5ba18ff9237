"""Moderators' decisions in Redis: read, decide in Python, write only if nothing has changed meanwhile."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.errors import StateHasPassed, StoreUnavailable
from quorum.images.image import Image, stored_image
from quorum.judgement.records import State
from quorum.moderation.decisions import Action, Decision, Docket, decide
from quorum.moderation.docket import read_docket
from quorum.policy.accuracy import Standing
from quorum.policy.model import Policy
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.store.layout import check_data
from quorum.store.scripts import Script
from quorum.tally.statuses import state_tag

ATTEMPTS = 20  # a tally that changes this often while a moderator decides is under attack; then they try again
SETS = {State.BLOCKED: "blocked", State.UPHELD: "blocked", State.HELD: "held"}  # of image ids, by their state


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision led to: the image's state, and its tag now."""

    state: State
    tag: str


class Decisions:
    """Applies decisions to an image, and to all that show the same picture.

    `name_moderators` says whether events name who decided; the audit trail always does.
    """

    def __init__(self, client: Redis, namespace: str, partitions: int, *, name_moderators: bool = False) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._decide = Script("moderation/decide")
        self._name_moderators = name_moderators

    def decide(self, image: Image, action: Action, moderator: str, policy: Policy, **more: Any) -> Decided:
        """Decide now; `more` is `note` and `unfounded` of a Decision, and `expected` of `apply`.

        Raises DecisionRefused, StateHasPassed, StoreUnavailable; then nothing was changed.
        """
        expected = more.pop("expected", None)
        with translated_errors():
            now = time_ms(self._client, self._keys[image.partition(len(self._keys))].meta)
        decision = Decision(action, moderator, now, **more, is_named=self._name_moderators)
        return self.apply(image, decision, policy, expected)

    def apply(
        self, image: Image, decision: Decision, policy: Policy, expected: frozenset[str] | None = None
    ) -> Decided:
        """Write a decision, if the image's state has one of the `expected` tags, where there are any.

        Raises DecisionRefused, StateHasPassed, StoreUnavailable.
        """
        keys = self._keys[image.partition(len(self._keys))]
        with translated_errors():
            for _ in range(ATTEMPTS):
                decided = self._attempt(keys, image, decision, policy, expected)
                if decided is not None:
                    return decided
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

    def _attempt(
        self, keys: Keys, image: Image, decision: Decision, policy: Policy, expected: frozenset[str] | None
    ) -> Decided | None:
        """Return what came of it; None when something has changed meanwhile."""
        stored = read_docket(self._client, keys, image, policy)
        docket = stored.docket
        before, standings = docket.tally.state, dict(docket.standings)
        tag = state_tag(docket.tally.epoch, before)
        if expected is not None and tag not in expected:
            raise StateHasPassed(image.id, before.public_name, tag)
        events = decide(docket, decision, policy)
        after = docket.tally.state
        decided = Decided(after, state_tag(docket.tally.epoch, after))
        cells = list(stored.changed())
        if all(old == new for *_, old, new in cells):
            return decided
        counters = [f"decisions_{decision.action}", *_outcomes(standings, docket.standings)]
        if after.is_blocked is not before.is_blocked:
            counters.append("blocked_by_moderators" if after.is_blocked else "unblocked")
        lists: tuple[Sequence[tuple[Any, ...]], ...] = (
            cells,
            [(image_id, SETS.get(tally.state, "")) for image_id, tally in docket.images.values()],
            [(digest + image_id.encode(),) for digest, image_id in docket.again],
            [(json.dumps(event, ensure_ascii=False),) for event in events],
            [(counter,) for counter in counters],
        )
        args = [part for rows in lists for part in (len(rows), *(value for row in rows for value in row))]
        said = _audit(image, decision, before, docket, standings)
        judged = int(standings != docket.standings)
        names = (keys.blocked, keys.held, keys.pending, keys.events, keys.stats, keys.audit)
        return decided if self._decide(self._client, names, (decision.at_ms, said, judged, *args)) else None


def _outcomes(before: dict[bytes, Standing], after: dict[bytes, Standing]) -> Iterator[str]:
    """Yield the counter of each warning and each mute that a decision led to."""
    for person, fresh in after.items():
        old = before.get(person, Standing())
        if fresh.warned > old.warned:
            yield "reporters_warned"
        if fresh.muted_until > old.muted_until:
            yield "reporters_muted"


def _audit(image: Image, decision: Decision, before: State, docket: Docket, standings: dict[bytes, Standing]) -> str:
    changed = [(standings.get(person, Standing()), one) for person, one in docket.standings.items()]
    return json.dumps(
        {
            "image_id": image.id,
            "decision": decision.action,
            "moderator": decision.moderator,
            "note": decision.note,
            "unfounded": decision.unfounded,
            "at_ms": decision.at_ms,
            "state": before.public_name,
            "after": docket.tally.state.public_name,
            "epoch": docket.tally.epoch,
            "images": len(docket.images),
            "credited": sum(new.upheld > old.upheld for old, new in changed),
            "blamed": sum(new.unfounded > old.unfounded for old, new in changed),
        },
        ensure_ascii=False,
    )
