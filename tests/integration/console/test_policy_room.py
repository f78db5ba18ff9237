"""The policy in the console: what is in force, and what a draft would do."""

import tomllib
from collections.abc import Iterator
from threading import Lock

import pytest
from console_forms import Person
from console_site import POLICY, Console, running_console

from console.policy import replaying
from console.policy.comparing import MOST_LINES, TooLong, differences
from console.policy.settings import sections
from quorum.accounts.roles import Role
from quorum.policy.load import _default_text, default_policy
from quorum.policy.model import Policy


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console whose policy file is the tests' own."""
    with running_console(tmp_path_factory.mktemp("ruled")) as found:
        found.report("img-near", 4)
        found.report("img-blocked", 6, who="others")
        yield found


def text_of(ruled: Console) -> str:
    return ruled.parts.policies.text


def draft(person: Person, text: str, status: int = 200, **more: str) -> str:
    return person.send("/policy/draft", status, text=text, **more).text


def test_it_says_what_is_in_force_and_where_it_stands(ruled: Console) -> None:
    page = Person(ruled, Role.VIEWER).look("/policy")
    assert ruled.parts.policy.version in page
    assert str(ruled.settings.policy_path) in page
    assert "after_clear.immune_days" in page
    assert "match = &#34;agency/*&#34;" in page
    assert "Try a change" not in page


def test_every_number_of_a_policy_has_a_meaning(ruled: Console) -> None:
    named = {one.name for _, settings in _in_request(ruled, ruled.parts.policy) for one in settings}
    default = tomllib.loads(_default_text())
    told_apart = {"reasons", "categories"}  # in a table of their own, or in the file
    stated = {
        f"{table}.{name}" if isinstance(fields, dict) else table
        for table, fields in default.items()
        if table not in told_apart
        for name in (fields if isinstance(fields, dict) else [""])
    }
    assert stated <= named
    assert all(one.is_default for _, settings in _in_request(ruled, default_policy()) for one in settings)


def _in_request(ruled: Console, policy: Policy) -> list[tuple[str, list]]:  # type: ignore[type-arg]
    with ruled.app.test_request_context("/policy"):
        return sections(policy)


def test_a_broken_file_changes_nothing_and_is_told(ruled: Console) -> None:
    path, good = ruled.settings.policy_path, text_of(ruled)
    assert path is not None
    version = ruled.parts.policy.version
    path.write_text("threshold = 'many'", encoding="utf-8")
    try:
        ruled.parts.policies._next_check = 0
        page = Person(ruled, Role.LEAD).look("/policy")
        assert "The file on disk is broken" in page
        assert "threshold: must be a number" in page
        assert version in page
        assert text_of(ruled) == good
        seen = Person(ruled, Role.VIEWER).look("/policy")
        assert "The file on disk is broken" in seen
        assert "must be a number" not in seen
    finally:
        path.write_text(good, encoding="utf-8")
        ruled.parts.policies._next_check = 0
        assert ruled.parts.policy.version == version
    assert ruled.parts.policies.problem is None


def test_names_of_people_are_shown_to_leads_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    policy = f'{POLICY}\n[people]\nmuted = ["reader-who-is-muted"]\n'
    with running_console(tmp_path_factory.mktemp("named"), policy) as named:
        assert "reader-who-is-muted" in Person(named, Role.LEAD).look("/policy")
        page = Person(named, Role.MODERATOR).look("/policy")
    assert "reader-who-is-muted" not in page
    assert "1 entry" in page


def test_a_draft_with_a_mistake_is_told_with_line_and_field(ruled: Console) -> None:
    page = draft(Person(ruled, Role.LEAD), text_of(ruled).replace("threshold = 5", "threshold = -5"), 422)
    assert "draft, line 2: threshold: must be between" in page
    assert "threshold = -5" in page
    assert "not valid TOML" in draft(Person(ruled, Role.LEAD), "=", 422)
    assert "at most" in draft(Person(ruled, Role.LEAD), "#" * 200_001, 413)


def test_a_draft_is_compared_line_by_line_and_nothing_is_written(ruled: Console) -> None:
    path = ruled.settings.policy_path
    assert path is not None
    before = path.read_bytes()
    page = draft(
        Person(ruled, Role.LEAD), text_of(ruled).replace("threshold = 5", "threshold = 3").replace("\n", "\r\n")
    )
    assert page.count("<del>") == page.count("<ins>") == 1
    assert "threshold = 3</ins>" in page
    assert "What it would have done" not in page
    assert path.read_bytes() == before
    assert "states the same rules" in draft(Person(ruled, Role.LEAD), text_of(ruled) + "# a word")


def test_a_simulation_says_which_images_would_fare_otherwise(ruled: Console) -> None:
    lead = Person(ruled, Role.LEAD)
    page = draft(lead, text_of(ruled).replace("threshold = 5", "threshold = 3"), simulate="yes")
    assert "the last 10 of the 10 reports" in page
    assert 'href="/images/img-near"' in page
    assert "open → blocked" in page
    same = draft(lead, text_of(ruled), simulate="yes")
    assert "Every image would have fared the same" in same


def test_a_simulation_is_bounded_and_one_at_a_time(ruled: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = Person(ruled, Role.LEAD)
    monkeypatch.setattr(replaying, "REPORTS", (3,))
    assert "the last 3 of the 10 reports" in draft(lead, text_of(ruled), simulate="yes")
    monkeypatch.setattr(replaying, "SECONDS", -1.0)
    assert "It took too long" in draft(lead, text_of(ruled), simulate="yes")
    busy = Lock()
    busy.acquire()
    monkeypatch.setattr(replaying, "_at_work", busy)
    assert "Another simulation is running" in draft(lead, text_of(ruled), simulate="yes")


def test_without_a_journal_it_says_so(console: Console) -> None:
    assert "The journal has no reports" in draft(Person(console, Role.LEAD), text_of(console), simulate="yes")


def test_a_difference_shows_lines_around_it_and_counts_the_rest() -> None:
    old = "\n".join(map(str, range(30)))
    pairs = differences(old, old.replace("\n15\n", "\nx\ny\n"))
    assert [pair.left_out for pair in pairs if pair.left_out] == [12, 11]
    assert [(pair.old, pair.new) for pair in pairs if not pair.is_equal and not pair.left_out] == [
        ("15", "x"),
        (None, "y"),
    ]
    assert [(pair.old_at, pair.new_at) for pair in pairs if pair.old == "16"] == [(17, 18)]
    assert differences(old, old) == []
    with pytest.raises(TooLong):
        differences("", "\n" * (MOST_LINES + 1))
