"""Statements of reasons: true, in the database's words, in every language."""

from collections.abc import Mapping
from datetime import date

import pytest
from dsa_vocabulary import CATEGORIES as DATABASE
from dsa_vocabulary import EEA, problems
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import PolicyError
from quorum.moderation.statements.statement import Block, facts, statement, whole_text
from quorum.policy import Policy, load_policy, parse_policy
from quorum.policy.legal import CATEGORIES, COUNTRIES
from quorum.policy.model import LANGUAGES

POLICY = load_policy()
DAY = date(2026, 1, 31)
RULES = (
    "threshold=5\nmin_reporters=3\nwindow_days=30\n[reporters]\nverified=1\nanonymous=0\n[reasons]\nviolence=1\nown=1\n"
)


def block(reasons: Mapping[str, int], *, by_moderator: bool = False) -> Block:
    return Block("img-1", bytes(range(16)), 3, 1_770_000_000_000, by_moderator, reasons)


def test_the_policy_knows_the_categories_and_countries_of_the_database() -> None:
    assert {f"STATEMENT_CATEGORY_{name}" for name in DATABASE} == CATEGORIES
    assert set(EEA) == COUNTRIES


REASONS = st.dictionaries(
    st.sampled_from([*POLICY.reason_names, "a_reason_that_is_gone"]), st.integers(1, 256), max_size=10
)


@given(reasons=REASONS, by_moderator=st.booleans(), language=st.sampled_from(LANGUAGES))
def test_every_statement_is_one_that_the_database_takes(
    *, reasons: dict[str, int], by_moderator: bool, language: str
) -> None:
    made = statement(block(reasons, by_moderator=by_moderator), POLICY, language, DAY)
    assert problems(made) == []


def test_without_the_day_of_publication_only_that_is_missing() -> None:
    assert problems(statement(block({"hate": 3}), POLICY)) == ["content_date is missing"]


def test_it_says_truly_who_noticed_and_who_decided() -> None:
    by_reports = statement(block({"hate": 3, "spam": 5}), POLICY)
    assert by_reports["automated_detection"] == "No"
    assert by_reports["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert by_reports["source_type"] == "SOURCE_TYPE_OTHER_NOTIFICATION"
    assert by_reports["category"] == "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
    assert by_reports["category_addition"] == ["STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"]
    assert by_reports["puid"] == f"{bytes(range(16)).hex()}-3-blocked"
    assert by_reports["application_date"] == "2026-02-02"
    by_hand = statement(block({"hate": 3}, by_moderator=True), POLICY)
    assert by_hand["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    assert statement(block({}, by_moderator=True), POLICY)["source_type"] == "SOURCE_VOLUNTARY"
    assert "no person had looked at it" in facts(block({"hate": 3}), POLICY, "en")
    assert "A moderator looked at it" in facts(block({"hate": 3}, by_moderator=True), POLICY, "en")


def test_a_reason_of_the_law_is_told_as_illegal_content() -> None:
    policy = parse_policy(RULES + '[laws]\nviolence="Criminal Code, section 131"\n[dsa]\nterritories=["DE"]\n', "test")
    made = statement(block({"violence": 3}), policy, content_date=DAY)
    assert made["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert made["illegal_content_legal_ground"] == "Criminal Code, section 131"
    assert (made["source_type"], made["territorial_scope"]) == ("SOURCE_ARTICLE_16", ["DE"])
    assert problems(made) == []
    assert "Criminal Code" in whole_text(block({"violence": 3}), policy, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_says_what_why_where_and_what_one_can_do(language: str) -> None:
    policy = parse_policy(RULES + '[dsa]\nappeal_url="https://site.example/appeal"\nterms="House rules"\n', "test")
    text = whole_text(block({"violence": 4}), policy, language)
    reason = next(one for one in policy.reasons if one.name == "violence")
    for part in (
        "img-1",
        "2026-02-02",
        f"{reason.label(language)}: 4",
        "House rules",
        "https://site.example/appeal",
        "20",
    ):
        assert part in text, part
    assert "{" not in text
    assert len({whole_text(block({"violence": 4}), policy, one) for one in LANGUAGES}) == len(LANGUAGES)


def test_a_policy_gives_reasons_the_usual_categories_or_its_own() -> None:
    policy = parse_policy(RULES + '[categories]\nown="STATEMENT_CATEGORY_ANIMAL_WELFARE"\n', "test")
    assert policy.legal.category_of("violence") == "STATEMENT_CATEGORY_VIOLENCE"
    assert policy.legal.category_of("own") == "STATEMENT_CATEGORY_ANIMAL_WELFARE"
    assert parse_policy(RULES, "test").legal.category_of("own") == "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
    assert policy.version == parse_policy(RULES, "test").version  # no rule of blocking


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('[categories]\nviolence="VIOLENCE"', "categories.violence: is no category of the database; use one of STAT"),
        ('[categories]\nviolent="STATEMENT_CATEGORY_VIOLENCE"', "categories.violent: is not a field here"),
        ("[laws]\nviolence=1", "laws.violence: must be text"),
        ('[laws]\ngone="A law"', "laws.gone: is not a field here"),
        ('[dsa]\nterritories=["XX"]', "dsa.territories: must hold .*'XX' is none"),
        ("[dsa]\nterritories=[]", "dsa.territories: must hold"),
        ('[dsa]\nterms_url="ftp://a"', "dsa.terms_url: must be a URL"),
        ('[dsa]\nterms_url="https://[a"', "dsa.terms_url: is not a URL"),
        (f'[dsa]\nterms="{"x" * 501}"', "dsa.terms: must be printable, at most 500"),
        ("[appeals]\nanother_moderator=1", "appeals.another_moderator: must be true or false"),
        ("[appeals]\nkeep_days=-1", "appeals.keep_days: must be between"),
    ],
)
def test_a_bad_policy_is_told_with_field_and_line(more: str, told: str) -> None:
    with pytest.raises(PolicyError, match=f"test, line 1[01].*{told}"):
        parse_policy(RULES + more + "\n", "test")


def test_every_reason_of_the_default_policy_has_a_category_in_its_file() -> None:
    policy: Policy = load_policy()
    assert policy.legal.categories.keys() == policy.reason_names
