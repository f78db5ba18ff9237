"""Who reported, as quorum keeps it: a keyed fingerprint, never the name.

The fingerprint is a truncated HMAC under a secret pepper, so a copy of Redis tells nobody who reported what, and
names cannot be guessed from it by trying them all. Whatever else is kept of a request is made the same way.
"""

import hmac
from functools import lru_cache
from ipaddress import IPv6Address, ip_network
from typing import NamedTuple

from quorum.network.addresses import Address

# Kinds of subject: a name that the site gives, a network. The words go into every fingerprint since layout 1: changing
# one would make every reporter a new one.
NAMED, NETWORK = "verified", "anonymous"
FINGERPRINT_BYTES = 12  # 96 bits: among 10**9 reporters a chance of about 6e-12 that any two are taken for one

REQUEST_DIGEST_BYTES = 16
PEPPER_MARK_BYTES = 8
ADDRESS, NEAR, WIDE = {4: 32, 6: 64}, {4: 24, 6: 48}, {4: 16, 6: 32}  # bits: one line, one site, one provider's block
UNKNOWN_AGE = 65_535  # minutes; ages are told up to one less, 45 days


class Networks(NamedTuple):
    """16-bit keyed tags of the networks that a reporter came from, each within the next; 0 for nobody's."""

    address: int = 0  # or the /64 of an IPv6 address
    near: int = 0  # /24, or /48
    wide: int = 0  # /16, or /32


NOWHERE = Networks()


class Reporter(NamedTuple):
    """A person as the tally knows them.

    `age` is that of the account in minutes, where the site tells it. `previous` are fingerprints under which the person
    may be kept already: under the pepper that is being replaced, and of their name as it was taken before it had one
    form (`quorum.people`).
    """

    reporter_class: str
    fingerprint: bytes
    networks: Networks = NOWHERE
    age: int = UNKNOWN_AGE
    previous: tuple[bytes, ...] = ()


def fingerprint(pepper: bytes, kind: str, subject: str) -> bytes:
    """Return the fingerprint of `subject`; the same name of another kind (NAMED, NETWORK) is another reporter."""
    return _mac(pepper, f"{kind}\0{subject}".encode())[:FINGERPRINT_BYTES]


def request_digest(pepper: bytes, *parts: bytes) -> bytes:
    """Return what tells a request from others, and without the pepper nothing about it: 128 bits of an HMAC."""
    sized = b"".join(len(part).to_bytes(8, "big") + part for part in parts)  # so that no two lists are one text
    return _mac(pepper, b"request\0" + sized)[:REQUEST_DIGEST_BYTES]


def pepper_mark(pepper: str) -> bytes:
    """Return what tells a pepper from others and nothing else about it: 64 bits of an HMAC, in hex."""
    return _mac(pepper.encode(), b"mark\0")[:PEPPER_MARK_BYTES].hex().encode()


def _mac(pepper: bytes, text: bytes) -> bytes:
    mac = _keyed(pepper).copy()
    mac.update(text)
    return mac.digest()


@lru_cache(maxsize=4)
def _keyed(pepper: bytes) -> hmac.HMAC:
    """Return an HMAC that has taken the pepper; `hmac.digest` would let other threads in at every call."""
    return hmac.new(pepper, digestmod="sha256")


def networks_of(pepper: bytes, address: Address) -> Networks:
    """Return the tags of the networks around an address."""
    return Networks(*(_tag(pepper, address, prefix[address.version]) for prefix in (ADDRESS, NEAR, WIDE)))


def _tag(pepper: bytes, address: Address, prefix: int) -> int:
    """Return a tag from 1 to 65,535 of the network of so many bits around an address."""
    network = ip_network(f"{address}/{prefix}", strict=False)
    digest = _mac(pepper, f"tag\0{network}".encode())
    return int.from_bytes(digest[:2], "big") % 65_535 + 1


def network_of(address: Address) -> str:
    """Return the network that tells anonymous readers apart: the IPv4 address, or the /64 of an IPv6 address."""
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> 64 << 64, 64)))
    return str(address)
