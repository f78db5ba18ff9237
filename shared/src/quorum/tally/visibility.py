"""What a reader's browser may know of the pictures on its page: which to hide, and what became of its own reports.

No counts, which would tell a brigade how far it has come. Nothing is kept by person: a reader's own report is found
among the rows of the pictures that they ask for. A clear drops the rows, so whoever was seen to have reported gets a
receipt, with which they can ask later what became of it: an HMAC of reader and picture, kept by the browser alone.
"""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from quorum.images.image import Image
from quorum.judgement.records import State
from quorum.policy.model import Policy
from quorum.reporters.fingerprints import Reporter, request_digest
from quorum.tally.codec import Record
from quorum.tally.statuses import Statuses


class Visibility(StrEnum):
    """What a page does with a picture."""

    VISIBLE = "visible"
    HELD = "held"  # waits for a moderator: ask before it is shown
    BLOCKED = "blocked"


class Outcome(StrEnum):
    """What became of somebody's report."""

    OPEN = "open"
    BLOCKED = "blocked"
    KEPT = "kept"  # a moderator has looked, and the picture stays


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture as one reader sees it; `outcome` and `receipt` (hex digits) only where they have reported it."""

    image_id: str
    visibility: Visibility
    outcome: Outcome | None = None
    receipt: str | None = None


class Visibilities:
    """Looks pictures up for readers."""

    def __init__(self, statuses: Statuses, pepper: str, previous_pepper: str = "") -> None:
        self._statuses = statuses
        self._peppers = [one.encode() for one in (pepper, previous_pepper) if one]

    def of(
        self, images: Sequence[Image], reporter: Reporter | None, receipts: Collection[str], policy: Policy
    ) -> list[Seen]:
        """Return each picture as `reporter` sees it, in order; `None` is nobody, who has reported nothing.

        Raises StoreUnavailable; DataMissing, lest a blocked picture seem visible.
        """
        kept, now_ms = self._statuses.kept(images)
        oldest = now_ms - policy.window_seconds * 1000
        return [
            self._seen(image, record, reporter, receipts, oldest)
            for image, (record, _) in zip(images, kept, strict=True)
        ]

    def _seen(
        self, image: Image, record: Record, reporter: Reporter | None, receipts: Collection[str], oldest: int
    ) -> Seen:
        visibility = _visibility(record.state)
        if reporter is None:
            return Seen(image.id, visibility)
        names = (reporter.fingerprint, *reporter.previous)
        if any(row.fingerprint in names and row.received_ms > oldest for row in record.rows):
            outcome = Outcome.BLOCKED if record.state.is_blocked else Outcome.OPEN
            return Seen(image.id, visibility, outcome, self._receipts(image, names)[0])
        if record.state is State.CLEARED and receipts:
            held = next((one for one in self._receipts(image, names) if _is_among(one, receipts)), None)
            if held:
                return Seen(image.id, visibility, Outcome.KEPT, held)
        return Seen(image.id, visibility)

    def _receipts(self, image: Image, names: Sequence[bytes]) -> list[str]:
        """Return every receipt by which somebody may be known to have reported an image, the one in use first."""
        return [
            request_digest(pepper, b"receipt", name, image.digest).hex() for pepper in self._peppers for name in names
        ]


def _visibility(state: State) -> Visibility:
    if state.is_blocked:
        return Visibility.BLOCKED
    return Visibility.HELD if state is State.HELD else Visibility.VISIBLE


def _is_among(receipt: str, receipts: Collection[str]) -> bool:
    return any(hmac.compare_digest(receipt, one) for one in receipts)
