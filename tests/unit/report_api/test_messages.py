"""The language a reader is answered in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.languages import THANK_YOU, choose_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "fr"),
        ("FR-ca", "fr"),
        ("ar-EG,ar;q=0.9", "ar"),
        ("de,es;q=0.5", "es"),
        ("en;q=0.3, fr;q=0.7", "fr"),
        ("en;q=0.7, fr;q=0.7", "en"),
        ("fr;q=0", "en"),
        ("*", "en"),
        ("de, *;q=0.5", "en"),
        ("fr;q=x, es;q=0.1", "es"),
        (" fr ; q=0.9 , es ; Q=1.0", "es"),
        ("zh-Hans-CN", "en"),
        ("fr," * 1000, "en"),
    ],
)
def test_the_preferred_language_that_is_offered_wins(header: str | None, language: str) -> None:
    assert choose_language(header) == language


@given(st.text(max_size=600))
def test_any_header_gives_a_language_that_is_offered(header: str) -> None:
    assert choose_language(header) in THANK_YOU


def test_the_french_text_is_the_sentence_that_started_it() -> None:
    assert THANK_YOU["fr"].startswith("Merci d'avoir signalé !")
    assert set(THANK_YOU) == {"en", "fr", "ar", "es"}
