"""What is kept of an image, and all that a judgement looks at. Twin: records.lua (the bytes are told in codec.py)."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from quorum.images.image import Image
from quorum.judgement.shields import Shield
from quorum.policy.accuracy import Standing
from quorum.policy.model import Policy
from quorum.reporters.fingerprints import Reporter

Event = dict[str, Any]  # a CloudEvent, without its cursor


class State(IntEnum):
    """What quorum says of an image; the numbers are those in a tally record."""

    OPEN = 0
    BLOCKED = 1  # by its reports
    HELD = 2  # crossed the threshold, and waits for a moderator
    CLEARED = 3  # by a moderator; no report counts for a while
    UPHELD = 4  # blocked, and a moderator has said so

    @property
    def is_blocked(self) -> bool:
        """Whether other services must not show the image."""
        return self in {State.BLOCKED, State.UPHELD}

    @property
    def public_name(self) -> str:
        """The state as other services see it."""
        return "blocked" if self.is_blocked else self.name.lower()


class Report(NamedTuple):
    """One accepted report. `content` is the digest of its content hash, when the picture shares a tally by it.

    `pdq` is the hash itself when it is perceptual; it is given together with `content`.
    """

    image: Image
    reporter: Reporter
    reason: str
    received_ms: int = 0
    content: bytes | None = None
    trace: bytes | None = None  # W3C Trace Context: trace id:16, parent id:8, flags:1
    pdq: bytes | None = None


@dataclass(slots=True)
class Row:
    """One distinct reporter of an image, with the strongest of their reasons."""

    received_ms: int
    weight: int
    reason: str
    reporter_class: str
    fresh: bool = False
    network: int = 0


@dataclass(slots=True)
class Tally:
    """All that is kept of one image, or of the copies of one picture."""

    epoch: int = 1
    state: State = State.OPEN
    rows: dict[bytes, Row] = field(default_factory=dict)
    cleared_ms: int = 0
    copies: dict[bytes, str] = field(default_factory=dict)  # digest -> id, of images that share it

    @property
    def score(self) -> int:
        """Thousandths of a point."""
        return sum(row.weight for row in self.rows.values())

    def expire(self, oldest_ms: int) -> None:
        """Drop, from the front, the rows that are not younger."""
        for fingerprint, row in list(self.rows.items()):
            if row.received_ms > oldest_ms:
                return
            del self.rows[fingerprint]


class Book:
    """All that is known: tallies, people, pictures and caps, and the policy by which they are judged."""

    def __init__(self, policy: Policy, partitions: int = 1) -> None:
        self.policy = policy
        self.tallies: dict[bytes, Tally] = {}
        self.standings: dict[bytes, Standing] = {}
        self.views: dict[bytes, int] = {}
        self.aliases: dict[bytes, bytes] = {}  # image digest -> digest of the tally that it shares
        self.pictures: dict[bytes, bytes] = {}  # PDQ hash -> digest of the tally for which it stands
        self.shield = Shield()
        self.caps = policy.numbers(partitions)
