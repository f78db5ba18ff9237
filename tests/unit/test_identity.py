"""Fingerprints and networks."""

import pytest

from quorum.addresses import parse_address
from quorum.identity import FINGERPRINT_BYTES, NAMED, NETWORK, fingerprint, network_of


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
