"""The process of `quorum stream`: it listens, and looks after what is open, until it is told to stop."""

import asyncio
import logging
import signal
import socket
from functools import partial

from quorum.access.stored_keys import ApiKeys, KeyRing
from quorum.errors import StoreUnavailable
from quorum.events.feed import Feed
from quorum.events.watch import Watch
from quorum.network.forwarding import Forwarding
from quorum.settings import Settings
from quorum.store.connection import API_TIMEOUT_SECONDS, WORKER_TIMEOUT_SECONDS, connect
from report_api.access.callers import Access
from report_api.stream.app import StreamApp
from report_api.stream.checks import Checks
from report_api.stream.connection import Connection, Patience
from report_api.stream.guests import Guests
from report_api.stream.hub import Hub
from report_api.stream.limits import Limits
from report_api.stream.listening import Acceptor
from report_api.stream.standing import CHECK_SECONDS, Standing
from report_api.stream.tally import Tally
from report_api.stream.threads import Threads

GOODBYE_SECONDS = 1.0  # for the last words when the process stops

log = logging.getLogger(__name__)


class StreamServer:
    """To be made and run in one event loop."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        client = connect(settings.store, API_TIMEOUT_SECONDS)
        watching = connect(settings.store, WORKER_TIMEOUT_SECONDS)
        namespace, partitions = settings.namespace, settings.partitions
        check = Access(settings, KeyRing(ApiKeys(client, namespace))).check_read
        # Strangers wait for threads of their own, so that slow look-ups of theirs hold up no open stream.
        self._threads = [
            strangers := Threads("stranger", 4, most_waiting=limits.connections, patience_seconds=2.0),
            reads := Threads("read", 4, most_waiting=limits.streams, patience_seconds=2.0),
            upkeep := Threads("upkeep", 1, most_waiting=4, patience_seconds=2.0),
        ]
        self._guests = Guests(limits)
        self._tally = Tally(lambda: self._guests.streams, lambda: self._guests.connections)
        self._hub = Hub(Feed(client, namespace, partitions), Watch(watching, namespace, partitions), reads.run)
        self._standing = Standing(self._guests, check, upkeep.run)
        app = partial(StreamApp, self._hub, self._guests, self._tally, Checks(check, strangers.run))
        self._app = app(forwarding=Forwarding(settings.proxy_hops, settings.trusted_proxies))
        self._inner_app = app(forwarding=Forwarding(1))  # the API says who its client is
        self._patience = Patience(settings.request_seconds, settings.stream_take_seconds)

    async def run(self, listener: socket.socket, inner: socket.socket | None) -> None:
        """Serve until SIGTERM or SIGINT; `inner` is the socket to which the API passes its streams on."""
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        acceptors = [Acceptor(listener, partial(Connection, self._guests, self._app, self._patience))]
        if inner:
            acceptors.append(Acceptor(inner, partial(Connection, self._guests, self._inner_app, self._patience)))
        for acceptor in acceptors:
            acceptor.start()
        upkeep = loop.create_task(self._upkeep())
        await stopped.wait()
        for acceptor in acceptors:
            acceptor.close()
        upkeep.cancel()
        self._guests.end_streams("stopped")
        await self._guests.all_left(GOODBYE_SECONDS)
        self._guests.cut_all()
        for threads in self._threads:
            threads.close()

    async def _upkeep(self) -> None:
        started = False
        while True:
            try:
                await (self._hub.keep_watching() if started else self._hub.start())
                started = True
                await self._standing.look()
            except StoreUnavailable:
                pass
            except Exception:
                log.exception("upkeep failed, and is tried again")
            await asyncio.sleep(CHECK_SECONDS)


def run_stream(settings: Settings, limits: Limits, listener: socket.socket, inner: socket.socket | None = None) -> None:
    """Serve the stream until the process is told to stop."""

    async def main() -> None:
        await StreamServer(settings, limits).run(listener, inner)

    asyncio.run(main())
