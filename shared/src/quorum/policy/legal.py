"""`[dsa]`, `[categories]`, `[laws]`: what statements of reasons say of a block (Digital Services Act, Article 17).

Categories and countries are those of the EU's DSA Transparency Database, in the release of July 2025.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from quorum.policy.fields import Fields

PREFIX = "STATEMENT_CATEGORY_"
OTHER_VIOLATION = PREFIX + "OTHER_VIOLATION_TC"
CATEGORIES = frozenset(
    PREFIX + name
    for name in (
        *("ANIMAL_WELFARE", "CONSUMER_INFORMATION", "CYBER_VIOLENCE", "CYBER_VIOLENCE_AGAINST_WOMEN"),
        *("DATA_PROTECTION_AND_PRIVACY_VIOLATIONS", "ILLEGAL_OR_HARMFUL_SPEECH"),
        *("INTELLECTUAL_PROPERTY_INFRINGEMENTS", "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS"),
        *("NOT_SPECIFIED_NOTICE", "OTHER_VIOLATION_TC", "PROTECTION_OF_MINORS", "RISK_FOR_PUBLIC_SECURITY"),
        *("SCAMS_AND_FRAUD", "SELF_HARM", "UNSAFE_AND_PROHIBITED_PRODUCTS", "VIOLENCE"),
    )
)
_EU = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
AREAS: Mapping[str, tuple[str, ...]] = {"EU": _EU, "EEA": tuple(sorted([*_EU, "IS", "LI", "NO"]))}
COUNTRIES = frozenset(AREAS["EEA"])

MAX_GROUND_CHARACTERS = 500  # of the database
MAX_URL_CHARACTERS = 500
_URLS = ("terms_url", "appeal_url", "complaint_url")
_PLAIN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Legal:
    """Categories by the names of reasons, the laws that some of them are about, and what else a ground is told by.

    `territories` are countries. The URLs are empty where the policy does not say: of the terms, of where uploaders
    appeal, and of where reporters complain.
    """

    categories: Mapping[str, str] = field(default_factory=dict)
    laws: Mapping[str, str] = field(default_factory=dict)
    terms: str = "Terms and conditions"
    territories: tuple[str, ...] = AREAS["EEA"]
    terms_url: str = ""
    appeal_url: str = ""
    complaint_url: str = ""

    def category_of(self, reason: str) -> str:
        """Return the category of a reason, that of other violations where the policy gives it none."""
        return self.categories.get(reason, OTHER_VIOLATION)


def read_legal(fields: Fields, reasons: Sequence[str], usual_categories: Callable[[], Mapping[str, str]]) -> Legal:
    """Return what a policy says of grounds; `usual_categories` are those of the default one. Raises PolicyError."""
    table = fields.table("dsa", {"terms", "territories", *_URLS})
    usual = Legal()
    return Legal(
        _categories(fields, reasons, usual_categories),
        {name: _ground(laws, name) for laws in [fields.table("laws", set(reasons))] for name in laws.names()},
        _ground(table, "terms") if "terms" in table else usual.terms,
        _territories(table) if "territories" in table else usual.territories,
        *(_url(table, name) if name in table else "" for name in _URLS),
    )


def _categories(fields: Fields, reasons: Sequence[str], usual: Callable[[], Mapping[str, str]]) -> dict[str, str]:
    table = fields.table("categories", set(reasons))
    found = {}
    for name in reasons:
        if name not in table:
            # the default policy is read before it can be asked
            found[name] = usual().get(name, OTHER_VIOLATION)
            continue
        found[name] = table.text(name)
        if found[name] not in CATEGORIES:
            raise table.error(name, f"is no category of the database; use one of {', '.join(sorted(CATEGORIES))}")
    return found


def _territories(table: Fields) -> tuple[str, ...]:
    given = table.texts("territories")
    unknown = [one for one in given if one not in AREAS and one not in COUNTRIES]
    if unknown or not given:
        problem = f'must hold "EU", "EEA" or countries of these in two capital letters{_named(unknown)}'
        raise table.error("territories", problem)
    return tuple(sorted({country for one in given for country in AREAS.get(one, [one])}))


def _named(unknown: Sequence[str]) -> str:
    return f"; {unknown[0]!r} is none" if unknown else ', as in ["EEA"]'


def _ground(table: Fields, name: str) -> str:
    text = table.text(name)
    if len(text) > MAX_GROUND_CHARACTERS or not text.isprintable():
        raise table.error(name, f"must be printable, at most {MAX_GROUND_CHARACTERS} characters")
    return text


def _url(table: Fields, name: str) -> str:
    text = table.text(name)
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError as error:
        raise table.error(name, f"is not a URL: {error}") from error
    if (
        parts.scheme not in {"http", "https"}
        or not host
        or not _PLAIN.fullmatch(text)
        or len(text) > MAX_URL_CHARACTERS
    ):
        problem = f"must be a URL with https:// or http:// in plain ASCII, of at most {MAX_URL_CHARACTERS} characters"
        raise table.error(name, problem)
    return text
