"""Counts and ages that tell how the pipeline is doing."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from quorum.errors import CommandDenied, DataMissing, StoreUnavailable
from quorum.policy.classes import CLASSES
from quorum.store.cluster import ask_time, in_ms, one_key_of_each_server, servers, time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys, keys_of
from quorum.store.layout import LAYOUT, missing_partitions
from quorum.store.scripts import Script
from quorum.tally.codec import STAMP_BYTES

COUNTERS = (
    *("batches", "taken", "counted", "known", "muted", "immune", "contested", "full", "dead"),
    *("blocked", "held", "released", "shields", "blocked_by_moderators", "unblocked", "deleted"),
    *("decisions_uphold", "decisions_block", "decisions_clear", "decisions_reopen", "decisions_separate"),
    *("reporters_warned", "reporters_muted", "appeals_upheld", "appeals_cleared", "appeals_lapsed"),
)
EVENT_DELAYS_MS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000)  # drain.lua has the same
_BY_CLASS = tuple(f"counted_class_{number}" for number, _ in enumerate(CLASSES))
_DELAYS = tuple(f"event_within_{bound}" for bound in (*EVENT_DELAYS_MS, "more"))
AOF_STATES = ("aof_last_write_status", "aof_last_bgrewrite_status")
WORKER_FORGOTTEN_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class PartitionHealth:
    """The state of one partition: sizes in entries, ages in seconds, counters since the beginning."""

    inbox_depth: int
    inbox_age_seconds: float
    dead_letters: int
    blocked_images: int
    held_images: int
    held_age_seconds: float
    open_appeals: int
    appeal_age_seconds: float
    shields_up: bool
    journal_reports: int
    events_kept: int
    wrong_keys: tuple[str, ...]  # keys of a wrong type, which stop the tally; what they hold counts as nothing here
    counters: dict[str, int]
    counted_by_class: dict[str, int]  # reporter class (quorum.policy.model.CLASSES): distinct reporters counted
    event_delays: tuple[
        int, ...
    ]  # how many events came within each of EVENT_DELAYS_MS but not the one before; or later
    event_delay_ms: int  # the sum


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """What Redis says of itself, None where it does not; sizes in bytes, a `max_memory_bytes` of 0 is no limit.

    Of a cluster: the memory of the fullest server, the uptime of the youngest, all others together.
    """

    used_memory_bytes: int | None
    max_memory_bytes: int | None
    keys: int | None
    clients: int | None
    uptime_seconds: int | None
    evicted_keys: int | None
    aof_ok: bool | None  # writing and rewriting the append-only file went well the last time
    denied: tuple[str, ...] = ()  # commands that would have told what is None here


class Health:
    """Reads what the scripts have counted, and where the workers say that they are alive."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._keys = [keys_of(namespace, number) for number in range(partitions)]
        self._swept = Script("telemetry/swept")

    def ping(self) -> None:
        """Raise StoreUnavailable when Redis does not answer; of a cluster, one server is enough."""
        with translated_errors():
            *others, last = servers(self._client)
            if not any(map(_answers, others)):
                _permitted(last.ping, None)

    def ready(self) -> None:
        """Raise StoreUnavailable when Redis does not answer, DataMissing when it does not have its data.

        Of a cluster one server that answers and has its data is enough: what lies on others refuses reports by itself.
        """
        failed: Exception | None = None
        with translated_errors():
            for server, meta in one_key_of_each_server(self._client, [keys.meta for keys in self._keys]):
                try:
                    if server.hexists(meta, LAYOUT):
                        return
                except (RedisError, OSError) as error:
                    failed = error
            if failed:
                raise failed
        raise DataMissing

    def partition(self, number: int) -> PartitionHealth:
        """Return the state of one partition. Raises StoreUnavailable."""
        told, wrong, now = self._ask(self._keys[number])
        depth, oldest, dead, blocked, held, first_held, appealed, first_appealed, up_until, *others = told
        events, journal, counts, classes, delays = others
        now_ms = in_ms(now)
        age_ms = now_ms - int.from_bytes(oldest[:STAMP_BYTES], "big") if oldest else 0
        return PartitionHealth(
            inbox_depth=depth,
            inbox_age_seconds=max(age_ms, 0) / 1000,
            dead_letters=dead,
            blocked_images=blocked,
            held_images=held,
            held_age_seconds=max(now_ms - first_held[0][1], 0) / 1000 if first_held else 0.0,
            open_appeals=appealed,
            appeal_age_seconds=max(now_ms - first_appealed[0][1], 0) / 1000 if first_appealed else 0.0,
            shields_up=int(up_until or 0) > now_ms,
            journal_reports=journal,
            events_kept=events,
            wrong_keys=wrong,
            counters={name: int(count or 0) for name, count in zip(COUNTERS, counts, strict=True)},
            counted_by_class={name: int(count or 0) for name, count in zip(CLASSES, classes, strict=True)},
            event_delays=tuple(int(count or 0) for count in delays[:-1]),
            event_delay_ms=int(delays[-1] or 0),
        )

    def _ask(self, keys: Keys) -> tuple[list[Any], Any, Any]:
        """Return what is there, in the order in which `partition` names it, what has a wrong type, and the time."""
        asked = (
            *((keys.inbox, 0), (keys.inbox, None), (keys.dead, 0), (keys.blocked, 0), (keys.held, 0), (keys.held, ())),
            *((keys.appealed, 0), (keys.appealed, ()), (keys.shields, None), (keys.events, 0), (keys.journal, 0)),
            *((keys.stats, (None,) * size) for size in (len(COUNTERS), len(_BY_CLASS), len(_DELAYS) + 1)),
        )
        with translated_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.llen(keys.inbox)
            pipe.lindex(keys.inbox, 0)
            pipe.xlen(keys.dead)
            pipe.zcard(keys.blocked)
            pipe.zcard(keys.held)
            pipe.zrange(keys.held, 0, 0, withscores=True)
            pipe.zcard(keys.appealed)
            pipe.zrange(keys.appealed, 0, 0, withscores=True)
            pipe.hget(keys.shields, "up_until")
            pipe.xlen(keys.events)
            pipe.llen(keys.journal)
            pipe.hmget(keys.stats, COUNTERS)
            pipe.hmget(keys.stats, _BY_CLASS)
            pipe.hmget(keys.stats, (*_DELAYS, "event_delay_ms"))
            ask_time(pipe, keys.inbox)
            *answers, now = pipe.execute(raise_on_error=False)
            told, wrong = _without_wrong_types(answers, asked)
            if isinstance(now, Exception):
                raise now
        return told, wrong, now

    def missing_partitions(self) -> list[int]:
        """Return the partitions whose data is not there. Raises StoreUnavailable."""
        return missing_partitions(self._client, self._keys)

    def server(self) -> ServerHealth:
        """Return the state of Redis itself, as far as it may be asked. Raises StoreUnavailable."""
        with translated_errors():
            asked = servers(self._client)
        told: list[dict[str, Any]] = [_permitted(server.info, {}) for server in asked]
        sizes = [_permitted(server.dbsize, None) for server in asked]
        fullest = max(told, key=lambda one: one.get("used_memory", 0) / (one.get("maxmemory") or math.inf))
        return ServerHealth(
            used_memory_bytes=fullest.get("used_memory"),
            max_memory_bytes=fullest.get("maxmemory"),
            keys=_together(sum, sizes),
            clients=_together(sum, [info.get("connected_clients") for info in told]),
            uptime_seconds=_together(min, [info.get("uptime_in_seconds") for info in told]),
            evicted_keys=_together(sum, [info.get("evicted_keys") for info in told]),
            aof_ok=all(info.get(name, "ok") == "ok" for info in told for name in AOF_STATES) if all(told) else None,
            denied=(*(() if all(told) else ("INFO",)), *(("DBSIZE",) if None in sizes else ())),
        )

    def clock_offset_seconds(self) -> float:
        """Return how far the clock of this process is ahead of Redis', within a round trip. Raises StoreUnavailable."""
        with translated_errors():
            return time.time() - self.now_ms() / 1000

    def worker_swept(self, worker: str) -> float:
        """Record that `worker` has just swept, at Redis' time, also at maxmemory; return how far our clock is ahead.

        Raises StoreUnavailable.
        """
        with translated_errors():
            now_ms = self._swept(self._client, (self._keys[0].workers,), (worker, WORKER_FORGOTTEN_MS))
            return time.time() - int(now_ms) / 1000

    def last_sweep_seconds(self) -> float | None:
        """Return how long ago any worker last swept; None when none ever did. Raises StoreUnavailable."""
        with translated_errors():
            newest: Any = self._client.zrevrange(self._keys[0].workers, 0, 0, withscores=True)
            return max(self.now_ms() - newest[0][1], 0) / 1000 if newest else None

    def now_ms(self) -> int:
        """Return Redis' time in Unix ms. Raises StoreUnavailable."""
        with translated_errors():
            return time_ms(self._client, self._keys[0].workers)


