"""Addresses: read once, from any of the forms that proxies write, and judged by the registries of IANA."""

import tomllib
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from quorum.network.addresses import is_global_unicast, parse_address, parse_network

PORTS = st.sampled_from(["", ":0", ":443", ":65535", ":_hidden"])
ZONES = st.sampled_from(["", "%eth0", "%25eth0", "%1"])
IPV4 = st.ip_addresses(v=4)
PLAIN_IPV6 = st.ip_addresses(v=6).map(lambda one: IPv6Address(int(one) | 0x2A00 << 112))  # carries no IPv4 address


@given(IPV4, PORTS, st.booleans())
def test_an_ipv4_address_is_read_with_and_without_a_port(address: IPv4Address, port: str, quoted: bool) -> None:  # noqa: FBT001
    text = f'"{address}{port}"' if quoted else f" {address}{port}\t"
    assert parse_address(text) == address


@given(PLAIN_IPV6, PORTS, ZONES)
def test_an_ipv6_address_is_read_with_and_without_brackets(address: IPv6Address, port: str, zone: str) -> None:
    for text in (f"{address}{zone}", address.exploded, f"[{address}{zone}]{port}", f'"[{address}]{port}"'):
        assert parse_address(text) == address


@given(IPV4.filter(lambda one: int(one) >= 1 << 24), st.integers(0, 2**80 - 1))
def test_an_ipv6_address_that_carries_an_ipv4_address_is_that_one(address: IPv4Address, rest: int) -> None:
    value, teredo = int(address), 0x2001_0000 << 96 | rest << 16 & (1 << 96) - (1 << 32)
    carriers = (
        f"::ffff:{address}",
        f"::ffff:0:{address}",
        f"::{address}",
        f"64:ff9b::{address}",
        f"64:ff9b:1::{address}",
        str(IPv6Address(0x2002 << 112 | value << 80 | rest)),
        str(IPv6Address(teredo | value ^ 0xFFFF_FFFF)),
    )
    for text in carriers:
        assert parse_address(text) == parse_address(f"[{text}]:443") == address
        assert is_global_unicast(ip_address(text)) == is_global_unicast(address)


@pytest.mark.parametrize("text", ["::", "::1", "64:ff9b:1:a00::808:808", "2001:db8::5efe:203.0.113.7", "64:ff9b:2::1"])
def test_what_only_looks_like_a_carrier_stays_what_it_is(text: str) -> None:
    assert parse_address(text) == ip_address(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "unknown", "_hidden", "localhost", "unix:", "-", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4"),
        *("1.2.3.4:", "1.2.3.4:123456", "1.2.3.4:x", "1.2.3.4:-1", "[", "]", "[]", "[]:1", "[::1", "::1]", "[[::1]]"),
        *("[::1]x", "[::1]:", "2001:db8::1%", "%eth0", "1.2.3.4%", ":::", "1:2:3:4:5:6:7:8:443", '"', '""', '"1.2.3.4'),
        *("for=1.2.3.4", "1.2.3.4, 5.6.7.8", "1.2.3.4 5.6.7.8", "\u0661.2.3.4", "1.2.3.4\n", "1.2.3.4\0"),
        *("0x7f.1", "2130706433", "\ud800", "1" * 5000, "[" * 5000, "1.2.3.4%" + "z" * 5000, ":" * 99),
    ],
)  # fmt: skip
def test_what_is_no_address_is_unknown(text: str) -> None:
    assert parse_address(text) is None


@given(st.text() | st.text('0123456789abcdef.:%[]"_ ', max_size=60))
def test_any_text_is_an_address_or_none(text: str) -> None:
    address = parse_address(text)
    assert address is None or parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["::ffff:203.0.113.0/120", "64:ff9b::/96", "64:ff9b:1::/96", "2002::/16", "2002:cb00:7100::/40", "2001::/32"],
)
def test_a_network_of_carriers_is_refused_since_nothing_would_lie_in_it(text: str) -> None:
    with pytest.raises(ValueError, match="give the IPv4 network"):
        parse_network(text)


@pytest.mark.parametrize("text", ["203.0.113.0/24", "2001:db8::/32", "::/0", "0.0.0.0/0", "fd00::/8", "::1"])
def test_a_network_is_read_as_it_is_written(text: str) -> None:
    assert parse_network(text) == ip_network(text)


LISTED = tomllib.loads((ROOT / "tests/data/addresses.toml").read_text())


def _edges(blocks: list[str]) -> list[Any]:
    networks = [ip_network(text) for text in blocks]
    return [
        pytest.param(address, id=f"{network}-{address}")
        for network in networks
        for address in dict.fromkeys((network[0], network[-1]))
    ]


@pytest.mark.parametrize("address", _edges(LISTED["special_ipv4"] + LISTED["special_ipv6"] + LISTED["nobodys"]))
def test_an_address_of_a_special_purpose_or_of_nobody_is_not_global(address: IPv4Address | IPv6Address) -> None:
    assert not is_global_unicast(address)


@pytest.mark.parametrize("address", _edges(LISTED["special_ipv4"]))
def test_a_special_address_is_not_global_inside_a_carrier(address: IPv4Address) -> None:
    value = int(address)
    for carrier in (
        0xFFFF << 32 | value,
        0x64FF9B << 96 | value,
        0x2002 << 112 | value << 80,
        0x2001 << 112 | ~value & 0xFFFF_FFFF,
    ):
        assert not is_global_unicast(IPv6Address(carrier))
    assert not is_global_unicast(IPv6Address(0x2A00 << 112 | 0x5EFE << 32 | value)), "ISATAP"


@pytest.mark.parametrize("text", LISTED["public"])
def test_an_address_that_somebody_was_given_is_global(text: str) -> None:
    assert is_global_unicast(ip_address(text))
