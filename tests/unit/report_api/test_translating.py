"""The texts of the API's pages in the reader's language."""

import subprocess
import sys

import pytest

from quorum.languages import DEFAULT_LANGUAGE, LANGUAGES
from report_api.demo.crew_texts import CREW_TEXTS
from report_api.demo.stories import STORIES
from report_api.demo.texts import CAUSES, STATES, TEXTS
from report_api.landing.texts import TEXTS as LANDING
from report_api.translating import translated

TABLES = [TEXTS, STATES, CAUSES, LANDING, *CREW_TEXTS.values(), *STORIES.values()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_told_in_the_language_under_its_name(language: str) -> None:
    for table in TABLES:
        told = translated(table, language)
        assert told.keys() == table.keys()
        assert all((told[name] == table[name]) is (language == DEFAULT_LANGUAGE) for name in table), told


def test_french_has_no_sign_alone_on_a_line() -> None:
    told = [text for table in TABLES for text in translated(table, "fr").values()]
    assert any("\N{NARROW NO-BREAK SPACE}:" in text for text in told)
    assert not [text for text in told if " :" in text or " ;" in text or " !" in text or " ?" in text]


def test_what_only_takes_reports_does_not_wait_for_catalogues() -> None:
    """Babel is imported by the first page that is shown, not by the start of the API."""
    program = "import sys, report_api.app; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
