"""What the EU's DSA Transparency Database takes, written down for tests from its public documentation (July 2025)."""

import re
from datetime import date
from typing import Any

CATEGORIES = (
    "ANIMAL_WELFARE",
    "CONSUMER_INFORMATION",
    "CYBER_VIOLENCE",
    "CYBER_VIOLENCE_AGAINST_WOMEN",
    "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
    "ILLEGAL_OR_HARMFUL_SPEECH",
    "INTELLECTUAL_PROPERTY_INFRINGEMENTS",
    "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
    "NOT_SPECIFIED_NOTICE",
    "OTHER_VIOLATION_TC",
    "PROTECTION_OF_MINORS",
    "RISK_FOR_PUBLIC_SECURITY",
    "SCAMS_AND_FRAUD",
    "SELF_HARM",
    "UNSAFE_AND_PROHIBITED_PRODUCTS",
    "VIOLENCE",
)
EEA = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE"),
    *("IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"),
)

ONE_OF = {
    "decision_ground": {"DECISION_GROUND_ILLEGAL_CONTENT", "DECISION_GROUND_INCOMPATIBLE_CONTENT"},
    "category": {f"STATEMENT_CATEGORY_{name}" for name in CATEGORIES},
    "source_type": {
        *("SOURCE_ARTICLE_16", "SOURCE_TRUSTED_FLAGGER", "SOURCE_TYPE_OTHER_NOTIFICATION", "SOURCE_VOLUNTARY"),
    },
    "automated_detection": {"Yes", "No"},
    "automated_decision": {
        *("AUTOMATED_DECISION_FULLY", "AUTOMATED_DECISION_PARTIALLY", "AUTOMATED_DECISION_NOT_AUTOMATED"),
    },
}
SOME_OF = {
    "decision_visibility": {
        *("DECISION_VISIBILITY_CONTENT_REMOVED", "DECISION_VISIBILITY_CONTENT_DISABLED"),
        *("DECISION_VISIBILITY_CONTENT_DEMOTED", "DECISION_VISIBILITY_OTHER"),
    },
    "content_type": {
        *("CONTENT_TYPE_APP", "CONTENT_TYPE_AUDIO", "CONTENT_TYPE_IMAGE", "CONTENT_TYPE_PRODUCT", "CONTENT_TYPE_OTHER"),
        *("CONTENT_TYPE_SYNTHETIC_MEDIA", "CONTENT_TYPE_TEXT", "CONTENT_TYPE_VIDEO"),
    },
    "territorial_scope": set(EEA),
    "category_addition": ONE_OF["category"],
}
LONGEST = {
    "decision_facts": 5000,
    "illegal_content_legal_ground": 500,
    "illegal_content_explanation": 2000,
    "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2000,
    "puid": 500,
}
DATES = {"content_date": date(2000, 1, 1), "application_date": date(2020, 1, 1)}
REQUIRED = {
    *("decision_visibility", "decision_facts", "decision_ground", "content_type", "category", "territorial_scope"),
    *("content_date", "application_date", "source_type", "automated_detection", "automated_decision", "puid"),
}
BY_GROUND = {
    "DECISION_GROUND_ILLEGAL_CONTENT": {"illegal_content_legal_ground", "illegal_content_explanation"},
    "DECISION_GROUND_INCOMPATIBLE_CONTENT": {"incompatible_content_ground", "incompatible_content_explanation"},
}


def problems(statement: dict[str, Any]) -> list[str]:
    """Return what the database would refuse in a statement."""
    needed = REQUIRED | BY_GROUND.get(statement.get("decision_ground", ""), set())
    known = {*needed, *SOME_OF, "decision_ground_reference_url"}
    found = [f"{name} is missing" for name in sorted(needed - statement.keys())]
    found += [f"{name} is unknown" for name in sorted(statement.keys() - known)]
    for name, value in statement.items():
        if name in ONE_OF and value not in ONE_OF[name]:
            found.append(f"{name}: {value}")
        if name in SOME_OF and (not value or not set(value) <= SOME_OF[name]):
            found.append(f"{name}: {value}")
        if name in LONGEST and not 1 <= len(value) <= LONGEST[name]:
            found.append(f"{name} has {len(value)} characters")
        if name in DATES and not (re.fullmatch(r"\d{4}-\d\d-\d\d", value) and date.fromisoformat(value) >= DATES[name]):
            found.append(f"{name}: {value}")
    if not re.fullmatch("[A-Za-z0-9_-]+", statement.get("puid", "")):
        found.append("puid has other characters")
    return found
