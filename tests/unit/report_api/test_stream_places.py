"""Who gets a place in the stream process: bounded by descriptors, by address and in all, and probes find one."""

import asyncio
import threading
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import SettingsError, StoreUnavailable
from report_api.stream import checks as checks_module
from report_api.stream.checks import Checks
from report_api.stream.guests import Guests
from report_api.stream.limits import RESERVED, Limits, limits_within
from report_api.stream.listening import AT_ONCE
from report_api.stream.standing import Standing
from report_api.stream.threads import Busy, Threads
from report_api.web.problems import Refused


class Client:
    """A connection that notes how it ended."""

    def __init__(self, guests: Guests) -> None:
        self.guests = guests
        self.over = ""

    def cut(self, reason: str) -> None:
        self.over = f"cut: {reason}"
        self.guests.leave(self)

    def end(self, reason: str) -> None:
        self.over = f"ended: {reason}"
        self.guests.have_answer(self)


def at(address: str) -> Any:
    return ip_address(address)


@given(st.integers(0, 10**6), st.integers(1, 10**5), st.integers(1, 10**5), st.integers(1, 64))
def test_streams_and_waiting_ones_fit_into_the_descriptors(files: int, streams: int, each: int, nodes: int) -> None:
    try:
        limits = limits_within(files, streams, each, redis_nodes=nodes)
    except SettingsError:
        assert files < 200 + nodes
        return
    assert limits.connections + nodes + RESERVED <= files
    assert 1 <= limits.streams_per_address <= limits.streams <= streams
    assert limits.connections - limits.streams >= AT_ONCE


def test_a_flood_that_asks_for_nothing_makes_room_for_itself() -> None:
    guests = Guests(Limits(connections=20, streams=10, streams_per_address=10))
    streams = [Client(guests) for _ in range(10)]
    for client in streams:
        guests.come(client)
        guests.ask(client)
        guests.open_stream(client, at("192.0.2.1"), None)
    flood = [Client(guests) for _ in range(100)]
    for client in flood:
        guests.come(client)
        assert guests.connections <= 20
    assert [client.over for client in flood] == ["cut: crowded"] * 90 + [""] * 10
    assert {client.over for client in streams} == {""}


def test_those_that_are_being_answered_are_not_crowded_out() -> None:
    guests = Guests(Limits(connections=4, streams=2, streams_per_address=2))
    asking = [Client(guests) for _ in range(3)]
    for client in asking:
        guests.come(client)
        guests.ask(client)
    idle, late = Client(guests), Client(guests)
    guests.come(idle)
    guests.come(late)
    assert [client.over for client in (*asking, idle, late)] == ["", "", "", "cut: crowded", ""]


def test_streams_are_counted_by_address_and_in_all_and_free_again_when_they_end() -> None:
    guests = Guests(Limits(connections=20, streams=3, streams_per_address=2))
    clients = [Client(guests) for _ in range(5)]
    for client in clients:
        guests.come(client)
        guests.ask(client)
    guests.open_stream(clients[0], at("2001:db8::1"), None)
    guests.open_stream(clients[1], at("2001:db8::2"), None)
    with pytest.raises(Refused) as same:
        guests.open_stream(clients[2], at("2001:db8::3"), None)
    assert same.value.status == 429
    guests.open_stream(clients[2], at("2001:db8:0:1::1"), None)
    with pytest.raises(Refused) as full:
        guests.open_stream(clients[3], at("192.0.2.1"), None)
    assert full.value.status == 503
    clients[0].end("key")
    clients[1].cut("slow")
    guests.open_stream(clients[3], at("2001:db8::4"), None)
    for client in clients:
        guests.leave(client)
    assert (guests.connections, guests.streams, dict(guests._homes)) == (0, 0, {})


def test_who_asks_for_a_stream_leaves_places_for_those_who_do_not() -> None:
    guests = Guests(Limits(connections=20, streams=10, streams_per_address=10))
    for _ in range(15):
        client = Client(guests)
        guests.come(client)
        guests.ask(client)
        guests.check_room()
    client = Client(guests)
    guests.come(client)
    guests.ask(client)
    with pytest.raises(Refused):
        guests.check_room()


def test_a_turn_lasts_as_long_as_the_call_and_who_finds_none_is_told() -> None:
    async def scene() -> None:
        gate = threading.Event()
        threads = Threads("test", 2, most_waiting=3, patience_seconds=0.05)
        held = [asyncio.create_task(threads.run(gate.wait)) for _ in range(2)]
        await asyncio.sleep(0.01)
        for task in held:
            task.cancel()  # the client has left; Redis has not answered
        await asyncio.gather(*held, return_exceptions=True)
        waiting = [asyncio.create_task(threads.run(lambda: 1)) for _ in range(5)]
        told = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(one) for one in told] == [Busy] * 5
        gate.set()
        assert await threads.run(lambda: 7) == 7
        with pytest.raises(ValueError, match="bad"):
            await threads.run(lambda: int("bad"))
        threads.close()

    asyncio.run(scene())


def test_streams_end_with_their_key_and_outlast_a_redis_that_cannot_be_asked() -> None:
    async def scene() -> None:
        guests = Guests(Limits(connections=20, streams=10, streams_per_address=10))
        clients = {name: Client(guests) for name in ("good", "bad", "worse")}
        for name, client in clients.items():
            guests.come(client)
            guests.ask(client)
            guests.open_stream(client, at("192.0.2.1"), name)
        state: dict[str, Any] = {"error": StoreUnavailable("down")}

        def check(credential: str | None) -> None:
            if state["error"]:
                raise state["error"]
            if credential == "bad":
                raise Refused(401, "key-unknown", "", "")
            if credential == "worse":
                raise ValueError("a bug")

        async def run(call: Any) -> Any:
            return call()

        standing = Standing(guests, check, run)
        await standing.look()
        assert {client.over for client in clients.values()} == {""}
        state["error"] = None
        await standing.look()
        assert [client.over for client in clients.values()] == ["", "ended: key", ""]

    asyncio.run(scene())


def test_a_key_is_asked_for_once_by_all_who_come_with_it_and_a_refusal_is_not_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene() -> None:
        asked: list[str | None] = []
        refused = {"bad"}

        def check(credential: str | None) -> None:
            asked.append(credential)
            if credential in refused:
                raise Refused(401, "key-unknown", "", "")

        async def run(call: Any) -> Any:
            await asyncio.sleep(0.01)
            return call()

        checks = Checks(check, run)
        many = [asyncio.create_task(checks.check("good")) for _ in range(50)]
        many[0].cancel()  # who began the question may leave before the answer
        told = await asyncio.gather(*many, return_exceptions=True)
        assert [one for one in told[1:] if one is not None] == []
        await checks.check("good")
        assert asked == ["good"]
        for _ in range(2):
            with pytest.raises(Refused):
                await checks.check("bad")
        refused.clear()
        await checks.check("bad")
        assert asked == ["good", "bad", "bad", "bad"]
        monkeypatch.setattr(checks_module, "BELIEVED_SECONDS", -1.0)
        await checks.check("new")
        await checks.check("new")
        assert asked[-2:] == ["new", "new"]
        for number in range(3000):
            checks._good[f"{number}"] = 0.0
        await checks.check("last")
        assert len(checks._good) == 1

    asyncio.run(scene())
