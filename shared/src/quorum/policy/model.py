"""The policy as a value, and the numbers that the tally script is given."""

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

POINT = 1000  # scores are integers in thousandths of a point, so that 0.1 + 0.2 is 0.3
MAX_REPORTERS_STORED = 256  # per image; bounds memory and the cost of one report


def reason_code(name: str) -> int:
    """Return the 16-bit code under which a tally keeps a reason: derived from the name, so it outlives policy edits."""
    return int.from_bytes(blake2b(name.encode(), digest_size=2, person=b"quorum.reason").digest(), "big")


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing a reader may say is wrong with an image."""

    name: str
    weight: float = 1.0

    @property
    def code(self) -> int:
        """The stable 16-bit code of the reason's name."""
        return reason_code(self.name)


@dataclass(frozen=True)
class Policy:
    """When an image is blocked. Weights and thresholds are in points, times in seconds.

    Blocked when score >= threshold and distinct reporters >= min_reporters, where the score is the sum over distinct
    reporters inside the window of reporter weight x reason weight (the strongest of a reporter's reasons).
    """

    threshold: float
    min_reporters: int
    window_seconds: int
    reasons: tuple[Reason, ...]
    reporter_weights: dict[str, float]

    def weight(self, reporter_class: str, reason: str) -> int:
        """Return what one report adds, in thousandths of a point. Raises KeyError for an unknown class or reason."""
        return self.weights[reporter_class][reason]

    @cached_property
    def reason_names(self) -> frozenset[str]:
        """The names that a report may give as its reason."""
        return frozenset(reason.name for reason in self.reasons)

    @cached_property
    def weights(self) -> dict[str, dict[str, int]]:
        """Thousandths of a point by reporter class and reason name: round(reporter weight x reason weight x 1000)."""
        return {
            reporter_class: {reason.name: round(weight * reason.weight * POINT) for reason in self.reasons}
            for reporter_class, weight in self.reporter_weights.items()
        }

    @cached_property
    def version(self) -> str:
        """Twelve hex digits that name exactly these rules; stamped into every decision."""
        rules: dict[str, Any] = {
            "threshold": self.threshold,
            "min_reporters": self.min_reporters,
            "window_seconds": self.window_seconds,
            "weights": self.weights,
        }
        return blake2b(json.dumps(rules, sort_keys=True).encode(), digest_size=6).hexdigest()

    @cached_property
    def numbers(self) -> str:
        """The policy as `drain.lua` takes it: JSON with integers only (thousandths of a point, milliseconds)."""
        return json.dumps(
            {
                "version": self.version,
                "threshold": round(self.threshold * POINT),
                "min_reporters": self.min_reporters,
                "window_ms": self.window_seconds * 1000,
                "max_stored": MAX_REPORTERS_STORED,
                "weights": self.weights,
                "codes": {reason.name: reason.code for reason in self.reasons},
                "names": {str(reason.code): reason.name for reason in self.reasons},
            },
            separators=(",", ":"),
        )
