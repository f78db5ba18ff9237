"""What is kept of an image, and all that a judgement looks at. Twin: records.lua (the bytes are told in codec.py)."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from quorum.images.image import Image
from quorum.judgement.caps.shields import Shield
from quorum.judgement.figures.days import Days
from quorum.judgement.waiting import Cause
from quorum.policy.accuracy import Standing
from quorum.policy.model import Policy
from quorum.reporters.fingerprints import NOWHERE, UNKNOWN_AGE, Networks, Reporter

Event = dict[str, Any]  # a CloudEvent, without its cursor


class State(IntEnum):
    """What quorum says of an image; the numbers are those in a tally record."""

    OPEN = 0
    BLOCKED = 1  # by its reports
    HELD = 2  # crossed the threshold, and waits for a moderator or for more that speaks for it
    CLEARED = 3  # by a moderator; reports are kept, and count for nothing for a while
    UPHELD = 4  # blocked, and a moderator has said so

    @property
    def is_blocked(self) -> bool:
        """Whether other services must not show the image."""
        return self in {State.BLOCKED, State.UPHELD}

    @property
    def is_judged(self) -> bool:
        """Whether reports alone may change it."""
        return self in {State.OPEN, State.HELD}

    @property
    def public_name(self) -> str:
        """The state as other services see it."""
        return "blocked" if self.is_blocked else self.name.lower()


class Kind(IntEnum):
    """What an entry of the inbox says; the numbers are those in its flags, divided by 64."""

    REPORT = 0
    WITHDRAWAL = 1  # the reporter takes their report back
    CONTENT = 2  # the site says which picture an image shows
    GONE = 3  # the site says that there is no such image any more


class Report(NamedTuple):
    """One accepted report. `content` is the digest of its content hash, when the picture shares rows by it.

    `pdq` is the hash itself when it is perceptual; it is given together with `content`. Of another `kind` than a
    report, it says what else came in by the same way, in its order among the reports.
    """

    image: Image
    reporter: Reporter
    reason: str
    received_ms: int = 0
    content: bytes | None = None
    trace: bytes | None = None  # W3C Trace Context: trace id:16, parent id:8, flags:1
    pdq: bytes | None = None
    kind: Kind = Kind.REPORT


@dataclass(slots=True)
class Row:
    """What is known of one distinct reporter of an image: facts, from which each judgement makes a weight."""

    received_ms: int  # when they first reported it
    reason: str  # what they said last
    reporter_class: str
    age: int = UNKNOWN_AGE  # of the account when they reported, minutes
    networks: Networks = NOWHERE


@dataclass(slots=True)
class Tally:
    """All that is kept of one image; of the copies of one picture, each has its state, and the picture has the rows."""

    epoch: int = 1
    state: State = State.OPEN
    rows: dict[bytes, Row] = field(default_factory=dict)
    cleared_ms: int = 0
    copies: dict[bytes, str] = field(default_factory=dict)  # of a picture: digest -> id of images that show it
    score: int = 0  # thousandths of a point, at the last judgement
    name: str = ""  # the image's id, while reports can change it and two people have reported it
    wary: bool = False  # cleared before: its bar is higher
    blocked_ms: int = 0  # when reports blocked it; kept in the list of what is blocked

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
        self.budgets: dict[bytes, list[int]] = {}  # when each person carried automatic blocks, seconds since 1970
        self.views: dict[bytes, int] = {}
        self.aliases: dict[bytes, bytes] = {}  # image digest -> digest of the picture that has its rows
        self.parted: dict[bytes, bytes] = {}  # the same of images that stay beside the picture that they show
        self.pictures: dict[bytes, bytes] = {}  # PDQ hash -> digest of the tally for which it stands
        self.pending: dict[tuple[bytes, str], int] = {}  # digest and id -> when it was last judged, of what may cross
        self.decided: dict[bytes, list[Any]] = {}  # by digest what moderators decided (quorum.moderation.past)
        self.causes: dict[str, Cause] = {}  # image id -> why it waits for a moderator
        self.shield = Shield()
        self.days: Days = {}  # figures of each day
        self.turns = 0  # times that an image was held or released
        self.caps = policy.numbers(partitions)

    def with_rows(self, digest: bytes) -> Tally:
        """Return the tally that has the rows of an image: its own, or that of its picture."""
        return self.tallies.setdefault(self.aliases.get(digest, digest), Tally())
