"""A server that answers what a test writes down, byte for byte, and notes what it was asked and when."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Thread

Play = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Asked:
    """One request: its head in lower case, and the moment."""

    line: str
    head: str
    at: float

    def header(self, name: str) -> str | None:
        found = [line.partition(":")[2].strip() for line in self.head.split("\r\n") if line.startswith(f"{name}:")]
        return found[0] if found else None


@dataclass
class FakeQuorum:
    """Plays one answer for each connection, the last one again and again."""

    port: int
    plays: list[Play]
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def waits(self) -> list[float]:
        """The seconds between one request and the next."""
        moments = [one.at for one in self.asked]
        return [later - earlier for earlier, later in pairwise(moments)]


def answer(status: int, body: str | bytes = "", **headers: str) -> Play:
    """Return an answer that is whole."""
    data = body.encode() if isinstance(body, str) else body
    told = {"content-type": "application/json", **{name.replace("_", "-"): one for name, one in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    head = f"HTTP/1.1 {status} x\r\n{lines}content-length: {len(data)}\r\nconnection: close\r\n\r\n"
    return lambda connection: connection.sendall(head.encode() + data)


def raw(*pieces: bytes) -> Play:
    """Return an answer as bytes, after which the connection ends."""

    def play(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return play


def silence(connection: socket.socket) -> None:
    """Say nothing until the other side leaves."""
    connection.recv(1)


@contextmanager
def fake_quorum(*plays: Play) -> Iterator[FakeQuorum]:
    """Serve, each connection in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        fake = FakeQuorum(listener.getsockname()[1], list(plays))
        Thread(target=_accept, args=(listener, fake), daemon=True).start()
        yield fake


def _accept(listener: socket.socket, fake: FakeQuorum) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            connection.settimeout(30)
            Thread(target=_serve, args=(connection, fake), daemon=True).start()


def _serve(connection: socket.socket, fake: FakeQuorum) -> None:
    with connection, suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            data = connection.recv(65536)
            if not data:
                return
            head += data
        text, _, body = head.partition(b"\r\n\r\n")
        line, _, fields = text.decode("latin-1").partition("\r\n")
        asked = Asked(line, fields.lower(), time.monotonic())
        left = int(asked.header("content-length") or 0) - len(body)
        while left > 0:
            left -= len(connection.recv(left))
        fake.asked.append(asked)
        fake.plays[min(len(fake.asked), len(fake.plays)) - 1](connection)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65536)  # until it has read all: closing earlier may take the answer away
