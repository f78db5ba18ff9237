"""Moderators' decisions in Redis: read, decide in Python, write only if nothing has changed meanwhile."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redis import Redis

from quorum.errors import NoOpenAppeal, StateHasPassed, StoreUnavailable
from quorum.images.image import Image, stored_image
from quorum.judgement.figures.days import DAY_MS, Days
from quorum.judgement.figures.decided import before_of
from quorum.judgement.records import Event, State
from quorum.moderation.appeals.appeals import By, Outcome, stands
from quorum.moderation.appeals.hearing import Before
from quorum.moderation.decisions import Action, Decision, Docket, count_decision, decide
from quorum.moderation.docket import StoredDocket, read_docket
from quorum.policy.accuracy import Standing
from quorum.policy.model import Policy
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.scripts import Script
from quorum.tally.statuses import state_tag

ATTEMPTS = 20  # a tally that changes this often while a moderator decides is under attack; then they try again
SETS = {State.BLOCKED: "blocked", State.UPHELD: "blocked", State.HELD: "held"}  # of image ids, by their state


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision led to, or would: the image's state and tag before it and after it.

    `events` are types, `images` how many show the picture that was decided about, `credited` and `blamed` people;
    `appeal` is what becomes of the appeal that was open about the image.
    """

    before: State
    state: State
    tag: str
    changed: bool
    tag_before: str = ""
    events: tuple[str, ...] = ()
    images: int = 1
    credited: int = 0
    blamed: int = 0
    appeal: Outcome | None = None


class Decisions:
    """Applies decisions to an image, and to all that show the same picture.

    `name_moderators` says whether events name who decided; the audit trail always does.
    """

    def __init__(self, client: Redis, namespace: str, partitions: int, *, name_moderators: bool = False) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        parts = ("judgement/records", "judgement/waiting", "judgement/stories", "judgement/figures/days")
        self._decide = Script(*parts, "moderation/appeals/lists", "moderation/decide")
        self._name_moderators = name_moderators

    def decide(self, image: Image, action: Action, moderator: str, policy: Policy, **more: Any) -> Decided:
        """Decide now; `more` is `note` and `unfounded` of a Decision, and all that `apply` takes by name.

        Raises DecisionRefused, StateHasPassed, StoreUnavailable; then nothing was changed.
        """
        options = {name: more.pop(name) for name in ("expected", "dry_run", "of_appeal") if name in more}
        with translated_errors():
            now = time_ms(self._client, self._keys[image.partition(len(self._keys))].meta)
        decision = Decision(action, moderator, now, **more, is_named=self._name_moderators)
        return self.apply(image, decision, policy, **options)

    def apply(
        self,
        image: Image,
        decision: Decision,
        policy: Policy,
        expected: frozenset[str] | None = None,
        *,
        dry_run: bool = False,
        of_appeal: bool = False,
    ) -> Decided:
        """Write a decision, if the image's state has one of the `expected` tags, where there are any.

        It decides the open appeals against the blocks that it is about, too: `of_appeal` asks for one about the image.
        With `dry_run` nothing is written, and what would come of it is returned.

        Raises DecisionRefused (AppealNeedsAnother, NoOpenAppeal), StateHasPassed, StoreUnavailable.
        """
        keys = self._keys[image.partition(len(self._keys))]
        with translated_errors():
            for _ in range(ATTEMPTS):
                stored = read_docket(self._client, keys, image, policy)
                if of_appeal and not Before.of(stored.docket.images, stored.appeals).is_appealed(image.digest):
                    raise NoOpenAppeal
                result = self._attempt(stored, image, decision, policy, expected, dry_run=dry_run)
                if result is not None:
                    return result
        raise StoreUnavailable(f"the tally changed {ATTEMPTS} times while the decision was made")

    def _attempt(
        self,
        stored: StoredDocket,
        image: Image,
        decision: Decision,
        policy: Policy,
        expected: frozenset[str] | None,
        *,
        dry_run: bool,
    ) -> Decided | None:
        """Return what came of it; None when something has changed meanwhile."""
        docket, images = stored.docket, Before.of(stored.docket.images, stored.appeals)
        before, standings = docket.tally.state, dict(docket.standings)
        tag = state_tag(docket.tally.epoch, before)
        if expected is not None and tag not in expected:
            raise StateHasPassed(image.id, before.public_name, tag)
        docket.is_appealed = any(map(images.is_appealed, docket.images))
        found = before_of(docket.images, docket.holder.rows.values(), policy)
        events = decide(docket, decision, policy)
        by = By(decision.at_ms, decision.moderator, decision.note, is_named=decision.is_named, policy=policy.version)
        another, undone_ms = policy.appeals.another_moderator, docket.undone.at_ms if docket.undone else None
        heard = images.hear(docket.images, by, another=another, undone_ms=undone_ms)
        stored.appeals, events = heard[0], [*events, *heard[1]]
        counted = count_decision(docket, decision, found, stored.since_ms)
        cells = list(stored.changed())
        over = stored.since_ms is not None and docket.tally.state is not State.HELD  # contested, and nobody reports it
        changed = over or any(old != new for *_, old, new in cells)
        result = _decided(docket, (before, tag), standings, events, changed=changed)
        result = replace(result, appeal=heard[2].get(image.digest))
        if dry_run or not result.changed:
            return result
        outcomes = list(_outcomes(standings, docket.standings))
        counters = [f"decisions_{decision.action}", *outcomes, *(f"appeals_{one}" for one in heard[2].values())]
        if result.state.is_blocked is not before.is_blocked:
            counters.append("blocked_by_moderators" if result.state.is_blocked else "unblocked")
        said = _audit(image, decision, result, {"epoch": docket.tally.epoch, "policy": policy.version}, outcomes)
        head = (decision.at_ms, said, int(standings != docket.standings))
        return result if self._write(stored, cells, events, (counters, counted), head) else None

    def _write(
        self,
        stored: StoredDocket,
        cells: Sequence[tuple[Any, ...]],
        events: Sequence[Event],
        counters: tuple[Sequence[str], Days],
        said: tuple[Any, ...],
    ) -> bool:
        """Write what `decide.lua` takes, unless something has changed meanwhile.

        `counters` are those since the beginning, and the figures of days; `said` are its first arguments.
        """
        docket, keys = stored.docket, stored.keys
        lists: tuple[Sequence[tuple[Any, ...]], ...] = (
            cells,
            [(image_id, digest, SETS.get(tally.state, "")) for digest, (image_id, tally) in docket.images.items()],
            [(digest + image_id.encode(),) for digest, image_id in docket.again],
            [(json.dumps(event, ensure_ascii=False), *_place(event)) for event in events],
            [(counter,) for counter in counters[0]],
            [
                (image_id, *("" if at is None else at for at in stands(stored.appeals[digest])))
                for digest, (image_id, _) in docket.images.items()
            ],
            [(day * DAY_MS, *figure) for day, figures in counters[1].items() for figure in figures.items()],
        )
        args = [part for rows in lists for part in (len(rows), *(value for row in rows for value in row))]
        names = (keys.blocked, keys.held, keys.pending, keys.events, keys.stats, keys.audit, keys.causes, keys.stories)
        return bool(self._decide(self._client, (*names, keys.appealed, keys.answered, keys.days), (*said, *args)))


