"""A consumer of block events in one line: `for event in consume(...)`.

Each event is acknowledged when the loop asks for the next one; one that was being worked on when the process died
comes again. Events of one image come in order. Remember ids to act exactly once.
"""

import socket
import time
from collections.abc import Iterator

from quorum.errors import StoreUnavailable
from quorum.events.event import Event
from quorum.events.group_reader import GroupReader
from quorum.events.watch import Watch
from quorum.store.cluster import is_cluster
from quorum.store.connection import connect
from quorum.store.keys import keys_of

BLOCK_MS = 1000  # below the socket timeout, or every quiet second would be an error
SOCKET_TIMEOUT_SECONDS = 5.0
PAGE = 100
RETRY_SECONDS = 0.5


def consume(
    redis_url: str,
    group: str,
    *,
    consumer: str | None = None,
    namespace: str = "quorum",
    partitions: int = 1,
    start: str = "0",
    stop_when_idle: bool = False,
) -> Iterator[Event]:
    """Yield block events as a member of a consumer group, for ever, across restarts of Redis and of this process.

    `group` names what consumes (a cache, a CMS); its members share the events. `consumer` names this member and must
    be the same after a restart (default: the host name), and no other's: two that run under one name would both get
    what one of them is working on. `start` is `0` for all events that are kept or `$` for those to come; it matters
    only when the group is made. `stop_when_idle` ends the loop after a second without events.
    """
    client = connect(redis_url, SOCKET_TIMEOUT_SECONDS)
    watching = Watch(connect(redis_url, SOCKET_TIMEOUT_SECONDS), namespace, partitions) if is_cluster(client) else None
    streams = [keys_of(namespace, number).events for number in range(partitions)]
    reader = GroupReader(client, streams, group, consumer or socket.gethostname(), watching)
    resume = True
    while True:
        try:
            if resume:
                reader.join(start)
                page = list(reader.unacknowledged())
                resume = False
            else:
                page = list(reader.new(PAGE, BLOCK_MS))
                if not page and stop_when_idle:
                    return
        except StoreUnavailable:
            resume = True
            time.sleep(RETRY_SECONDS)
            continue
        for stream, event in page:
            yield event
            while not _acknowledged(reader, stream, event):
                time.sleep(RETRY_SECONDS)


def _acknowledged(reader: GroupReader, stream: str, event: Event) -> bool:
    try:
        reader.acknowledge(stream, event.cursor)
    except StoreUnavailable:
        return False
    return True
