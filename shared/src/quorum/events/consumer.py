"""A consumer of block events in one line: `for event in consume(...)`.

Each event is acknowledged when the loop asks for the next one; one that was being worked on when the process died
comes again. Events of one image come in order. Remember ids to act exactly once.

The first connection must succeed, so that a wrong URL or password ends the start and is not waited out. Later troubles
are: they are logged when they begin and once a minute, and counted.
"""

import logging
import socket
import time
from collections.abc import Generator, Iterator
from typing import Self

from quorum.errors import CommandDenied, CredentialsRefused, DataMissing, SettingsError, StoreRefuses, StoreUnavailable
from quorum.events.event import Event
from quorum.events.group_reader import GroupReader
from quorum.events.watch import Watch
from quorum.network.endpoint import Endpoint
from quorum.store.cluster import is_cluster
from quorum.store.connection import connect, read_store
from quorum.store.keys import keys_of
from quorum.store.layout import check_data

BLOCK_MS = 1000  # below the socket timeout, or every quiet second would be an error
SOCKET_TIMEOUT_SECONDS = 5.0
PAGE = 100
RETRY_SECONDS = 0.5
LOG_SECONDS = 60.0  # between two lines about a trouble that lasts
SETTING = "redis_url (QUORUM_REDIS_URL of the services)"

log = logging.getLogger(__name__)


class Consumer(Iterator[Event]):
    """Events for ever, as `consume` says; `troubles` counts the calls of Redis that failed and were made again."""

    def __init__(self, reader: GroupReader, *, start: str, stop_when_idle: bool) -> None:
        self.troubles = 0
        self._reader = reader
        self._start = start
        self._stop_when_idle = stop_when_idle
        self._began: float | None = None  # the trouble that lasts
        self._logged = 0.0
        self._events = self._run()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        return next(self._events)

    def close(self) -> None:
        """End the loop; the event that it worked on comes again."""
        self._events.close()

    def _run(self) -> Generator[Event, None, None]:
        resume = True
        while True:
            try:
                if resume:
                    self._reader.join(self._start)
                    page = list(self._reader.unacknowledged())
                    resume = False
                else:
                    page = list(self._reader.new(PAGE, BLOCK_MS))
                    if not page and self._stop_when_idle:
                        return
            except StoreUnavailable as error:
                resume = True
                self._wait(error)
                continue
            self._goes_on()
            for stream, event in page:
                yield event
                self._acknowledge(stream, event)

    def _acknowledge(self, stream: str, event: Event) -> None:
        while True:
            try:
                self._reader.acknowledge(stream, event.cursor)
            except StoreUnavailable as error:
                self._wait(error)
            else:
                self._goes_on()
                return

    def _wait(self, error: StoreUnavailable) -> None:
        now = time.monotonic()
        self.troubles += 1
        if self._began is None or now - self._logged >= LOG_SECONDS:
            log.warning("events cannot be read just now, trying again: %s", error)
            self._logged = now
        self._began = self._began or now
        time.sleep(RETRY_SECONDS)

    def _goes_on(self) -> None:
        if self._began is not None:
            log.warning("events are read again, after %.0f s", time.monotonic() - self._began)
            self._began = None


def consume(
    redis_url: str,
    group: str,
    *,
    consumer: str | None = None,
    namespace: str = "quorum",
    partitions: int = 1,
    start: str = "0",
    stop_when_idle: bool = False,
) -> Consumer:
    """Return block events as a member of a consumer group, for ever, across restarts of Redis and of this process.

    `group` names what consumes (a cache, a CMS); its members share the events. `consumer` names this member and must
    be the same after a restart (default: the host name), and no other's: two that run under one name would both get
    what one of them is working on. `start` is `0` for all events that are kept or `$` for those to come; it matters
    only when the group is made. `stop_when_idle` ends the loop after a second without events.

    It connects at once, within about ten seconds. Raises SettingsError when the URL, the user, the password or the
    rights in `redis_url` are wrong, StoreUnavailable when nothing answers there or not now.
    """
    try:
        endpoint = read_store(redis_url)
    except SettingsError as error:
        raise SettingsError(f"{SETTING}: {error}") from error
    client = connect(endpoint, SOCKET_TIMEOUT_SECONDS)
    watching = Watch(connect(endpoint, SOCKET_TIMEOUT_SECONDS), namespace, partitions) if is_cluster(client) else None
    keys = [keys_of(namespace, number) for number in range(partitions)]
    reader = GroupReader(client, [key.events for key in keys], group, consumer or socket.gethostname(), watching)
    try:
        reader.join(start)
        check_data(client, keys)
    except DataMissing:
        log.warning("there is no data of quorum yet under namespace %r and partitions %d", namespace, partitions)
    except (CredentialsRefused, CommandDenied, StoreRefuses) as error:
        raise SettingsError(f"{SETTING}: at {_place(endpoint)}, {error}") from error
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{SETTING}: nothing answers at {_place(endpoint)}: {error}") from error
    return Consumer(reader, start=start, stop_when_idle=stop_when_idle)


def _place(endpoint: Endpoint) -> str:
    """Return where a server is, without who asks."""
    return endpoint.path or ", ".join(f"{host}:{port}" for host, port in endpoint.hosts)