def _place(event: Event) -> tuple[str, bytes]:
    """Return the kind of an event, as `stories.lua` has it, and the digest of its image."""
    _, subject, kind, _ = event["type"].split(".")
    return "appeal" if subject == "appeal" else kind, stored_image(event["subject"]).digest


def _decided(
    docket: Docket, seen: tuple[State, str], standings: dict[bytes, Standing], events: Sequence[Event], *, changed: bool
) -> Decided:
    before, tag = seen
    pairs = [(standings.get(person, Standing()), one) for person, one in docket.standings.items()]
    after = docket.tally.state
    return Decided(
        before,
        after,
        state_tag(docket.tally.epoch, after),
        changed,
        tag,
        events=tuple(event["type"] for event in events),
        images=len(docket.images),
        credited=sum(new.upheld > old.upheld for old, new in pairs),
        blamed=sum(new.unfounded > old.unfounded for old, new in pairs),
    )


def _outcomes(before: dict[bytes, Standing], after: dict[bytes, Standing]) -> Iterator[str]:
    """Yield the counter of each warning and each mute that a decision led to."""
    for person, fresh in after.items():
        old = before.get(person, Standing())
        if fresh.warned > old.warned:
            yield "reporters_warned"
        if fresh.muted_until > old.muted_until:
            yield "reporters_muted"


def _audit(
    image: Image, decision: Decision, decided: Decided, ruled: Mapping[str, Any], outcomes: Sequence[str]
) -> str:
    return json.dumps(
        {
            "image_id": image.id,
            "decision": decision.action,
            "moderator": decision.moderator,
            "note": decision.note,
            "unfounded": decision.unfounded,
            "at_ms": decision.at_ms,
            "state": decided.before.public_name,
            "after": decided.state.public_name,
            "epoch": ruled["epoch"],
            "images": decided.images,
            "credited": decided.credited,
            "blamed": decided.blamed,
            "policy": ruled["policy"],
            "warned": outcomes.count("reporters_warned"),
            "muted": outcomes.count("reporters_muted"),
            **({"appeal": decided.appeal} if decided.appeal else {}),
        },
        ensure_ascii=False,
    )
