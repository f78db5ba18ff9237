"""Who reports, made from names and addresses as the policy sees them."""

import time
from functools import lru_cache

from quorum.errors import InvalidAddress
from quorum.network.addresses import Address, is_inside, parse_address
from quorum.people import Person
from quorum.policy.classes import ANONYMOUS, MUTED
from quorum.policy.model import Policy
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

_REMEMBERED_NETWORKS = 4096


class Identities:
    """Turns names and addresses into reporters under the pepper, and under the previous one while that is replaced."""

    def __init__(self, pepper: str, previous: str = "") -> None:
        self._pepper = pepper.encode()
        self._previous = previous.encode()
        self.networks = lru_cache(_REMEMBERED_NETWORKS)(self._networks)
        self._of_address = lru_cache(_REMEMBERED_NETWORKS)(self._fingerprints_of_address)

    def named(self, person: Person, policy: Policy, since: float | None, address: Address | None = None) -> Reporter:
        """Return the reporter whom the site names, known to it since a time (Unix seconds) if it says so.

        `address` is where they report from, where that is known.
        """
        current, *previous = self._fingerprints(NAMED, person.name, person.earlier)
        networks = NOWHERE if address is None else self._networks_that_tell(address)
        return Reporter(policy.people.class_of(person), current, networks, _age(since), tuple(previous))

    def anonymous(self, address: Address, policy: Policy) -> Reporter:
        """Return the reporter of whom only an address is known."""
        current, *previous = self._of_address(address)
        reporter_class = MUTED if policy.people.mutes(address) else ANONYMOUS
        return Reporter(reporter_class, current, self._networks_that_tell(address), previous=tuple(previous))

    def fingerprints_of(self, person: Person) -> list[bytes]:
        """Return every fingerprint under which a named reporter may be kept, the one in use first."""
        return self._fingerprints(NAMED, person.name, person.earlier)

    def all_fingerprints_of(self, person: Person) -> list[bytes]:
        """Return the same, and where case is folded those of the usual ways to write the name: to erase them all."""
        return self._fingerprints(NAMED, person.name, person.spellings)

    def fingerprints_at(self, address: str) -> list[bytes]:
        """Return every fingerprint of an anonymous reporter at an address. Raises InvalidAddress."""
        parsed = parse_address(address)
        if parsed is None:
            raise InvalidAddress("that is not an IP address")
        return self._fingerprints_of_address(parsed)

    def _fingerprints_of_address(self, address: Address) -> list[bytes]:
        return self._fingerprints(NETWORK, network_of(address))

    def _fingerprints(self, kind: str, subject: str, earlier: tuple[str, ...] = ()) -> list[bytes]:
        """Return the fingerprint in use, then the earlier ones."""
        peppers = [one for one in (self._pepper, self._previous) if one]
        return [fingerprint(pepper, kind, name) for pepper in peppers for name in (subject, *earlier)]

    def _networks_that_tell(self, address: Address) -> Networks:
        """Return the networks by which people look alike: none for a site's own, from which all may come."""
        return NOWHERE if is_inside(address) else self.networks(address)

    def _networks(self, address: Address) -> Networks:
        return networks_of(self._pepper, address)


def _age(since: float | None) -> int:
    """Return the age in minutes of an account that was made at a time (Unix seconds)."""
    if since is None:
        return UNKNOWN_AGE
    return max(0, min(UNKNOWN_AGE - 1, int((time.time() - since) / 60)))
