"""What a reader is told, in their language."""

import re
from functools import lru_cache

DEFAULT_LANGUAGE = "en"

THANK_YOU = {
    "en": "Thank you for reporting! This image will be blocked automatically once several people have reported it.",
    "fr": "Merci d'avoir signalé ! Cette image sera automatiquement bloquée après qu'elle soit signalée par plusieurs "
    "personnes.",
    "ar": "شكرًا على الإبلاغ! ستُحجب هذه الصورة تلقائيًا بعد أن يبلّغ عنها عدة أشخاص.",
    "es": "¡Gracias por informar! Esta imagen se bloqueará automáticamente cuando varias personas la hayan denunciado.",
}

_RANGE = re.compile(r"^([a-zA-Z]{1,8}|\*)(?:-[a-zA-Z0-9-]{1,35})?(?:\s*;\s*[qQ]\s*=\s*([01](?:\.\d{0,3})?))?$")
_MAX_HEADER = 500  # characters; a longer Accept-Language is not one that a browser sends


@lru_cache(maxsize=512)
def choose_language(accept_language: str | None) -> str:
    """Return the offered language that an Accept-Language header prefers (RFC 9110, 12.5.4); English by default.

    A regional tag (`fr-CA`) is served by its language; the first of equally preferred ones wins.
    """
    best, best_quality = DEFAULT_LANGUAGE, 0.0
    if not accept_language or len(accept_language) > _MAX_HEADER:
        return best
    for part in accept_language.split(","):
        match = _RANGE.match(part.strip())
        if not match:
            continue
        language, quality = match[1].lower(), float(match[2] or 1)
        if language == "*":
            language = DEFAULT_LANGUAGE
        if language in THANK_YOU and quality > best_quality:
            best, best_quality = language, quality
    return best
