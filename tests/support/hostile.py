"""Receivers that misbehave: at every step of an answer in every way, and some that are known from the wild."""

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

Act = Callable[[socket.socket], None]

STATUS = b"HTTP/1.1 500 Internal Server Error\r\n"
HEADERS = b"Content-Type: text/plain\r\nContent-Length: 1000\r\n"
WHOLE = STATUS + HEADERS + b"\r\n"
BOMB = gzip.compress(bytes(10_000_000))
HELD_SECONDS = 20.0  # how long a receiver goes on unless it is hung up on


@dataclass(frozen=True)
class Hostile:
    """One way to misbehave; `status` is what is to be found in the log, 0: no answer.

    What is wrong in a body may be seen before the status is believed, as it happens to arrive: then not `sure`.
    """

    name: str
    act: Act
    status: int = 0
    reads: bool = True  # the request, before it acts
    sure: bool = True

    def may_be(self, status: int) -> bool:
        return status == self.status or (status == 0 and not self.sure)


def say(*parts: bytes) -> Act:
    def act(peer: socket.socket) -> None:
        for part in parts:
            peer.sendall(part)

    return act


def silence(peer: socket.socket) -> None:
    """Hold the connection without a word, until the other side gives up."""
    peer.settimeout(HELD_SECONDS)
    while peer.recv(65536):
        pass


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(piece: bytes, pause: float = 0.05) -> Act:
    def act(peer: socket.socket) -> None:
        for _ in range(round(HELD_SECONDS / pause)):
            for byte in piece:
                peer.sendall(bytes([byte]))
                time.sleep(pause)

    return act


def flood(piece: bytes) -> Act:
    def act(peer: socket.socket) -> None:
        many, end = piece * (65536 // len(piece) + 1), time.monotonic() + HELD_SECONDS
        while time.monotonic() < end:
            peer.sendall(many)

    return act


def after(begun: bytes, act: Act) -> Act:
    def both(peer: socket.socket) -> None:
        peer.sendall(begun)
        act(peer)

    return both


def _of_each_step() -> Iterator[Hostile]:
    """Every way to go wrong at every step of an answer."""
    ways: dict[str, Act] = {
        "silence": silence,
        "close": say(),
        "reset": reset,
        "drip": drip(b"x: y\r\n"),
        "flood": flood(b"x: y\r\n"),
        "flood without an end of line": flood(b"x"),
        "garbage": say(bytes(range(256)) * 4),
        "not ascii": say("é: ü\r\n\r\n".encode(), b"\xff\xfe\x00\r\n\r\n"),
    }
    steps = {
        "at once": (b"", 0),
        "in the status line": (STATUS[:11], 0),
        "after the status line": (STATUS, 0),
        "in a header": (STATUS + HEADERS[:8], 0),
        "after the headers": (STATUS + HEADERS, 0),
        "in the body": (WHOLE + b"oh", 500),
    }
    for where, (begun, status) in steps.items():
        for how, act in ways.items():
            if how == "not ascii" and where in {"after the status line", "after the headers"}:
                continue  # a header of the sort that is allowed to be there
            yield Hostile(f"{where}: {how}", after(begun, act), status, sure=status == 0)
    for how in ("silence", "close", "reset", "garbage"):
        yield Hostile(f"before the request: {how}", ways[how], reads=False)


def _answer(name: str, text: bytes, status: int = 0, *, sure: bool = True) -> Hostile:
    return Hostile(name, say(text), status, sure=sure)


def _of_the_wild() -> Iterator[Hostile]:
    yield _answer("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n")
    yield Hostile("another protocol that waits", after(b"SSH-2.0-OpenSSH_9.6\r\n", silence))
    yield _answer("HTTP/0.9", b"<html>hello</html>")
    yield _answer("HTTP/2 preface", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00\x03\x00\x00\x00\x80" * 3)
    yield _answer("TLS alert", b"\x15\x03\x01\x00\x02\x02\x46")
    yield _answer("101 headers", STATUS + b"".join(b"x-%d: y\r\n" % one for one in range(101)) + b"\r\n")
    yield _answer("10000 headers", STATUS + b"x: y\r\n" * 10_000 + b"\r\n")
    yield _answer("a long header", STATUS + b"x: " + b"y" * 100_000 + b"\r\n\r\n")
    yield _answer("a long reason", b"HTTP/1.1 500 " + b"y" * 100_000 + b"\r\n\r\n")
    for code in (b"-1", b"0", b"99999", b"abc", b"", b"2OO", b"\xd9\xa2\xd9\xa0\xd9\xa0"):
        yield _answer(f"status {code!r}", b"HTTP/1.1 " + code + b" OK\r\nContent-Length: 0\r\n\r\n")
    yield _answer("status 999", b"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n", 999)
    yield _answer("status 000", b"HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n")
    yield _answer("a version that is none", b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n")
    yield _answer("101", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nrest", 101)
    yield Hostile("1xx for ever", flood(b"HTTP/1.1 102 Processing\r\n\r\n"))
    yield Hostile("1xx slowly for ever", drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01))
    yield _answer("1xx and the end", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    yield _answer("a redirect to itself", b"HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", 307)
    yield _answer(
        "a redirect to nowhere", b"HTTP/1.1 302 There\r\nLocation: ht!tp://[\r\nContent-Length: 0\r\n\r\n", 302
    )
    bodies = {
        "chunks that are none": b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "a negative chunk": b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        "a huge chunk": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello",
        "less than it said": b"Content-Length: 1000\r\n\r\nhello",
        "packed as it is not": b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        "a bomb": b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB,
        "an unknown packing": b"Content-Encoding: none-such\r\nContent-Length: 5\r\n\r\nhello",
        "text that is not UTF-8": b"Content-Type: text/plain; charset=x\r\nContent-Length: 4\r\n\r\n\xff\xfe\xed\xa0",
        "cookies that are none": b"Set-Cookie: =;=\r\nSet-Cookie: \xff\r\nContent-Length: 0\r\n\r\n",
        "a time to come back that is none": b"Retry-After: soon\xff\r\nDate: never\r\nContent-Length: 0\r\n\r\n",
    }
    for name, rest in bodies.items():
        yield _answer(f"500 with {name}", STATUS + rest, 500, sure="chunk" not in name)
    for name, line in {
        "a negative length": b"Content-Length: -5",
        "two lengths": b"Content-Length: 5\r\nContent-Length: 6",
        "a length that is none": b"Content-Length: five",
        "a header without a colon": b"nothing",
        "a header with NUL": b"x: \x00y",
        "an empty header name": b": y",
    }.items():
        yield _answer(f"500 with {name}", STATUS + line + b"\r\n\r\nhello")


FAMILY = [*_of_each_step(), *_of_the_wild()]


def _serve(listener: socket.socket, one: Hostile) -> None:
    with suppress(OSError):
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=_answer_one, args=(peer, one), daemon=True).start()


def _answer_one(peer: socket.socket, one: Hostile) -> None:
    with peer, suppress(OSError):
        if one.reads:
            seen = b""
            while b"\r\n\r\n" not in seen:
                seen += peer.recv(65536)
        one.act(peer)


@contextmanager
def receivers(family: list[Hostile] = FAMILY) -> Iterator[dict[str, int]]:
    """Serve all of them on loopback; give the port of each name."""
    listeners = {one.name: socket.create_server(("127.0.0.1", 0), backlog=128) for one in family}
    for one in family:
        threading.Thread(target=_serve, args=(listeners[one.name], one), daemon=True).start()
    yield {name: listener.getsockname()[1] for name, listener in listeners.items()}
    for listener in listeners.values():
        listener.close()
