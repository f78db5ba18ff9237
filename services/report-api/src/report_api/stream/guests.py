"""Who is connected to the stream process, and who has a stream; places are given here and nowhere else."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from quorum.network.addresses import Address
from quorum.reporters.fingerprints import network_of
from report_api.stream.limits import Limits
from report_api.web.problems import Refused

RETRY = {"Retry-After": "5"}


class Guest(Protocol):
    """A connection, as far as its place is concerned."""

    def cut(self, reason: str) -> None:
        """End it at once, whatever it was told."""

    def end(self, reason: str) -> None:
        """End its stream, so that the client sees the end."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What an open stream was opened with."""

    home: str
    authorization: str | None


class Guests:
    """To be used in one event loop."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: dict[Guest, None] = {}  # those that still send a request, or have their answer; oldest first
        self._asking: set[Guest] = set()  # those that are being answered
        self._streams: dict[Guest, Stream] = {}
        self._homes: Counter[str] = Counter()
        self._nobody = asyncio.Event()

    @property
    def connections(self) -> int:
        """How many are here."""
        return len(self._idle) + len(self._asking) + len(self._streams)

    @property
    def streams(self) -> int:
        """How many have a stream."""
        return len(self._streams)

    def come(self, guest: Guest) -> None:
        """Take a new connection in. When there is no place, the one that has been idle for longest is cut.

        So a flood of connections that ask for nothing makes room for itself, and not for long.
        """
        self._nobody.clear()
        self._idle[guest] = None
        if self.connections > self._limits.connections:
            next(iter(self._idle)).cut("crowded")

    def ask(self, guest: Guest) -> None:
        """Note that a request is whole."""
        self._idle.pop(guest, None)
        self._asking.add(guest)

    def check_room(self) -> None:
        """Tell who wants a stream when so many do that probes would find no place. Raises Refused."""
        limits = self._limits
        if len(self._streams) + len(self._asking) > limits.streams + (limits.connections - limits.streams) // 2:
            detail = "Many ask for streams at this moment. Come back, or read /v1/events."
            raise Refused(503, "busy", "Too busy just now", detail, headers=RETRY)

    def have_answer(self, guest: Guest) -> None:
        """Note that a connection, or its stream, has been told its last; it is on its way out."""
        self.leave(guest)
        self._idle[guest] = None

    def open_stream(self, guest: Guest, address: Address | None, authorization: str | None) -> None:
        """Give a stream to a connection. Raises Refused."""
        home = home_of(address)
        if len(self._streams) >= self._limits.streams:
            detail = f"{self._limits.streams} streams are open here; come back, or read /v1/events"
            raise Refused(503, "too-many-streams", "Too many streams", detail, headers=RETRY)
        if self._homes[home] >= self._limits.streams_per_address:
            detail = f"{self._limits.streams_per_address} streams of your address are open; close some of them"
            raise Refused(429, "too-many-streams", "Too many streams", detail, headers=RETRY)
        self._asking.discard(guest)
        self._streams[guest] = Stream(home, authorization)
        self._homes[home] += 1

    def leave(self, guest: Guest) -> None:
        """Forget a connection."""
        self._idle.pop(guest, None)
        self._asking.discard(guest)
        stream = self._streams.pop(guest, None)
        if stream:
            self._homes[stream.home] -= 1
            if not self._homes[stream.home]:
                del self._homes[stream.home]
        if not self.connections:
            self._nobody.set()

    def credentials(self) -> set[str | None]:
        """Return what open streams were opened with."""
        return {stream.authorization for stream in self._streams.values()}

    def end_streams(self, reason: str, *credentials: str | None) -> None:
        """End the streams that were opened with one of these; all, when none is given."""
        for guest, stream in list(self._streams.items()):
            if not credentials or stream.authorization in credentials:
                guest.end(reason)

    async def all_left(self, seconds: float) -> None:
        """Wait until nobody is here, a while at most."""
        if self.connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._nobody.wait(), seconds)

    def cut_all(self) -> None:
        """End every connection at once."""
        for guest in [*self._idle, *self._asking, *self._streams]:
            guest.cut("stopped")


def home_of(address: Address | None) -> str:
    """Return what limits are counted by: an IPv4 address, or the network that an IPv6 address is in."""
    return network_of(address) if address else "unknown"
