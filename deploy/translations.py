"""Brings the catalogues of translations up to date with the texts in the source, and says what is left to translate.

Usage: python deploy/translations.py [--check]. With --check nothing is written, and exit status 1 says that a catalogue
is not up to date. What is translated stays; a text that is new stands in the catalogue without a translation.
"""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
PACKAGES = (ROOT / "services/console/src/console", ROOT / "services/report-api/src/report_api")
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "later": None, "gettext": None, "ngettext": (1, 2)}
OPTIONS = {"**/templates/**.html": {"trimmed": "true", "encoding": "utf-8"}}
TRANSLATED = ("ar", "es", "fr")
WIDTH = 120


def main() -> None:
    """Go through all packages and languages."""
    check = "--check" in sys.argv[1:]
    stale = False
    for package in PACKAGES:
        template = texts_of(package)
        for language in TRANSLATED:
            path = package / "locale" / f"{language}.po"
            before = path.read_bytes() if path.exists() else b""
            after = updated(before, template, language)
            stale = stale or after != before
            if not check:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(after)
            sys.stdout.write(f"{path.relative_to(ROOT)}: {told(after, language)}\n")
    if check and stale:
        sys.exit("a catalogue is not up to date: make translations")


def texts_of(package: Path) -> Catalog:
    """Return all texts of a package, sorted, each with the file that it stands in."""
    catalogue = Catalog(charset="utf-8")
    found = extract_from_dir(package, METHODS, OPTIONS, keywords=KEYWORDS)
    for name, _line, message, _comments, _context in found:
        catalogue.add(message, locations=[(name, 0)])
    return catalogue


def updated(before: bytes, template: Catalog, language: str) -> bytes:
    """Return a catalogue with exactly the texts of `template`, and the translations that it had of them."""
    old = read_po(BytesIO(before), locale=language) if before else Catalog(locale=language)
    new = Catalog(locale=language, charset="utf-8", header_comment="# Translations of quorum.", fuzzy=False)
    for message in template:
        if message.id:
            known = old.get(message.id if isinstance(message.id, str) else message.id[0])
            same = known is not None and known.id == message.id
            locations = sorted({(name, 0) for name, _ in message.locations})
            new.add(message.id, known.string if same and known else "", locations=locations, flags=message.flags)
    written = BytesIO()
    write_po(written, new, width=WIDTH, sort_output=True, omit_header=True, include_lineno=False)
    head = f'# Translations of quorum: {language}\nmsgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    plural = f'"Language: {language}\\n"\n"Plural-Forms: {new.plural_forms}\\n"\n\n'
    return (head + plural).encode() + written.getvalue()


def told(catalogue: bytes, language: str) -> str:
    """Say how many texts a catalogue has, and how many of them are not translated."""
    messages = [message for message in read_po(BytesIO(catalogue), locale=language) if message.id]
    lacking = [message for message in messages if not is_whole(message.string)]
    return f"{len(messages)} texts, {len(lacking)} to translate"


def is_whole(translation: object) -> bool:
    """Tell whether a text is translated, in each of its forms."""
    forms = translation if isinstance(translation, tuple | list) else [translation]
    return all(forms)


if __name__ == "__main__":
    main()
