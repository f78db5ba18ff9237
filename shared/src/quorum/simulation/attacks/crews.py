"""Who reports: accounts of some age, anonymous readers, and the places that they come from.

Fingerprints and network tags are made as in the service, from names and addresses under a pepper.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import ip_address

from quorum.policy.classes import ANONYMOUS, TRUSTED, VERIFIED
from quorum.reporters.fingerprints import (
    NAMED,
    NETWORK,
    NOWHERE,
    UNKNOWN_AGE,
    Networks,
    Reporter,
    fingerprint,
    network_of,
    networks_of,
)

_PEPPER = b"of nobody, for simulations alone"
MINUTE_MS = 60_000
HONEST = 5000  # readers' addresses begin here, attackers' at 0: they share no network unless they are meant to

Place = Callable[[int], str]  # the address of somebody by their number


def everywhere(number: int) -> str:
    """Return an address in a /16 of its own, for numbers below 20,000."""
    return f"{20 + number // 250}.{number % 250}.0.1"


def one_wide(number: int) -> str:
    """Return an address in a /24 of its own, all of one /16."""
    return f"198.51.{number % 256}.1"


def one_wide_v6(number: int) -> str:
    """Return an address in a /48 of its own, all of one /32."""
    return f"2001:db8:{number:x}:1::1"


def one_near(number: int) -> str:
    """Return an address of its own in one /24."""
    return f"203.0.113.{number % 256}"


def one_near_v6(number: int) -> str:
    """Return an address in a /64 of its own, all of one /48."""
    return f"2001:db8:7:{number:x}::1"


def one_address(_number: int) -> str:
    """Return the address that everybody behind one NAT has."""
    return "203.0.113.7"


def carriers(number: int) -> str:
    """Return an address of four mobile carriers, each with four addresses in one /24 for all its customers."""
    return f"{150 + number % 4}.10.20.{1 + number // 4 % 4}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who reports; `since_ms` is when their account was made, where the site tells it.

    Who buys an account, does not wait until it is old.
    """

    reporter_class: str
    fingerprint: bytes
    networks: Networks = NOWHERE
    since_ms: int | None = None
    bought: bool = False

    def at(self, now_ms: int) -> Reporter:
        """Return them as a report has them that arrives now (Unix ms)."""
        age = UNKNOWN_AGE
        if self.since_ms is not None:
            age = max(0, min(UNKNOWN_AGE - 1, (now_ms - self.since_ms) // MINUTE_MS))
        return Reporter(self.reporter_class, self.fingerprint, self.networks, age)


def accounts(
    crew: str, count: int, place: Place | None = everywhere, *, since_ms: int | None = None, first: int = 0
) -> list[Person]:
    """Return people with accounts, numbered from `first`; without a place the site does not tell where they are."""
    return [
        Person(VERIFIED, fingerprint(_PEPPER, NAMED, f"{crew}-{number}"), _networks(place, number), since_ms)
        for number in range(first, first + count)
    ]


def bought(count: int, since_ms: int, place: Place = everywhere) -> list[Person]:
    """Return accounts of somebody else, made at a time (Unix ms) and bought for the attack."""
    return [replace(person, bought=True) for person in accounts("bought", count, place, since_ms=since_ms)]


def readers(
    count: int, place: Place | None = everywhere, *, since_ms: int | None = None, first: int = 0
) -> list[Person]:
    """Return honest readers with accounts; long known, unless `since_ms` says otherwise."""
    return accounts("reader", count, place, since_ms=since_ms, first=HONEST + first)


def anonymous(count: int, place: Place = everywhere, *, first: int = 0) -> list[Person]:
    """Return readers of whom only an address is known: whoever shares it is the same to the tally."""
    return [
        Person(
            ANONYMOUS, fingerprint(_PEPPER, NETWORK, network_of(ip_address(place(number)))), _networks(place, number)
        )
        for number in range(first, first + count)
    ]


def trusted(name: str, number: int = 0) -> Person:
    """Return a trusted flagger."""
    return Person(TRUSTED, fingerprint(_PEPPER, NAMED, name), _networks(everywhere, number))


def _networks(place: Place | None, number: int) -> Networks:
    return NOWHERE if place is None else _tags(place(number))


@cache
def _tags(address: str) -> Networks:
    return networks_of(_PEPPER, ip_address(address))
