"""Each section of the policy file: what it means, what is said of a bad one, and how an edit takes effect."""

import os
import re
import time
from pathlib import Path

import pytest

from quorum.errors import PolicyError
from quorum.network.addresses import parse_address
from quorum.people import Person
from quorum.policy import Policy, parse_policy
from quorum.policy.file import PolicyFile
from quorum.policy.load import default_policy
from quorum.policy.model import Bar

GOOD = """\
threshold = 5.0
min_reporters = 3
window_days = 30
[reporters]
verified = 1.0
anonymous = 0.5
[reasons]
violence = 1.0
self_harm = { weight = 2.0, threshold = 3.0, min_reporters = 2, fr = "Automutilation" }
"""


def parse(more: str = "") -> Policy:
    return parse_policy(GOOD + more, "p.toml")


def test_what_a_file_leaves_out_is_as_in_the_default_file() -> None:
    written, default = parse(), default_policy()
    for section in ("people", "after_clear", "accuracy", "abuse", "shields", "limits"):
        assert getattr(written, section) == getattr(default, section)


def test_a_serious_reason_may_have_a_bar_and_labels_of_its_own() -> None:
    violence, self_harm = parse().reasons
    assert self_harm.bar == Bar(3.0, 2)
    assert violence.bar is None
    assert (self_harm.label("fr"), self_harm.label("ar")) == ("Automutilation", "self harm")
    assert violence.label("ar") == "عنف"


def test_the_most_particular_rule_for_an_image_wins() -> None:
    policy = parse(
        '[[images]]\nmatch = "a*"\nthreshold = 6\n[[images]]\nmatch = "agency/*"\nthreshold = 7\n'
        '[[images]]\nmatch = "agency/1"\nprotected = true\n'
    )
    found = [policy.rule_for(name) for name in ("agency/1", "agency/12", "ab", "b")]
    assert [rule and rule.match for rule in found] == ["agency/1", "agency/*", "a*", None]
    assert found[0]
    assert found[0].bar == Bar(5.0, 3)
    assert found[0].protected


def test_people_are_told_apart_by_name_and_network() -> None:
    people = parse(
        '[people]\ntrusted = ["ngo"]\nmuted = ["troll"]\nmuted_networks = ["203.0.113.0/24", "2001:db8::/32"]\n'
    ).people
    assert [people.class_of(Person(name)) for name in ("ngo", "troll", "anybody")] == ["trusted", "muted", "verified"]
    muted = ("203.0.113.9", "::ffff:203.0.113.9", "64:ff9b::203.0.113.9", "2002:cb00:7109::1", "2001:db8::1")
    assert all(people.mutes(address) for text in muted if (address := parse_address(text)))
    assert not any(people.mutes(address) for text in ("203.0.114.9", "2001:db9::1") if (address := parse_address(text)))


@pytest.mark.parametrize(
    ("more", "line", "said"),
    [
        ("[people]\ntrusted = 'ngo'", 11, "people.trusted: must be a list of texts"),
        ("[people]\nmuted_networks = ['203.0.113.9/24']", 11, "people.muted_networks: must hold networks"),
        ("[people]\ntrusted_alone = 1", 11, "people.trusted_alone: must be true or false"),
        ("[people]\ntrusted = ['x']\nmuted = ['x']", 12, "people.muted: names 'x', who is trusted as well"),
        ("[[images]]\nmatch = 'a*b'", 11, "images[0].match: may have a * at its end only"),
        ("[[images]]\nmatch = 'a'\n[[images]]\nmatch = 'a'", 13, "images[1].match: 'a' is given twice"),
        ("[[images]]\nthreshold = 3", 10, "images[0].match: must be text"),
        ("[images]\nmatch = 'a'", 10, "images: must be tables, as in [[images]]"),
        ("[shields]\nfactor = 0.5", 11, "shields.factor: must be between 1 and 100"),
        ("[shields]\nper_hour = 2", 11, "shields.per_hour: is not a field here; the fields are blocks_per_day"),
        ("[people]\nfull_weight_days = 46", 11, "people.full_weight_days: must be between 0 and 45"),
        ("[accuracy]\nprior = 0", 11, "accuracy.prior: must be between 1 and 1000"),
        ("[abuse]\nmute_days = 0", 11, "abuse.mute_days: must be between"),
        ("[after_clear]\nthreshold_factor = 0.5", 11, "after_clear.threshold_factor: must be between 1 and 100"),
        ("[limits]\nreporter = -1", 11, "limits.reporter: must be between 0"),
        ("[limits]\nreporter = 1.5", 11, "limits.reporter: must be a whole number"),
        ("[urls]\nkeep_query = 'id'", 11, "urls.keep_query: must be a list"),
        ("[views]\nleast_ratio = -1", 11, "views.least_ratio: must be between 0 and 1"),
    ],
)
def test_an_error_names_the_line_and_the_field_of_its_section(more: str, line: int, said: str) -> None:
    with pytest.raises(PolicyError) as error:
        parse(more)
    assert said in str(error.value)
    assert str(error.value).startswith(f"p.toml, line {line}: ")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("threshold = 3.0,", "threshold = 9.0,", "reasons.self_harm.threshold: cannot be above the general threshold"),
        ('fr = "Automutilation"', 'fr = ""', "reasons.self_harm.fr: must be text"),
        ('fr = "Automutilation"', 'fr = "a\\u202eb"', "reasons.self_harm.fr: must be printable"),
        ('fr = "Automutilation"', 'de = "x"', "reasons.self_harm.de: is not a field here"),
    ],
)
def test_a_bad_reason_is_named_at_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(PolicyError) as error:
        parse_policy(GOOD.replace(old, new), "p.toml")
    assert str(error.value).startswith("p.toml, line 9: ")
    assert said in str(error.value)


