"""Who reported, as quorum keeps it: a keyed fingerprint, never the name.

The fingerprint is a truncated HMAC under a secret pepper, so a copy of Redis tells nobody who reported what, and
names cannot be guessed from it by trying them all.
"""

import hmac
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

FINGERPRINT_BYTES = 12  # 96 bits: among 10**9 reporters a chance of about 6e-12 that any two are taken for one

VERIFIED = "verified"
ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Reporter:
    """A person as the tally knows them: class (a policy weight) and fingerprint."""

    reporter_class: str
    fingerprint: bytes


def fingerprint(pepper: bytes, reporter_class: str, subject: str) -> bytes:
    """Return the fingerprint of `subject` in its class; the same name in two classes is two reporters."""
    return hmac.digest(pepper, f"{reporter_class}\0{subject}".encode(), "sha256")[:FINGERPRINT_BYTES]


def network_of(address: str) -> str:
    """Return the network that tells anonymous readers apart: the IPv4 address, or the /64 of an IPv6 address.

    An IPv4 address inside IPv6 (::ffff:192.0.2.1) counts as the IPv4 address. Raises ValueError on anything else.
    """
    parsed: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ip_network((int(parsed) >> 64 << 64, 64)))
        parsed = parsed.ipv4_mapped
    return str(parsed)
