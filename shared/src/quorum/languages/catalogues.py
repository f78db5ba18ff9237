"""Translations, from the gettext catalogues (.po) that translators edit. Nothing is compiled beforehand."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from quorum.languages import DEFAULT_LANGUAGE


@cache
def translations(folder: Path, language: str) -> NullTranslations:
    """Return the translations of `folder`/`language`.po; what has none is told in English, as in the source."""
    if language == DEFAULT_LANGUAGE:
        return NullTranslations()
    with (folder / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