def _without_wrong_types(answers: list[Any], asked: tuple[tuple[str, Any], ...]) -> tuple[list[Any], tuple[str, ...]]:
    """Return the answers, nothing in the place of each about a key of a wrong type, and those keys.

    `asked` has the key and what stands for nothing, of each answer. Raises any other error among the answers.
    """
    told, wrong = [], []
    for answer, (key, nothing) in zip(answers, asked, strict=True):
        if isinstance(answer, ResponseError) and str(answer).startswith("WRONGTYPE"):
            told.append(nothing)
            wrong.append(key)
        elif isinstance(answer, Exception):
            raise answer
        else:
            told.append(answer)
    return told, tuple(dict.fromkeys(wrong))


def _answers(server: Redis) -> bool:
    try:
        with translated_errors():
            return bool(server.ping())
    except CommandDenied:
        return True
    except StoreUnavailable:
        return False


def _permitted(ask: Callable[[], Any], otherwise: Any) -> Any:
    """Return what a server answers, or something else where it does not permit the question."""
    try:
        with translated_errors():
            return ask()
    except CommandDenied:
        return otherwise


def _together(how: Callable[[list[int]], int], values: list[int | None]) -> int | None:
    """Return what servers say taken together, None unless all say something."""
    known = [value for value in values if value is not None]
    return how(known) if len(known) == len(values) else None
