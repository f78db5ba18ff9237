"""Which of the languages that are offered a reader gets, by what their browser or app asks for."""

import re
from functools import lru_cache

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from quorum.languages import DEFAULT_LANGUAGE, THANK_YOU

MAX_HEADER = 1000  # characters, up to a comma: more languages than anybody reads, and what may be parsed in no time

# `; q = .9` and `q=1.`, as people and apps write: the parser takes them for no quality at all.
_QUALITY = re.compile(r";\s*q\s*=\s*(\d*)(?:\.(\d*))?(?=\s*(?:,|$))", re.IGNORECASE)
_OFFERED = (DEFAULT_LANGUAGE, *(language for language in THANK_YOU if language != DEFAULT_LANGUAGE))


def choose_language(accept_language: str | None) -> str:
    """Return the offered language that an Accept-Language header prefers (RFC 9110, 12.5.4); English by default.

    A regional tag (`fr-CA`, and `fr_CA` as some apps write) is served by its language; the first of equally preferred
    ones wins. `*` stands for whatever is not named, and quality 0 excludes. A long header counts up to MAX_HEADER.
    """
    if not accept_language:
        return DEFAULT_LANGUAGE
    if len(accept_language) > MAX_HEADER:
        accept_language = accept_language[:MAX_HEADER].rpartition(",")[0]
    return _chosen(accept_language)


def offered(tag: str) -> str | None:
    """Return the language of a tag (`fr`, `FR-ca`, `fr_FR`), None when it is not offered."""
    language = _primary(tag)
    return language if language in THANK_YOU else None


@lru_cache(maxsize=512)
def _chosen(header: str) -> str:
    accepted = parse_accept_header(_QUALITY.sub(_whole_number, header), LanguageAccept)
    qualities: dict[str, float] = {}
    for tag, quality in accepted:  # the best first, of equal ones as in the header; `*` last
        qualities.setdefault(_primary(tag), quality)
    others = qualities.pop("*", 0.0)
    named = [language for language in qualities if language in THANK_YOU]
    unnamed = [language for language in _OFFERED if language not in qualities]
    candidates = [(qualities[language], language) for language in named] + [(others, one) for one in unnamed]
    best, language = max(candidates, key=lambda one: one[0], default=(0.0, DEFAULT_LANGUAGE))
    return language if best > 0 else DEFAULT_LANGUAGE


def _whole_number(found: re.Match[str]) -> str:
    return f";q={found[1] or 0}.{found[2] or 0}" if found[1] or found[2] else found[0]


def _primary(tag: str) -> str:
    return re.split("[-_]", tag.strip(), maxsplit=1)[0].lower()
