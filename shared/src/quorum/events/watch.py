"""Wakes whoever waits for events: one connection of a process, however many wait (in a cluster, for each partition)."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread
from typing import Any

from redis import Redis

from quorum.events.feed import Feed
from quorum.store.cluster import disconnect, is_cluster
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of

BLOCK_MS = 1000
RETRY_SECONDS = 0.5
IDLE_SECONDS = 5.0  # after the last question the connection is given up

log = logging.getLogger(__name__)


class Watch:
    """Counts how often something new was seen; `client` must wait longer than BLOCK_MS for an answer.

    It begins with the first question, in the process that asks, and ends when nobody asks or listens any more. Errors
    of any sort wake everybody, too: they look for themselves. Where no thread can be had, waits are short.
    """

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._client = client
        self._feed = Feed(client, namespace, partitions)
        self._streams = [keys_of(namespace, number).events for number in range(partitions)]
        self._condition = Condition()
        self._generation = 0
        self._asked_at = 0.0
        self._waiting = 0
        self._run: object | None = None  # what its threads have in common
        self._heard: set[str] = set()  # the first streams of those threads that know from where they watch, or failed
        self._listeners: list[Callable[[], None]] = []

    def generation(self) -> int:
        """Return a number that changes whenever there may be something new. Ask before you look."""
        with self._condition:
            self._asked_at = time.monotonic()
            if self._run is None and self._begin():
                awaited = {streams[0] for streams in self._groups()}
                self._condition.wait_for(lambda: self._heard >= awaited, BLOCK_MS / 1000)
            return self._generation

    def wait(self, generation: int, seconds: float) -> None:
        """Return when the generation is another, or the time is over, or nobody watches: then look again."""
        with self._condition:
            # Whoever looked for long finds that the watch has ended meanwhile. It wakes them when it has begun again.
            watched = self._run is not None or self._begin()
            self._waiting += 1
            try:
                longest = seconds if watched else min(seconds, RETRY_SECONDS)
                self._condition.wait_for(lambda: self._generation != generation, longest)
            finally:
                self._waiting -= 1
                self._asked_at = time.monotonic()

    def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake`, from the watching thread, whenever the generation changes.

        Ask for the generation now and then: it begins anew where there was no thread to be had.
        """
        with self._condition:
            self._listeners.append(wake)
        self.generation()

    def _groups(self) -> list[list[str]]:
        """Return the streams that one command can read, and so one thread."""
        return [[stream] for stream in self._streams] if is_cluster(self._client) else [self._streams]

    def _begin(self) -> bool:
        """Start to watch, and tell whether that was possible. The condition is held."""
        self._run = run = object()
        self._heard.clear()
        try:
            for streams in self._groups():
                Thread(target=self._watch, args=(run, streams), name="watch", daemon=True).start()
        except RuntimeError:
            self._run = None  # those that did start end by themselves
            log.warning("no thread to watch the events with")
            return False
        return True

    def _watch(self, run: object, streams: list[str]) -> None:
        position: dict[str, str] = {}
        while not self._is_over(run):
            try:
                position = self._look(streams, position)
            except BaseException as error:  # noqa: BLE001 - whatever it is, those who wait look for themselves
                position = {}
                self._tell_failure(streams, error)

    def _look(self, streams: list[str], position: dict[str, str]) -> dict[str, str]:
        """Wait for what comes after `position` (empty: not known yet); wake everybody when something has come."""
        with translated_errors():
            if not position:
                ends = dict(zip(self._streams, self._feed.end().split("."), strict=True))
                position = {stream: ends[stream] for stream in streams}
                self._changed(streams)
            answer: Any = self._client.xread(position, block=BLOCK_MS, count=1000)  # type: ignore[arg-type]
        if answer:
            position = position | {stream.decode(): entries[-1][0].decode() for stream, entries in answer}
            self._changed(streams)
        return position

    def _tell_failure(self, streams: list[str], error: BaseException) -> None:
        with suppress(BaseException):  # a watch that stopped here would leave everybody deaf
            if not isinstance(error, Exception):
                log.error("the watch of the events goes on after %s", type(error).__name__)
            self._changed(streams)
            time.sleep(RETRY_SECONDS)

    def _is_over(self, run: object) -> bool:
        with self._condition:
            if self._run is not run:
                return True
            if self._listeners or self._waiting or time.monotonic() - self._asked_at < IDLE_SECONDS:
                return False
            self._run = None
        with suppress(Exception):  # to a cluster that is away there is no connection to end
            disconnect(self._client)
        return True

    def _changed(self, streams: list[str]) -> None:
        with self._condition:
            self._heard.add(streams[0])
            self._generation += 1
            self._condition.notify_all()
            listeners = list(self._listeners)
        for wake in listeners:
            try:
                wake()
            except Exception:  # one that cannot be woken must not keep the others asleep
                log.exception("a listener could not be woken")
