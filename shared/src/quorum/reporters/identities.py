"""Who reports, made from names and addresses as the policy sees them."""

import time
from functools import lru_cache

from quorum.errors import InvalidAddress
from quorum.network.addresses import Address, parse_address
from quorum.policy.model import ANONYMOUS, MUTED, Policy
from quorum.reporters.fingerprints import NAMED, NETWORK, Reporter, fingerprint, network_of, network_tag

_REMEMBERED_NETWORKS = 4096


class Identities:
    """Turns names and addresses into reporters under the pepper, and under the previous one while that is replaced."""

    def __init__(self, pepper: str, previous: str = "") -> None:
        self._pepper = pepper.encode()
        self._previous = previous.encode()
        self.network = lru_cache(_REMEMBERED_NETWORKS)(self._network)
        self._of_address = lru_cache(_REMEMBERED_NETWORKS)(self._fingerprints_of_address)

    def named(self, subject: str, policy: Policy, since: float | None) -> Reporter:
        """Return the reporter whom the site calls `subject`, known to it since a time (Unix seconds) if it says so."""
        fresh = since is not None and time.time() - since < policy.burst.fresh_hours * 3600
        current, previous = self._fingerprints(NAMED, subject)
        return Reporter(policy.people.class_of(subject), current, 0, fresh, previous)

    def anonymous(self, address: Address, policy: Policy) -> Reporter:
        """Return the reporter of whom only an address is known."""
        current, previous = self._of_address(address)
        reporter_class = MUTED if policy.people.mutes(address) else ANONYMOUS
        return Reporter(reporter_class, current, self.network(address), previous=previous)

    def fingerprints_of(self, subject: str) -> list[bytes]:
        """Return every fingerprint under which a named reporter may be kept."""
        return [one for one in self._fingerprints(NAMED, subject) if one]

    def fingerprints_at(self, address: str) -> list[bytes]:
        """Return every fingerprint of an anonymous reporter at an address. Raises InvalidAddress."""
        parsed = parse_address(address)
        if parsed is None:
            raise InvalidAddress("that is not an IP address")
        return [one for one in self._fingerprints_of_address(parsed) if one]

    def _fingerprints_of_address(self, address: Address) -> tuple[bytes, bytes | None]:
        return self._fingerprints(NETWORK, network_of(address))

    def _fingerprints(self, kind: str, subject: str) -> tuple[bytes, bytes | None]:
        return (
            fingerprint(self._pepper, kind, subject),
            fingerprint(self._previous, kind, subject) if self._previous else None,
        )

    def _network(self, address: Address) -> int:
        return network_tag(self._pepper, address)
