"""Why an image is blocked, as the EU's DSA Transparency Database takes it (Digital Services Act, Article 17).

The names of fields and their values are the database's. What quorum is not told it does not say: above all
`content_date`, when the image was published, which the database asks for and the site knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from quorum.events.event import BLOCKED, Event, event_id
from quorum.images.image import stored_image
from quorum.moderation.statements.texts import Words, words_in
from quorum.policy.legal import OTHER_VIOLATION
from quorum.policy.model import Policy

FULLY, NOT_AUTOMATED = "AUTOMATED_DECISION_FULLY", "AUTOMATED_DECISION_NOT_AUTOMATED"
ILLEGAL, INCOMPATIBLE = "DECISION_GROUND_ILLEGAL_CONTENT", "DECISION_GROUND_INCOMPATIBLE_CONTENT"
NOTICE, OTHER_NOTICE, OWN = "SOURCE_ARTICLE_16", "SOURCE_TYPE_OTHER_NOTIFICATION", "SOURCE_VOLUNTARY"


@dataclass(frozen=True, slots=True)
class Block:
    """A block of an epoch, since `at_ms` (Unix ms); `reasons` says for each how many people gave it.

    `by_moderator` says that a person decided it, or has decided since that it stays.
    """

    image_id: str
    digest: bytes
    epoch: int
    at_ms: int
    by_moderator: bool
    reasons: Mapping[str, int]

    @property
    def puid(self) -> str:
        """What names its statement: the id of the event that told the block."""
        return event_id(self.digest, self.epoch, "blocked")


def block_of(event: Event) -> Block:
    """Return the block that an event tells. Raises KeyError, TypeError for one that tells none."""
    if event.type != BLOCKED:
        raise KeyError(event.type)
    data = event.data
    by = data["decided_by"]["kind"] == "moderator"
    at_ms = round(event.time.timestamp() * 1000)
    return Block(event.subject, stored_image(event.subject).digest, data["epoch"], at_ms, by, dict(data["reasons"]))


def statement(block: Block, policy: Policy, language: str = "en", content_date: date | None = None) -> dict[str, Any]:
    """Return the statement of a block; its free texts are in a language."""
    ranked, legal = _ranked(block, policy), policy.legal
    categories = list(dict.fromkeys(legal.category_of(reason) for reason in ranked)) or [OTHER_VIOLATION]
    law = legal.laws.get(ranked[0]) if ranked else None
    words = words_in(language)
    return {
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
        "decision_facts": facts(block, policy, language),
        **_ground(law, policy, words, _labels(ranked, policy, language)),
        **({"decision_ground_reference_url": legal.terms_url} if legal.terms_url and law is None else {}),
        "content_type": ["CONTENT_TYPE_IMAGE"],
        "category": categories[0],
        **({"category_addition": categories[1:]} if categories[1:] else {}),
        "territorial_scope": list(legal.territories),
        **({"content_date": content_date.isoformat()} if content_date else {}),
        "application_date": datetime.fromtimestamp(block.at_ms / 1000, UTC).date().isoformat(),
        "source_type": OWN if not ranked else NOTICE if law else OTHER_NOTICE,
        "automated_detection": "No",  # people noticed it
        "automated_decision": NOT_AUTOMATED if block.by_moderator else FULLY,
        "puid": block.puid,
    }


def facts(block: Block, policy: Policy, language: str) -> str:
    """Return what was relied on, and who decided."""
    words, ranked = words_in(language), _ranked(block, policy)
    given = "; ".join(
        f"{label}: {block.reasons[reason]}"
        for label, reason in zip(_labels(ranked, policy, language), ranked, strict=True)
    )
    noticed = words.reported.format(count=sum(block.reasons.values()), reasons=given) if ranked else words.unreported
    return f"{noticed} {words.by_moderator if block.by_moderator else words.automatic}"


def whole_text(block: Block, policy: Policy, language: str) -> str:
    """Return the statement for the uploader: what happened, why, where it holds, and what they can do."""
    words, legal, ranked = words_in(language), policy.legal, _ranked(block, policy)
    day = datetime.fromtimestamp(block.at_ms / 1000, UTC).date().isoformat()
    law = legal.laws.get(ranked[0]) if ranked else None
    ground = words.law.format(law=law) if law else words.terms.format(terms=legal.terms)
    where = [ground, *([legal.terms_url] if legal.terms_url and law is None else [])]
    appeal = [words.appeal, *([legal.appeal_url] if legal.appeal_url else [])]
    lines = [
        words.title,
        words.hidden.format(image=block.image_id, day=day, countries=", ".join(legal.territories)),
        facts(block, policy, language),
        " ".join(where),
        " ".join(appeal),
        words.elsewhere,
    ]
    return "\n\n".join(lines) + "\n"


def _ground(law: str | None, policy: Policy, words: Words, labels: list[str]) -> dict[str, str]:
    explained = words.explained.format(reasons=", ".join(labels)) if labels else words.unreported
    if law:
        return {
            "decision_ground": ILLEGAL,
            "illegal_content_legal_ground": law,
            "illegal_content_explanation": explained,
        }
    return {
        "decision_ground": INCOMPATIBLE,
        "incompatible_content_ground": policy.legal.terms,
        "incompatible_content_explanation": explained,
    }


def _ranked(block: Block, policy: Policy) -> list[str]:
    """Return the reasons, the one that most people gave first; of equal ones in the policy's order."""
    order = {reason.name: place for place, reason in enumerate(policy.reasons)}
    return sorted(block.reasons, key=lambda name: (-block.reasons[name], order.get(name, len(order)), name))


def _labels(reasons: list[str], policy: Policy, language: str) -> list[str]:
    known = {reason.name: reason.label(language) for reason in policy.reasons}
    return [known.get(name, name.replace("_", " ")) for name in reasons]
