"""What became of an image, and what an attack took."""

from collections import Counter
from dataclasses import dataclass, field

from quorum.images.image import Image, parse_image
from quorum.simulation.attacks.crews import MINUTE_MS, Person

SECOND_MS, HOUR_MS, DAY_MS = 1000, 3_600_000, 86_400_000
# Nothing is wrong with it; it should be blocked; it should, and the attacker put it there; it does not exist.
GOOD, BAD, DECOY, INVENTED = "good", "bad", "decoy", "invented"


def images(kind: str, count: int, first: int = 0) -> list[Image]:
    """Return images of a kind."""
    return [parse_image(f"{kind}-{number}") for number in range(first, first + count)]


@dataclass(slots=True)
class Story:
    """What became of one image; times in Unix ms."""

    kind: str
    readers: set[bytes] = field(default_factory=set)  # honest ones who reported it before it was blocked
    first_ms: int | None = None  # when the first of them did
    blocked_ms: int | None = None  # since when it is blocked
    was_blocked: bool = False
    causes: Counter[str] = field(default_factory=Counter)  # of holds
    points: int = 0  # thousandths: the highest score that it had before it was blocked

    @property
    def took_ms(self) -> int | None:
        """How long the readers waited for the block: none when it did not come, 0 when it came before them."""
        if self.blocked_ms is None or self.first_ms is None:
            return None
        return max(0, self.blocked_ms - self.first_ms)


@dataclass(slots=True)
class Cost:
    """What an attack took."""

    people: set[bytes] = field(default_factory=set)
    networks: set[int] = field(default_factory=set)  # tags of a /16 or /32
    reports: int = 0
    uploads: int = 0
    first_ms: int | None = None  # when the oldest account was made, or the first report sent
    last_ms: int = 0

    def pay(self, person: Person, now_ms: int) -> None:
        """Count a report of an attacker. An account that is bought costs no time."""
        made_ms = now_ms if person.since_ms is None or person.bought else min(person.since_ms, now_ms)
        self.people.add(person.fingerprint)
        if person.networks.wide:
            self.networks.add(person.networks.wide)
        self.reports += 1
        self.first_ms = made_ms if self.first_ms is None else min(made_ms, self.first_ms)
        self.last_ms = now_ms

    @property
    def days(self) -> float:
        """How long it took, from making the first account to the last report."""
        return 0.0 if self.first_ms is None else (self.last_ms - self.first_ms) / DAY_MS

    @property
    def product(self) -> float:
        """Accounts x networks x days, each at least one."""
        return max(len(self.people), 1) * max(len(self.networks), 1) * max(self.days, 1.0)


def span(ms: float) -> str:
    """Return a span of time as people say it."""
    for unit, size in (("d", DAY_MS), ("h", HOUR_MS), ("min", MINUTE_MS)):
        if ms >= size:
            return f"{ms / size:.3g} {unit}"
    return f"{ms / SECOND_MS:.2g} s" if ms else "at once"
