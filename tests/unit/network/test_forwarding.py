"""Whom a request comes from: what stands left of the trusted proxies' own values is anybody's invention."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.network.addresses import parse_address, parse_network
from quorum.network.forwarding import Forwarding

PROXY = "10.0.0.1"
THREE = "203.0.113.7, 203.0.113.8, 203.0.113.9"
INSIDE = (parse_network("10.0.0.0/8"), parse_network("fd00::/8"))


@pytest.mark.parametrize(
    ("hops", "expected"), [(0, PROXY), (1, "203.0.113.9"), (2, "203.0.113.8"), (3, "203.0.113.7"), (4, PROXY)]
)
def test_the_value_counts_that_the_outermost_proxy_has_set(hops: int, expected: str) -> None:
    assert Forwarding(hops).client(PROXY, THREE) == ip_address(expected)


@pytest.mark.parametrize("peer", ["192.0.2.1", "2001:db8::1", "11.0.0.1"])
def test_a_peer_that_is_no_proxy_cannot_say_whom_it_is(peer: str) -> None:
    forwarding = Forwarding(1, INSIDE)
    assert forwarding.client(peer, THREE) == ip_address(peer)
    assert forwarding.scheme(peer, "https") is None
    assert Forwarding(1, INSIDE).client("", THREE) is None  # nobody knows what has connected


@pytest.mark.parametrize("peer", ["10.9.8.7", "::ffff:10.9.8.7", "fd00::1"])
def test_a_proxy_in_a_trusted_network_is_believed(peer: str) -> None:
    assert Forwarding(1, INSIDE).client(peer, THREE) == ip_address("203.0.113.9")
    assert Forwarding(1, INSIDE).scheme(peer, "https") == "https"


@pytest.mark.parametrize("value", ["unknown", "_hidden", "", " ", '"', "localhost", "203.0.113", "1.2.3.4, "])
def test_what_a_proxy_says_and_is_no_address_is_unknown_and_not_the_proxy(value: str) -> None:
    client = Forwarding(1).client(PROXY, value)
    assert client == (ip_address(PROXY) if not value else None)


@given(st.text(max_size=60), st.integers(1, 3))
def test_nothing_that_a_client_sends_along_changes_who_it_is(invented: str, hops: int) -> None:
    own = ["203.0.113.7:51008", "10.0.0.3", "10.0.0.2"][:hops]
    sent = ", ".join([invented, *own])
    assert Forwarding(hops).client(PROXY, sent) == ip_address("203.0.113.7")


@given(st.none() | st.text(max_size=60), st.none() | st.text(max_size=60), st.integers(0, 10))
def test_any_header_from_any_peer_gives_an_address_or_none(peer: str | None, values: str | None, hops: int) -> None:
    for networks in ((), INSIDE):
        client = Forwarding(hops, networks).client(peer, values)
        assert client is None or parse_address(str(client)) == client
        assert Forwarding(hops, networks).scheme(peer, values) in {None, "http", "https"}
