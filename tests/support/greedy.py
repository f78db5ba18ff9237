"""Clients that want a server's attention and give it none: each kind holds a connection for as long as it is let."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from conftest import SITE_KEY

_POST = (
    b"POST /v1/reports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Authorization: Bearer " + SITE_KEY.encode() + b"\r\n"
)
READ_BUFFER = 4096

SLOW_BODY = _POST + b"Content-Length: 60\r\n\r\n{"
SLOW_HEADERS = b"POST /v1/reports HTTP/1.1\r\nHost: loc"
UNFINISHED_CHUNKS = _POST + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"ima\r\n'
NEVER_READS = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200  # far more than socket buffers take
IDLE = b""

KINDS = {
    "slow bodies": SLOW_BODY,
    "slow headers": SLOW_HEADERS,
    "unfinished chunked bodies": UNFINISHED_CHUNKS,
    "answers that nobody reads": NEVER_READS,
    "idle connections": IDLE,
}


class Greedy:
    """One connection that has sent all that it will send."""

    def __init__(self, port: int, sends: bytes, address: str) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READ_BUFFER)
        self._socket.bind((address, 0))
        self._socket.settimeout(5)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setblocking(False)
        self.reads = sends is not NEVER_READS
        self.heard = b""
        with suppress(OSError):
            self._socket.send(sends)

    def is_over(self) -> bool:
        """Tell whether the server has ended it; take what it says meanwhile, if this kind reads at all."""
        if not self.reads:
            return True  # the server gives up without a word: see what it still holds
        try:
            while chunk := self._socket.recv(65536):
                self.heard += chunk
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    @property
    def status(self) -> int:
        """What it was answered, 0 for nothing."""
        return int(self.heard[9:12]) if self.heard.startswith(b"HTTP/1.1 ") else 0

    def close(self) -> None:
        self._socket.close()


@contextmanager
def greedy_crowd(
    port: int, of_each: int, address: str = "127.0.0.1", kinds: dict[str, bytes] = KINDS
) -> Iterator[dict[str, list[Greedy]]]:
    """Hold so many connections of every kind from one address."""
    crowd = {kind: [Greedy(port, sends, address) for _ in range(of_each)] for kind, sends in kinds.items()}
    try:
        yield crowd
    finally:
        for members in crowd.values():
            for one in members:
                one.close()


def percentile(seconds: list[float], share: float) -> float:
    """Return a percentile in milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]
