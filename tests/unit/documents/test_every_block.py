"""Every code block of the documents is run by a test, or says why not; and what they name in passing is there."""

import re
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest
from blocks import ROOT, Block, blocks
from shown_blocks import PAGES, claims

from quorum.cli.main import GROUP

CLAIMS = list(claims())
INLINE = re.compile(r"(?<!`)`((?:quorum|make) [^`\n]+)`(?!`)")
LINE = re.compile(r"^\s*((?:quorum|make) [^#|>]+)", re.MULTILINE)


def runners(block: Block) -> list[str]:
    return [claim.test for claim in CLAIMS if claim.covers(block)]


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_run_or_says_why_not(page: str) -> None:
    silent = [block.place for block in blocks(page) if not block.why_not and not runners(block)]
    assert silent == [], "run it in a test that is marked with `runs`, or write `<!-- not run: why -->` above it"


@pytest.mark.parametrize("page", PAGES)
def test_what_is_run_gives_no_reason_for_not_being_run(page: str) -> None:
    assert [(block.place, runners(block)) for block in blocks(page) if block.why_not and runners(block)] == []


def test_whoever_says_that_it_runs_a_block_finds_one() -> None:
    assert [claim for claim in CLAIMS if not any(map(claim.covers, blocks(claim.page)))] == []
    assert {claim.page for claim in CLAIMS} <= set(PAGES)


def test_a_block_in_a_language_is_not_a_picture() -> None:
    for page in PAGES:
        for block in blocks(page):
            assert block.language or block.why_not == "a picture" or runners(block), block.place


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = INLINE.findall(text) + [
        one for block in blocks(page) if block.language == "sh" for one in LINE.findall(block.text)
    ]
    missing = [one for one in named if not is_there(one.partition("\n")[0].split())]
    assert missing == []


def is_there(words: list[str]) -> bool:
    if words[0] == "make":
        return all(word in TARGETS for word in words[1:] if re.fullmatch(r"[a-z-]+", word))
    command = COMMANDS[words[1]].load() if words[1] in COMMANDS else None
    if command is None:
        return words[1].startswith(("-", "...", "…")) or all(one in COMMANDS for one in words[1].split("|"))
    for word in words[2:]:
        if not isinstance(command, click.Group):
            break
        if not re.fullmatch(r"[a-z][a-z|-]*", word):  # an option, or `...`
            return word.startswith(("-", "...", "…"))
        *others, last = word.split("|")  # `status|stop`
        if not all(found(command, one) for one in others):
            return False
        command = found(command, last)
    return command is not None


def found(group: click.Group, name: str) -> click.Command | None:
    return group.get_command(click.Context(group), name)


def declared() -> dict[str, EntryPoint]:
    """Return the commands that the packages of this repository bring, whatever is installed."""
    found: dict[str, EntryPoint] = {}
    for package in ("shared", "services/console", "services/report-api", "services/worker"):
        project = tomllib.loads((ROOT / package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for name, value in project["entry-points"][GROUP].items():
            found[name] = EntryPoint(name, value, GROUP)
    return found


COMMANDS = declared()
TARGETS = set(re.findall(r"^([a-z-]+):", Path(ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_a_reason_stands_above_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blocks.ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("# A\n<!-- not run: needs the moon -->\n```sh\nfly\n```\n## B\n   ```js a.js\n   go();\n   ```\n")
    first, second = blocks("page.md")
    assert (first.why_not, first.language, first.text, first.heading, first.line) == (
        "needs the moon",
        "sh",
        "fly\n",
        "A",
        3,
    )
    assert (second.why_not, second.name, second.text, second.heading) == (None, "a.js", "go();\n", "B")
    page.write_text("<!-- not run: needs the moon -->\nwords\n```sh\nfly\n```\n")
    with pytest.raises(ValueError, match=r"page\.md:2: a reason stands right above"):
        blocks("page.md")
    page.write_text("```sh\nfly\n")
    with pytest.raises(ValueError, match=r"page\.md:1: a block without an end"):
        blocks("page.md")


@pytest.mark.parametrize(
    ("command", "there"),
    [
        ("quorum status|stop", True),
        ("quorum dead list", True),
        ("quorum webhooks replay ID", True),
        ("quorum ...", True),
        ("make run", True),
        ("quorum nonsense", False),
        ("quorum dead nonsense", False),
        ("quorum status|nonsense", False),
        ("make nonsense", False),
    ],
)
def test_a_command_that_is_not_there_is_found(command: str, there: bool) -> None:  # noqa: FBT001 - a parameter
    assert is_there(command.split()) is there
