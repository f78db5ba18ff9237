"""The socket that the stream process listens on, and how connections come in: a few at a time, each counted at once.

asyncio's own servers accept many before the first is known to anybody: beyond what descriptors there are.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

from quorum.errors import SettingsError

BACKLOG = 2048
AT_ONCE = 8  # connections that are accepted and not counted yet
PAUSE_SECONDS = 0.1  # until the next try, when there was no descriptor for a connection
SEND_BYTES = 16_384  # of the kernel's buffer for a connection, which holds twice that
RECEIVE_BYTES = 16_384

log = logging.getLogger(__name__)


def listen(host: str, port: int, take_seconds: float) -> socket.socket:
    """Return the listening socket; connections inherit its options. Raises SettingsError."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(take_seconds * 1000))
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    listener.setblocking(False)
    return listener


class Acceptor:
    """Takes connections in until it is closed. To be used in one event loop."""

    def __init__(self, listener: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        self._listener = listener
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._arriving: set[asyncio.Task[None]] = set()
        self._again: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, or go on, to accept."""
        self._loop.add_reader(self._listener, self._accept)

    def close(self) -> None:
        """Accept no more."""
        if self._again:
            self._again.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _accept(self) -> None:
        while len(self._arriving) < AT_ONCE:
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # the loop would call again at once, for ever
                log.warning("no connection can be accepted just now: %s", error.strerror)
                self._loop.remove_reader(self._listener)
                self._again = self._loop.call_later(PAUSE_SECONDS, self.start)
                return
            task = self._loop.create_task(self._arrive(connection))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

    async def _arrive(self, connection: socket.socket) -> None:
        try:
            connection.setblocking(False)
            await self._loop.connect_accepted_socket(self._make, connection)
        except OSError:
            connection.close()
        except Exception:
            connection.close()
            log.exception("a connection could not be taken in")
