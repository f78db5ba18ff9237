"""The names of people: one form, which every spelling comes to."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.characters import refusal
from quorum.errors import InvalidName, PolicyError
from quorum.people import MAX_NAME_BYTES, Person
from quorum.policy import parse_policy
from quorum.policy.load import default_policy
from quorum.reporters.identities import Identities

INVISIBLE = [*"\u3164\ufe0f\u200b\u200e\u202e\u2060\u2066\u00ad\u115f\u17b4\u180e\ufeff\uffa0\U000e0041", "\U000e0100"]
BROKEN = [*"\x00\n\t\x7f\x85\u2028\ufffd\ufdd0\uffff\ue000", "\ud800", "\udfff", "\U0010ffff"]


@pytest.mark.parametrize("mark", [*INVISIBLE, *BROKEN], ids=lambda mark: f"{ord(mark):04x}")
def test_what_cannot_be_seen_is_refused_wherever_it_stands(mark: str) -> None:
    for name in (mark, f"{mark}alice", f"ali{mark}ce", f"alice{mark}", f"alice {mark}"):
        for fold_case in (False, True):
            with pytest.raises(InvalidName, match=f"U\\+{ord(mark):04X}\\) at position {name.index(mark)}; remove it"):
                Person(name, fold_case=fold_case)


@pytest.mark.parametrize("name", ["", " ", "\u3000", "\u00a0 ", "\u2800"])
def test_a_blank_is_nobodys_name(name: str) -> None:
    with pytest.raises(InvalidName, match="must not be blank"):
        Person(name)


@pytest.mark.parametrize(
    "name",
    [
        "مي\u200cروم",
        "👨\u200d👩\u200d👧",
        "क्\u200dष",
        "reader-1",
        "山田　太郎",
        "🏳\u200d🌈",
        "\U0001fae8",
        "O\u2019Neil, J.",
    ],
)
def test_names_of_people_as_they_are_stay_as_they_are(name: str) -> None:
    assert Person(name).name == name
    assert not Person(name).earlier


@pytest.mark.parametrize("name", ["❤️", "x❤️\u200d🔥", "1️⃣", "↔️", "‼️", "葛\U000e0100城", "☎︎"])
def test_how_a_character_is_drawn_is_no_part_of_a_name(name: str) -> None:
    plain = Person("".join(one for one in name if not 0xFE00 <= ord(one) <= 0xFE0F and ord(one) < 0xE0000))
    assert Person(name) == plain
    assert name in Person(name).earlier


def test_a_name_is_bounded_as_it_is_sent() -> None:
    assert Person("é" * 1024).name
    with pytest.raises(InvalidName, match=f"at most {MAX_NAME_BYTES} bytes of UTF-8, not 2050"):
        Person("é" * 1025)


_TELLING = "aAzZ éÉßẞ\u017f\u212aİ\u0131\u03c3ςΣ\u0301\u0345\u200d❤\ufe0f"
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from(_TELLING)), max_size=12)


@given(TEXTS, st.booleans())
def test_every_spelling_comes_to_one_form_or_is_refused(text: str, fold_case: bool) -> None:  # noqa: FBT001 - Hypothesis
    try:
        person = Person(text, fold_case=fold_case)
    except InvalidName:
        return
    assert Person(person.name, fold_case=fold_case) == person
    assert unicodedata.is_normalized("NFC", person.name)
    assert refusal(person.name) is None
    assert person.name.strip()
    for spelling in (*person.earlier, *person.spellings, f" {text}\u3000", unicodedata.normalize("NFD", text)):
        assert Person(spelling, fold_case=fold_case) == person or Person(spelling, fold_case=fold_case) in {
            Person(one, fold_case=fold_case) for one in person.spellings
        }
    if text != person.name:
        assert text in person.earlier
    assert person.name not in person.earlier
    assert len(set(person.earlier)) == len(person.earlier) <= 4


@given(TEXTS)
def test_folding_only_ever_makes_one_of_several(text: str) -> None:
    try:
        exact = Person(text)
    except InvalidName:
        with pytest.raises(InvalidName):
            Person(text, fold_case=True)
        return
    assert Person(exact.name, fold_case=True) == Person(text, fold_case=True)


def test_folding_is_that_of_unicode() -> None:
    folded = [("STRASSE", "straße"), ("Alice", "aLICE"), ("ΣΑΣ", "σας"), ("RENÉE", "rene\u0301e"), ("ﬁ", "FI")]
    for one, other in folded:
        assert Person(one, fold_case=True) == Person(other, fold_case=True)
        assert Person(one) != Person(other)


def test_forgetting_asks_for_every_usual_case() -> None:
    assert set(Person("Alice Smith", fold_case=True).spellings) >= {"Alice Smith", "ALICE SMITH", "Alice smith"}
    assert Person("Alice Smith").spellings == ()
    found = Identities("a pepper for tests only", "the pepper before this").all_fingerprints_of(
        Person("alice", fold_case=True)
    )
    assert len(found) == len(set(found)) == 2 * len({"alice", "Alice", "ALICE"})


def test_a_policy_that_names_nobody_is_an_error_that_says_where() -> None:
    text = _default()
    with pytest.raises(
        PolicyError, match=r"p\.toml, line \d+: people\.muted: name number 2 holds an invisible .*U\+3164"
    ):
        parse_policy(text.replace("muted = []", 'muted = ["troll", "ali\\u3164ce"]'), "p.toml")
    both = text.replace("muted = []", 'muted = ["ALICE "]').replace("trusted = []", 'trusted = ["alice"]')
    both = both.replace("fold_case = false", "fold_case = true")
    with pytest.raises(PolicyError, match=r"people\.muted: names 'alice', who is trusted as well"):
        parse_policy(both, "p.toml")


def test_a_policy_that_folds_is_another_version() -> None:
    folding = parse_policy(_default().replace("fold_case = false", "fold_case = true"), "p.toml")
    assert folding.version != default_policy().version


def _default() -> str:
    from importlib.resources import files  # noqa: PLC0415 - for this alone

    return (files("quorum.policy") / "default.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["e\u0301\u200c\u0301", "e\u0301\u200c\u0107", "a\u0301\u200d\u2764"])
def test_a_joiner_that_means_nothing_in_the_kept_form_is_refused_in_every_form(name: str) -> None:
    for form in (name, unicodedata.normalize("NFC", name)):
        with pytest.raises(InvalidName, match="invisible"):
            Person(form)
