"""Looks for what was said of people in what was kept: raw, and as the digest of any text that can be made of it.

A digest is found in raw bytes, in hex and in base64, also when it was cut to its first eight bytes.
"""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, ip_address, ip_network
from itertools import permutations

WINDOW = 8  # bytes: what a digest may be cut to, and the least that is looked for
_SIZES = (8, 12, 16, 20, 32)
_PERSONS = (
    b"",
    b"quorum",
    b"quorum.idem",
    b"quorum.record",
    b"quorum.image",
    b"quorum.content",
    b"quorum.reason",
)
_JOINTS = ("\0", ":", "|", "", "\n", " ", "/")


def texts_of(fields: Iterable[str]) -> set[bytes]:
    """Return fields and every two and three of them joined in a usual way."""
    fields = list(fields)
    found = {field.encode() for field in fields}
    for size in (2, 3):
        for some in permutations(fields, size):
            found.update(joint.join(some).encode() for joint in _JOINTS)
    return found


def forms_of(address: str) -> set[bytes]:
    """Return the ways to write an address and the networks around it; the short raw ones are no evidence."""
    parsed = ip_address(address)
    widths = (24, 16) if isinstance(parsed, IPv4Address) else (64, 56, 48)
    networks = [ip_network(f"{address}/{width}", strict=False) for width in widths]
    found = {str(parsed), parsed.exploded, parsed.compressed}
    for network in networks:
        found |= {str(network), str(network.network_address), network.exploded, network.network_address.exploded}
    return {one.encode() for one in found} | {parsed.packed, *(network.network_address.packed for network in networks)}


def digests_of(text: bytes) -> Iterator[bytes]:
    """Yield the digest of a text by everything that hashlib has."""
    for name in sorted(hashlib.algorithms_available):
        try:
            digest = hashlib.new(name, text)
        except ValueError:
            continue  # this OpenSSL knows it by name alone
        yield digest.digest(32) if name.startswith("shake") else digest.digest()  # type: ignore[call-arg]
    for person in _PERSONS:
        for size in _SIZES:
            yield hashlib.blake2b(text, digest_size=size, person=person).digest()
            yield hashlib.blake2s(text, digest_size=size, person=person[:8]).digest()


def _written(digest: bytes) -> Iterator[bytes]:
    """Yield the beginnings of all ways to write a digest, or its first eight bytes."""
    cut = digest[:WINDOW]
    yield cut
    yield cut.hex().encode()
    yield cut.hex().upper().encode()
    yield base64.b64encode(cut)[:10]  # the last digit depends on what follows
    yield base64.urlsafe_b64encode(cut)[:10]


class Leaks:
    """Finds any of many texts, and the digests of others, in one pass over what is searched."""

    def __init__(self, raw: Iterable[bytes], hashed: Iterable[bytes]) -> None:
        self._wanted: dict[bytes, list[tuple[bytes, str]]] = defaultdict(list)
        for text in raw:
            if len(text) >= WINDOW:
                self._want(text, f"{text!r}")
        for text in hashed:
            for digest in digests_of(text):
                for written in _written(digest):
                    self._want(written, f"a digest of {text[:60]!r}")

    def _want(self, text: bytes, what: str) -> None:
        self._wanted[text[:WINDOW]].append((text, what))

    def within(self, where: str, content: bytes) -> list[str]:
        """Return what is in `content`, in words."""
        found = []
        for start in range(len(content) - WINDOW + 1):
            for text, what in self._wanted.get(content[start : start + WINDOW], ()):
                if content.startswith(text, start):
                    found.append(f"{where}: {what} in ...{content[max(start - 40, 0) : start + 60]!r}")
        return found
