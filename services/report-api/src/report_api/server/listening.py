"""The server: Granian on a socket of our own making."""

import socket
from time import monotonic, sleep
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes
from granian.http import HTTP1Settings
from granian.server.mp import MPServer

BACKLOG = 2048
HEADER_BYTES = 32_768  # of one request, all headers together
POLL_SECONDS = 0.02
REST_SECONDS = 1  # for what has not ended in time


class HttpServer(MPServer):
    """Granian for HTTP/1.1 alone, under which nobody holds a connection for nothing.

    Over HTTP/2 one connection may begin any number of requests, which no limit here counts. `seconds` is how long a
    client may take for its headers, lie idle between two requests, or leave an answer untaken.
    """

    def __init__(self, *, seconds: float, **options: Any) -> None:
        super().__init__(
            "report_api",  # a name for logs; `serve` is given what makes the application
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=round(seconds * 1000), max_buffer_size=HEADER_BYTES),
            backlog=BACKLOG,
            websockets=False,
            respawn_failed_workers=True,
            **options,
        )
        self._patience_ms = round(seconds * 1000)

    def _init_shared_socket(self) -> None:
        """Open the socket that all processes share: each connection inherits its options."""
        family = socket.AF_INET6 if ":" in self.bind_addr else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self._patience_ms)
        listener.bind((self.bind_addr, self.bind_port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
        holder: Any = SocketHolder  # its stub knows no arguments
        over_a_unix_socket = False
        vars(self).update(
            _sso=listener,
            _ssp=None,
            _shd=holder(listener.fileno(), over_a_unix_socket, BACKLOG),
            _sfd=listener.fileno(),
        )

    def _stop_workers(self) -> None:
        """Let the processes end, then the rest by force.

        Granian alone looks a millisecond after a process has closed its files; on a busy machine it is not gone by
        then, and is called one that refused.
        """
        processes: list[Any] = self.wrks  # Granian has no types for them
        for worker in processes:
            worker.terminate()
        deadline = monotonic() + (self.workers_kill_timeout or 0)
        while any(worker.is_alive() for worker in processes) and monotonic() < deadline:
            sleep(POLL_SECONDS)
        self.workers_kill_timeout = REST_SECONDS
        super()._stop_workers()  # type: ignore[no-untyped-call]
