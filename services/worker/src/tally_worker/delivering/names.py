"""Looks names up, so that one whose servers do not answer holds up nobody else.

The C library's look-up cannot be ended from outside; it may take half a minute. So each runs in a thread of its own
that nobody has to wait for, not at the end of the process either. A name that is being looked up is not looked up a
second time: there are never more threads than names.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from threading import Thread

Resolve = Callable[[str, int], Iterable[str]]


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises OSError, UnicodeError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Names:
    """Finds the addresses of hosts. To be used from one event loop."""

    def __init__(self, resolve: Resolve = resolve) -> None:
        self._resolve = resolve
        self._asked: dict[tuple[str, int], Future[list[str]]] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, each once. Raises what the look-up raises."""
        asked = self._asked.get((host, port))
        if asked is None:
            asked = Future()
            asked.set_running_or_notify_cancel()  # who stops waiting does not end it for others
            self._asked[host, port] = asked
            Thread(target=self._look_up, args=(asked, host, port), name="name", daemon=True).start()
        return await asyncio.wrap_future(asked)

    def _look_up(self, asked: Future[list[str]], host: str, port: int) -> None:
        try:
            found = list(dict.fromkeys(self._resolve(host, port)))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            del self._asked[host, port]
            asked.set_exception(error)
        else:
            del self._asked[host, port]
            asked.set_result(found)
