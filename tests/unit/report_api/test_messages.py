"""The language a reader is answered in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.languages import THANK_YOU
from report_api.web.language import choose_language


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
        ("fr," * 1000, "fr"),
        ("fr" * 1000, "en"),
        ("*,en;q=0", "fr"),
        ("*;q=0", "en"),
        ("*;q=0.5, fr;q=0, en;q=0", "ar"),
        ("fr_FR", "fr"),
        ("fr_FR.UTF-8", "fr"),
        (" fr ; q = .9 , es ; Q = 1. ", "es"),
        ("fr;q=.9", "fr"),
        ("en;q=.5, fr;q=.9", "fr"),
        ("en;q=0., ar;q=1.", "ar"),
        ("en;q=0.1,fr;q=.2,es;q=.15", "fr"),
        ("fr;q=0, fr-CA, es;q=0.5", "fr"),
        ("fr-CA;q=0.2, es;q=0.5, fr;q=0.9", "fr"),
        ("es;q=1.5, fr;q=-1, ar;q=0.1", "ar"),
        (",,, ,fr", "fr"),
    ],
)
def test_the_preferred_language_that_is_offered_wins(header: str | None, language: str) -> None:
    assert choose_language(header) == language


# What browsers and apps send, as seen in the field: Chrome, Firefox, Safari, Edge, Android's and Apple's HTTP clients,
# crawlers, and people who chose many languages.
SENT = [
    ("fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7", "fr"),  # Chrome
    ("fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3", "fr"),  # Firefox
    ("fr-FR,fr;q=0.9", "fr"),  # Safari
    ("fr-CA,fr;q=0.9,en-CA;q=0.8,en;q=0.7,fr-FR;q=0.6", "fr"),  # Safari with several regions
    ("es-419,es;q=0.9,en;q=0.8", "es"),  # Chrome, Latin America
    ("es-MX,es-US;q=0.9,en-US;q=0.8", "es"),
    ("ar-SA,ar;q=0.9,en;q=0.8", "ar"),
    ("ar", "ar"),
    ("ar-XB", "ar"),  # Android's pseudo-locale
    ("en-US,en;q=0.9", "en"),
    ("en-GB,en;q=0.9,fr;q=0.8", "en"),
    ("de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "en"),
    ("de-DE,de;q=0.9,es;q=0.8,en;q=0.7", "es"),
    ("pt-BR,pt;q=0.9,es;q=0.8", "es"),
    ("zh-CN,zh;q=0.9,en;q=0.8,ar;q=0.7", "en"),
    ("zh-Hant-HK;q=1, fr-HK;q=0.9", "fr"),  # URLSession, with the user's region
    ("fr-FR;q=1.0, en-FR;q=0.9", "fr"),  # Alamofire
    ("fr-FR,en-US;q=0.9", "fr"),  # OkHttp with LocaleList
    ("fr_FR", "fr"),  # apps that send a POSIX locale
    ("fr_CA,en_US;q=0.8", "fr"),
    ("ca-ES-valencia,es;q=0.5", "es"),
    ("*", "en"),  # curl and libraries that are told so
    ("*;q=0.1", "en"),
    ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),  # the example of RFC 9110
    ("da, en-gb;q=0.8, en;q=0.7", "en"),  # RFC 9110, too
    ("en-us,en;q=0.5", "en"),
    ("fr-FR,fr;q=0.9," + ",".join(f"x{a}-{a.upper()}{b.upper()};q=0.1" for a in "abcdefghij" for b in "abcde"), "fr"),
]


@pytest.mark.parametrize(("header", "language"), SENT)
def test_what_browsers_and_apps_send_gives_the_readers_language(header: str, language: str) -> None:
    assert choose_language(header) == language
    assert choose_language(header.upper()) == language
    assert choose_language(header.replace(",", " , ").replace(";", " ; ")) == language
    assert choose_language(header.replace("q=0.", "q=.")) == language


def test_a_long_header_counts_up_to_its_bound() -> None:
    """The one of 575 characters began with fr-FR and gave English."""
    assert len(SENT[-1][0]) >= 575
    rare = "".join(f",de-{number:04};q=0.1" for number in range(2000))
    assert choose_language("fr-FR" + rare) == "fr"
    assert choose_language("de" + rare + ",fr") == "en"
    cut = "de," * 332 + "de-fr-FR-" + "x" * 300  # what is cut in the middle is not read
    assert choose_language(cut) == "en"


_TAGS = st.sampled_from(["en", "fr", "ar", "es", "de", "fr-CA", "es_MX", "EN-us", "zh-Hans-CN"])
_QUALITIES = st.sampled_from(["", ";q=0", ";q=0.000", ";q=.5", ";q=0.5", "; q = 0.9", ";q=1", ";q=1.000", ";q=.25"])


@given(st.lists(st.tuples(_TAGS, _QUALITIES), max_size=12))
def test_no_other_offered_language_is_preferred_to_the_one_that_is_chosen(ranges: list[tuple[str, str]]) -> None:
    best: dict[str, float] = {}
    for tag, said in ranges:
        language = tag.replace("_", "-").split("-", maxsplit=1)[0].lower()
        quality = float(said.rpartition("=")[2] or 1)
        if language in THANK_YOU:
            best[language] = max(best.get(language, 0.0), quality)
    chosen = choose_language(",".join(tag + said for tag, said in ranges))
    assert best.get(chosen, 0.0) == max(best.values(), default=0.0)
    if not any(best.values()):
        assert chosen == "en"


@given(st.text(max_size=3000))
def test_any_header_gives_a_language_that_is_offered(header: str) -> None:
    assert choose_language(header) in THANK_YOU


def test_the_french_text_is_the_sentence_that_started_it() -> None:
    assert THANK_YOU["fr"].startswith("Merci d'avoir signalé !")
    assert set(THANK_YOU) == {"en", "fr", "ar", "es"}
