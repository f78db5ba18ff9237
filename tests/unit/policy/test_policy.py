"""The policy file: what it means, and what is said of a bad one."""

from pathlib import Path

import pytest

from quorum.errors import PolicyError
from quorum.policy import Policy, load_policy, parse_policy
from quorum.policy.model import reason_code

GOOD = """\
threshold = 5.0
min_reporters = 3
window_days = 30
[reporters]
verified = 1.0
anonymous = 0.5
[reasons]
violence = 1.0
spam = 0.1
"""


def parse(text: str) -> Policy:
    return parse_policy(text, "p.toml")


def test_the_default_policy_is_what_the_documentation_says() -> None:
    policy = load_policy()
    assert (policy.threshold, policy.min_reporters, policy.window_seconds) == (5.0, 3, 30 * 86400)
    assert policy.reporter_weights == {"verified": 1.0, "anonymous": 0.5, "trusted": 5.0, "muted": 0.0}
    assert "violence" in policy.reason_names
    assert {reason.weight for reason in policy.reasons} == {1.0}


def test_weights_are_products_in_thousandths() -> None:
    policy = parse(GOOD)
    assert policy.weights == {
        "verified": {"violence": 1000, "spam": 100},
        "anonymous": {"violence": 500, "spam": 50},
        "trusted": {"violence": 5000, "spam": 500},
        "muted": {"violence": 0, "spam": 0},
    }
    assert policy.weight("anonymous", "spam") == 50


def test_the_version_names_the_rules_and_not_how_they_are_written() -> None:
    version = parse(GOOD).version
    assert len(version) == 12
    assert parse("# a comment\n" + GOOD.replace("5.0", "5")).version == version
    for change in (("5.0", "6.0"), ("= 3", "= 4"), ("30", "31"), ("0.1", "0.2"), ("spam", "hate")):
        assert parse(GOOD.replace(*change)).version != version


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("threshold = 5.0", "threshold = 0", 1, "threshold: must be between"),
        ("threshold = 5.0", 'threshold = "five"', 1, "threshold: must be a number, not 'five'"),
        ("threshold = 5.0", "threshold = true", 1, "threshold: must be a number"),
        ("threshold = 5.0", "threshold = nan", 1, "threshold: must be between"),
        ("threshold = 5.0", "threshold = 1300", 1, "threshold: cannot be reached by 256 reporters"),
        ("min_reporters = 3", "min_reporters = 2.5", 2, "min_reporters: must be a whole number"),
        ("min_reporters = 3", "min_reporters = 257", 2, "min_reporters: must be between 1 and 256"),
        ("window_days = 30", "window_days = -1", 3, "window_days: must be between"),
        ("window_days = 30", "window = 30", 3, "window: is not a field here; the fields are"),
        ("verified = 1.0", "verified = -1", 5, "reporters.verified: must be between"),
        ("verified = 1.0", "verified = 66", 5, "reporters.verified: must be between"),
        ("anonymous = 0.5\n", "", 4, "reporters: must give a weight for 'anonymous'"),
        ("spam = 0.1", "Spam = 0.1", 9, "reasons.Spam: must be lower case"),
        ("spam = 0.1", '"spam\\n" = 0.1', None, "must be lower case"),
        ("violence = 1.0\nspam = 0.1\n", "", 7, "reasons: must name 1 to 50 reasons"),
    ],
)
def test_an_error_names_file_line_and_field(old: str, new: str, line: int | None, said: str) -> None:
    text = GOOD.replace(old, new)
    with pytest.raises(PolicyError) as error:
        parse(text)
    assert said in str(error.value)
    assert str(error.value).startswith(f"p.toml, line {line}: " if line else "p.toml")


def test_a_weight_that_a_tally_cannot_keep_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"reporter weight x reason weight x accuracy\.most must not exceed"):
        parse(GOOD.replace("verified = 1.0", "verified = 10").replace("violence = 1.0", "violence = 10"))


@pytest.mark.parametrize("field", ["threshold", "min_reporters", "window_days"])
def test_a_missing_field_is_named(field: str) -> None:
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(field))
    with pytest.raises(PolicyError, match=f"{field}: is missing"):
        parse(text)


def test_a_missing_table_is_named() -> None:
    with pytest.raises(PolicyError, match="reasons: must be a table"):
        parse(GOOD[: GOOD.index("[reasons]")])


def test_bad_toml_says_where() -> None:
    with pytest.raises(PolicyError, match=r"p.toml: not valid TOML: .*line 1"):
        parse("threshold = = 5")


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(tmp_path / "none.toml")


def test_two_reasons_that_share_a_code_are_refused() -> None:
    seen: dict[int, str] = {}
    for number in range(100_000):
        name = f"r{number}"
        twin = seen.setdefault(reason_code(name), name)
        if twin != name:
            break
    with pytest.raises(PolicyError, match="share a code; rename one"):
        parse(GOOD + f"{twin} = 1.0\n{name} = 1.0\n")