@pytest.mark.parametrize(
    "more",
    [
        '[people]\ntrusted = ["ngo"]',
        "[people]\nfull_weight_days = 8",
        "[limits]\nreporter = 21",
        "[shields]\nup_minutes = 61",
        '[urls]\nkeep_query = ["id"]',
        "[abuse]\nnotice_days = 8",
    ],
)
def test_every_rule_changes_the_version_and_a_label_does_not(more: str) -> None:
    assert parse(more).version != parse().version
    assert parse_policy(GOOD.replace("Automutilation", "Autre"), "p.toml").version == parse().version


def edit(path: Path, text: str) -> None:
    """Write so that a change is seen even when the clock of the file system has not moved on."""
    path.write_text(text)
    os.utime(path, ns=(time.time_ns(), time.time_ns() + 1))


def test_an_edit_takes_effect_and_a_bad_one_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(GOOD)
    file = PolicyFile(path, check_seconds=0)
    first = file.current
    edit(path, GOOD.replace("threshold = 5.0", "threshold = 6.0"))
    assert file.current.threshold == 6.0
    edit(path, GOOD.replace("threshold = 5.0", "threshold = = 6.0"))
    assert file.current.threshold == 6.0
    assert file.problem
    assert "policy stays at" in caplog.text
    path.unlink()
    assert file.current.threshold == 6.0
    edit(path, GOOD)
    assert file.current.version == first.version
    assert file.problem is None


def test_a_file_that_is_replaced_as_a_configmap_is_counts_as_edited(tmp_path: Path) -> None:
    for name, threshold in (("one", "5.0"), ("two", "7.0")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "policy.toml").write_text(GOOD.replace("5.0", threshold))
    link = tmp_path / "current"
    link.symlink_to("one")
    file = PolicyFile(link / "policy.toml", check_seconds=0)
    assert file.current.threshold == 5.0
    fresh = tmp_path / "fresh"
    fresh.symlink_to("two")
    fresh.replace(link)
    assert file.current.threshold == 7.0


def test_a_bad_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        PolicyFile(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("[burst]\nhold = true", "[burst] means nothing any more: people who look alike add less each"),
        ("[people]\nanonymous_per_network = 4", "people.anonymous_per_network means nothing any more"),
        ("[shields]\nshare_of_images = 0.02", "shields.share_of_images means nothing any more: shields.blocks_per_day"),
        ("[shields]\nfree_blocks_per_day = 20", "shields.free_blocks_per_day means nothing any more"),
    ],
)
def test_a_rule_of_an_earlier_release_is_taken_and_its_owner_told(old: str, said: str) -> None:
    policy = parse(old)
    [note] = policy.notes
    assert note.startswith(said)
    assert policy.version == parse().version


def test_a_picture_is_found_by_its_image_whose_id_is_encoded_whole() -> None:
    assert parse().pictures.url_of("img-1") is None
    pictures = parse('[pictures]\nurl_template = "https://img.example/{id}?w=9"\n').pictures
    assert pictures.url_of("a/b?c&d=é#{id}") == "https://img.example/a%2Fb%3Fc%26d%3D%C3%A9%23%7Bid%7D?w=9"
    assert parse().version == parse('[pictures]\nurl_template = "https://img.example/{id}"\n').version  # it is no rule


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("https://img.example/", "must hold {id} once"), ("https://img.example/{id}/{id}", "must hold {id} once"),
        ("https://{id}.example/{id}", "must hold {id} once"), ("https://{id}/", "must hold {id} once"),
        ("https://img.example/#{id}", "must hold {id} once"), ("javascript:alert({id})", "must begin with https://"),
        ("//img.example/{id}", "must begin with https://"), ("https:///{id}", "must begin with https://"),
        ("https://me:secret@img.example/{id}", "must not hold a user"), ("https://img.example/ {id}", "plain ASCII"),
        ("https://img.example/é{id}", "plain ASCII"), ("https://img.example/" + "a" * 999 + "{id}", "at most 1000"),
        ("https://[img/{id}", "is not a URL"), ("", "must be text"),
    ],
)  # fmt: skip
def test_a_template_of_pictures_that_cannot_be_meant_is_named(template: str, problem: str) -> None:
    with pytest.raises(PolicyError, match=rf"p.toml, line 11: pictures.url_template: .*{re.escape(problem)}"):
        parse(f'[pictures]\nurl_template = "{template}"\n')
