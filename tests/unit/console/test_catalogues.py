"""The catalogues of translations: up to date, whole, and with the same places for values in every language."""

import importlib.util
import re
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from conftest import ROOT

from quorum.languages import DEFAULT_LANGUAGE, LANGUAGES
from quorum.languages.catalogues import translations

NAMED = re.compile(r"%\(\w+\)s")
PLACE = re.compile(r"%\(\w+\)s|%%|\{\w+\}")
COMMANDS = "|".join(sorted({command.name for command in entry_points(group="quorum.commands")}))
QUOTED = re.compile(rf"`[^`]+`|\b(?:QUORUM_[A-Z_]+|quorum (?:{COMMANDS}))\b")


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "deploy" / "translations.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = script()
CATALOGUES = [(package, language) for package in SCRIPT.PACKAGES for language in SCRIPT.TRANSLATED]


def messages(package: Path, language: str) -> list[Message]:
    with (package / "locale" / f"{language}.po").open("rb") as file:
        return [message for message in read_po(file, locale=language, abort_invalid=True) if message.id]


def forms(text: object) -> list[str]:
    return [str(one) for one in text] if isinstance(text, tuple | list) else [str(text)]


def test_every_language_of_readers_has_a_catalogue() -> None:
    assert {DEFAULT_LANGUAGE, *SCRIPT.TRANSLATED} == set(LANGUAGES)


@pytest.mark.parametrize(("package", "language"), CATALOGUES, ids=lambda one: getattr(one, "name", one))
def test_a_catalogue_is_up_to_date(package: Path, language: str) -> None:
    path = package / "locale" / f"{language}.po"
    assert SCRIPT.updated(path.read_bytes(), SCRIPT.texts_of(package), language) == path.read_bytes(), (
        "run make translations"
    )


@pytest.mark.parametrize(("package", "language"), CATALOGUES, ids=lambda one: getattr(one, "name", one))
def test_every_text_is_translated_with_the_same_places_for_values(package: Path, language: str) -> None:
    for message in messages(package, language):
        wanted = set(PLACE.findall(" ".join(forms(message.id))))
        for form in forms(message.string):
            assert form.strip(), message.id
            assert set(PLACE.findall(form)) <= wanted, (message.id, form)
            assert set(PLACE.findall(form)) >= wanted - {"%(num)s"}, (message.id, form)
            if wanted & set(NAMED.findall(form)):  # it is filled in: no other % may stand there
                assert form % dict.fromkeys(re.findall(r"%\((\w+)\)s", form), "") is not None
            assert set(QUOTED.findall(forms(message.id)[0])) == set(QUOTED.findall(form)), (message.id, form)


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != DEFAULT_LANGUAGE])
def test_a_text_that_no_catalogue_has_is_told_in_english(language: str) -> None:
    [package] = {package for package, _ in CATALOGUES if package.name == "console"}
    assert translations(package / "locale", language).gettext("never written") == "never written"
