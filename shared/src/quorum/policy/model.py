"""The policy as a value, and the numbers that the tally script is given."""

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

from quorum.images.urls import KEEP_ALL, UrlRules
from quorum.policy.classes import CLASSES
from quorum.policy.legal import Legal
from quorum.policy.sections import (
    Abuse,
    Accuracy,
    AfterClear,
    Appeals,
    Limits,
    People,
    Pictures,
    Shields,
    Tokens,
    Withdrawals,
)

POINT = 1000  # scores are integers in thousandths of a point, so that 0.1 + 0.2 is 0.3
MAX_REPORTERS_STORED = 256  # per image; bounds memory and the cost of one report
MAX_COPIES = 1000  # images that share a tally by content hash

LANGUAGES = ("en", "fr", "ar", "es")


def reason_code(name: str) -> int:
    """Return the 16-bit code under which a tally keeps a reason: derived from the name, so it outlives policy edits."""
    return int.from_bytes(blake2b(name.encode(), digest_size=2, person=b"quorum.reason").digest(), "big")


@dataclass(frozen=True, slots=True)
class Bar:
    """What it takes: a score in points, and distinct reporters."""

    threshold: float
    min_reporters: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing a reader may say is wrong with an image."""

    name: str
    weight: float = 1.0
    bar: Bar | None = None  # a serious reason may have a lower bar of its own
    labels: dict[str, str] = field(default_factory=dict)  # language -> what a reader sees

    @property
    def code(self) -> int:
        """The stable 16-bit code of the reason's name."""
        return reason_code(self.name)

    def label(self, language: str) -> str:
        """Return what a reader of `language` sees."""
        return self.labels.get(language) or self.labels.get("en") or self.name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class ImageRule:
    """A bar of their own for some images; `match` is a canonical id, or the beginning of ids when it ends with `*`."""

    match: str
    bar: Bar
    protected: bool = False

    @property
    def exact(self) -> bool:
        """Whether it names one image."""
        return not self.match.endswith("*")

    @property
    def text(self) -> str:
        """The id or the beginning of ids, without the star."""
        return self.match.removesuffix("*")

    def covers(self, image_id: str) -> bool:
        """Tell whether the rule is about this image."""
        return image_id == self.match if self.exact else image_id.startswith(self.text)


