"""The texts of the HTML pages in the reader's language.

English stands in the source. Catalogues lie in `locale/`; `make translations` brings them up to date with the source.
"""

from collections.abc import Mapping
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"


def later(message: str) -> str:
    """Mark a text of a constant: it is found for the catalogues here, and translated where it is shown."""
    return message


def translated(texts: Mapping[str, str], language: str) -> dict[str, str]:
    """Return named texts in a language, one of `quorum.languages.LANGUAGES`, under the same names."""
    from quorum.languages.catalogues import translations  # noqa: PLC0415 - babel is slow to import; only pages need it

    told = translations(LOCALE, language)
    return {name: told.gettext(text) for name, text in texts.items()}
