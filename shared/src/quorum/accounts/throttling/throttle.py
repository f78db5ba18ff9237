"""How often passwords may be tried: counted before one is looked at, so that guesses at the same moment count, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, ip_network
from math import ceil
from typing import Any

from redis import Redis

from quorum.errors import SignInThrottled
from quorum.network.addresses import parse_address
from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of
from quorum.store.scripts import Script

PAIR_LIMIT = 5  # of a name from one network
NETWORK_LIMIT = 20  # of all names from one network
NAME_LIMIT = 100  # of a name from everywhere: more, lest strangers keep somebody out
FIRST_WAIT_MS = 30_000  # once a limit is reached; it doubles with each try
LONGEST_WAIT_MS = 900_000
COUNTED_MS = 900_000
REMEMBERED_MS = 1_800_000  # after the longest wait there is one try, not all of them anew
KNOWN_MS = 14 * 86_400_000
OWN_NETWORK_BITS = 64  # of IPv6: what one subscriber has, at least (RFC 6177)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A password that is being tried: the keys where it was counted, and in how many of them."""

    keys: tuple[str, ...]
    counted: int


class Throttle:
    """Counts passwords that are tried. Methods raise StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str) -> None:
        self._client: Any = client
        self._keys = keys_of(namespace, 0)
        self._count = Script("accounts/throttling/count")
        self._forgive = Script("accounts/throttling/forgive")

    def sign_in(self, name: str, address: str) -> Attempt:
        """Count a try to sign in. Raises SignInThrottled; then it is not counted.

        Where the name was signed in from this network lately, only the two together count: what strangers do elsewhere,
        and others in the same network to other names, keeps nobody out.
        """
        network = network_of(address)
        counters = ((PAIR_LIMIT, name, network), (NETWORK_LIMIT, network), (NAME_LIMIT, name))
        return self._try(_digest("known", name, network), counters)

    def change(self, name: str) -> Attempt:
        """Count a try to change the password of `name` by somebody who has a session. Raises SignInThrottled."""
        return self._try(_digest("change", name), ((PAIR_LIMIT, name, "session"),))

    def forgive(self, attempt: Attempt, *, known: bool) -> None:
        """Take back what was counted, since the password was right; with `known` the network counts as known."""
        with translated_errors():
            self._forgive(self._client, attempt.keys, (attempt.counted, KNOWN_MS if known else 0))

    def _try(self, known: str, counters: Sequence[tuple[Any, ...]]) -> Attempt:
        names = (f"{self._keys.sign_ins}{_digest(str(len(what)), *what)}" for _, *what in counters)
        keys = (f"{self._keys.networks}{known}", *names)
        limits = (limit for limit, *_ in counters)
        times = (FIRST_WAIT_MS, LONGEST_WAIT_MS, COUNTED_MS, REMEMBERED_MS)
        with translated_errors():
            wait_ms, counted = self._count(self._client, keys, (*times, *limits))
        if wait_ms > 0:
            raise SignInThrottled(ceil(wait_ms / 1000))
        return Attempt(keys, counted)


def network_of(address: str) -> str:
    """Return the network that counts as one caller: an IPv4 address, a /64 of IPv6; one for all that cannot be read."""
    found = parse_address(address)
    if found is None:
        return "unknown"
    return str(found) if isinstance(found, IPv4Address) else str(ip_network((found, OWN_NETWORK_BITS), strict=False))


def _digest(*parts: str) -> str:
    """Return 128 bits of what must not lie in Redis as it is. Names and networks can be tried out on it."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
