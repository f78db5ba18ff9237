"""Fingerprints and networks."""

import pytest

from quorum.errors import InvalidAddress
from quorum.network.addresses import is_inside, parse_address
from quorum.policy import load_policy
from quorum.reporters.fingerprints import (
    FINGERPRINT_BYTES,
    NAMED,
    NETWORK,
    NOWHERE,
    fingerprint,
    network_of,
    networks_of,
)
from quorum.reporters.identities import Identities


def test_a_fingerprint_depends_on_pepper_class_and_name() -> None:
    prints = {
        fingerprint(b"pepper-1", NAMED, "reader-1"),
        fingerprint(b"pepper-2", NAMED, "reader-1"),
        fingerprint(b"pepper-1", NETWORK, "reader-1"),
        fingerprint(b"pepper-1", NAMED, "reader-2"),
    }
    assert len(prints) == 4
    assert {len(one) for one in prints} == {FINGERPRINT_BYTES}
    assert fingerprint(b"pepper-1", NAMED, "reader-1") in prints


def test_a_fingerprint_does_not_hold_the_name() -> None:
    assert b"reader" not in fingerprint(b"pepper", NAMED, "reader")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "::/64"),
    ],
)
def test_a_network_is_an_ipv4_address_or_a_64(address: str, network: str) -> None:
    parsed = parse_address(address)
    assert parsed
    assert network_of(parsed) == network


# What reports are stored under, as the first release made it: other bytes would make every anonymous reader a new one.
STORED = [
    ("192.0.2.7", "1c4260d56c4ef7fff30916c3", 38705),
    ("203.0.113.255", "72b7cac14472804e9b2213d5", 13244),
    ("2001:db8:1:2:3:4:5:6", "5b30c223c43585d15e92b57a", 20080),
    ("2a00:1450:4001:82a::200e", "bcfe3f3009243e5d560a7d95", 30870),
    ("::ffff:192.0.2.7", "1c4260d56c4ef7fff30916c3", 38705),
    ("::1", "738ba9572964b8f650899998", 48177),
    ("fe80::1", "87008d1bbf2b3bda0aaecde1", 25972),
    ("64:ff9b::192.0.2.7", "1c4260d56c4ef7fff30916c3", 38705),
    ("2002:c000:207::1", "1c4260d56c4ef7fff30916c3", 38705),
    ("[2001:db8:1:2::]:443", "5b30c223c43585d15e92b57a", 20080),
]


@pytest.mark.parametrize(("text", "stored", "tag"), STORED)
def test_an_address_is_stored_under_the_bytes_that_it_always_had(text: str, stored: str, tag: int) -> None:
    address = parse_address(text)
    assert address
    identities = Identities("a pepper for tests only")
    reporter = identities.anonymous(address, load_policy())
    assert (reporter.fingerprint.hex(), identities.networks(address).near) == (stored, tag)
    assert reporter.networks == (NOWHERE if is_inside(address) else identities.networks(address))
    assert [one.hex() for one in identities.fingerprints_at(text)] == [stored]
    assert networks_of(b"a pepper for tests only", address) == identities.networks(address)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("192.0.2.7", "::ffff:192.0.2.7", 3),
        ("192.0.2.7", "192.0.2.8", 2),
        ("192.0.2.7", "192.0.3.7", 1),
        ("192.0.2.7", "192.1.2.7", 0),
        ("2001:db8:1:2::1", "2001:db8:1:2::2", 3),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", 2),
        ("2001:db8:1:2::1", "2001:db8:2:2::1", 1),
        ("2001:db8:1:2::1", "2001:db9:1:2::1", 0),
    ],
)
def test_networks_lie_within_one_another(one: str, other: str, alike: int) -> None:
    first, second = (networks_of(b"pepper", parse_address(text) or pytest.fail(text)) for text in (one, other))
    assert first[3 - alike :] == second[3 - alike :]
    assert not {*zip(first[: 3 - alike], second[: 3 - alike], strict=True)} & {(tag, tag) for tag in first}


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "unix:", "jeanne-dupont"])
def test_what_is_no_address_cannot_be_forgotten_as_one(text: str) -> None:
    with pytest.raises(InvalidAddress, match="not an IP address"):
        Identities("a pepper for tests only").fingerprints_at(text)