@dataclass(frozen=True, eq=False)
class Policy:
    """When an image is blocked. Weights and thresholds are in points, times in seconds.

    Blocked when score >= threshold and distinct reporters >= min_reporters, where the score is made of the distinct
    reporters inside the window: reporter weight x reason weight (of the reason that they gave last) x the age of the
    account x accuracy, and less for those who look alike (`quorum.judgement.weighing`). `docs/policy.md` has all
    rules.
    """

    threshold: float
    min_reporters: int
    window_seconds: int
    reasons: tuple[Reason, ...]
    reporter_weights: dict[str, float]
    images: tuple[ImageRule, ...] = ()  # the most particular first
    people: People = People()
    after_clear: AfterClear = AfterClear()
    withdrawals: Withdrawals = Withdrawals()
    accuracy: Accuracy = Accuracy()
    abuse: Abuse = Abuse()
    shields: Shields = Shields()
    limits: Limits = Limits()
    tokens: Tokens = Tokens()
    least_view_ratio: float = 0.0  # reporters per view, where the site sends views; 0: not asked
    urls: UrlRules = KEEP_ALL  # which spellings of a URL are one image
    pictures: Pictures = Pictures()
    appeals: Appeals = Appeals()
    legal: Legal = Legal()
    notes: tuple[str, ...] = ()  # what the file says that means nothing any more, and what stands for it

    def weight(self, reporter_class: str, reason: str) -> int:
        """Return what one report adds, in thousandths of a point, before the reporter's accuracy.

        A reason that the policy no longer knows weighs 1.0, so that an edit loses no report. Raises KeyError for an
        unknown class.
        """
        return self.weights[reporter_class].get(reason, round(self.reporter_weights[reporter_class] * POINT))

    def rule_for(self, image_id: str) -> ImageRule | None:
        """Return the most particular rule about an image."""
        return next((rule for rule in self.images if rule.covers(image_id)), None)

    @property
    def _bars(self) -> list[Bar]:
        own = [reason.bar for reason in self.reasons if reason.bar]
        return [Bar(self.threshold, self.min_reporters), *own, *(rule.bar for rule in self.images)]

    @cached_property
    def reason_names(self) -> frozenset[str]:
        """The names that a report may give as its reason."""
        return frozenset(reason.name for reason in self.reasons)

    @cached_property
    def names_by_code(self) -> dict[int, str]:
        """Reason names by the code that a tally keeps."""
        return {reason.code: reason.name for reason in self.reasons}

    @cached_property
    def url_rules_version(self) -> str:
        """Names exactly what the policy says of URLs."""
        return self.urls.version

    @cached_property
    def weights(self) -> dict[str, dict[str, int]]:
        """Thousandths of a point by reporter class and reason name: round(reporter weight x reason weight x 1000)."""
        return {
            reporter_class: {reason.name: round(weight * reason.weight * POINT) for reason in self.reasons}
            for reporter_class, weight in self.reporter_weights.items()
        }

    @cached_property
    def version(self) -> str:
        """Twelve hex digits that name exactly these rules, stamped into every decision; labels are no rules."""
        people = asdict(self.people)
        rules: dict[str, Any] = {
            "numbers": self.numbers(1),
            "people": {name: sorted(map(str, of)) for name, of in people.items() if isinstance(of, (frozenset, tuple))},
            "limits": asdict(self.limits),
            "tokens": asdict(self.tokens),
            "urls": self.urls.document(),
            **({"fold_case": True} if self.people.fold_case else {}),  # so that other policies keep their versions
        }
        return blake2b(json.dumps(rules, sort_keys=True).encode(), digest_size=6).hexdigest()

    def numbers(self, partitions: int) -> dict[str, Any]:
        """Return the policy as the scripts take it: thousandths of a point, milliseconds, shares in millionths.

        The caps of the shields are shared evenly among `partitions`, since a script sees one of them only.
        """
        people, clear, accuracy, abuse = self.people, self.after_clear, self.accuracy, self.abuse
        return {
            "threshold": thousandths(self.threshold),
            "min_reporters": self.min_reporters,
            "window_ms": self.window_seconds * 1000,
            "max_stored": MAX_REPORTERS_STORED,
            "max_copies": MAX_COPIES,
            "class_weights": [thousandths(self.reporter_weights[name]) for name in CLASSES],
            "weights": [self.weights[name] for name in CLASSES],
            "codes": {reason.name: reason.code for reason in self.reasons},
            "names": {str(code): name for code, name in self.names_by_code.items()},
            "reason_bars": {reason.name: _bar(reason.bar) for reason in self.reasons if reason.bar},
            "images": [_rule(rule) for rule in self.images],
            "trusted_alone": people.trusted_alone,
            "full_minutes": round(people.full_weight_days * 1440),
            "blocks_per_day": -(-people.blocks_per_day // partitions),
            "immune_ms": days(clear.immune_days),
            "review_reporters": clear.review_reporters,
            "clear_factor": thousandths(clear.threshold_factor),
            "undo_ms": round(self.withdrawals.undo_minutes * 60_000),
            "prior": accuracy.prior,
            "least": thousandths(accuracy.least),
            "most": thousandths(accuracy.most),
            "abuse": abuse.unfounded,
            "abuse_share": thousandths(abuse.share),
            "notice_minutes": round(abuse.notice_days * 1440),
            "mute_minutes": round(abuse.mute_days * 1440),
            "lowest": min(thousandths(bar.threshold) for bar in self._bars),
            "hour_cap": -(-self.shields.blocks_per_hour // partitions),
            "day_cap": -(-self.shields.blocks_per_day // partitions),
            "shields_factor": thousandths(self.shields.factor),
            "shields_ms": round(self.shields.up_minutes * 60_000),
            "view_ratio": round(self.least_view_ratio * 1_000_000),
        }


def thousandths(value: float) -> int:
    """Return points, factors or shares as the integers that tallies are kept in."""
    return round(value * POINT)


def days(value: float) -> int:
    """Return days in milliseconds."""
    return round(value * 86_400_000)


def _rule(rule: ImageRule) -> dict[str, Any]:
    return {"text": rule.text, "exact": rule.exact, "protected": rule.protected, **_bar(rule.bar)}


def _bar(bar: Bar) -> dict[str, int]:
    return {"threshold": thousandths(bar.threshold), "min_reporters": bar.min_reporters}
