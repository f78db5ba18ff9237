"""Every code block of the documents is run by a test, or says why not; and what they name in passing is there."""

import re
from pathlib import Path

import click
import pytest
from blocks import ROOT, Block, blocks
from shown_blocks import PAGES, claims

from quorum.cli.main import cli

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
    missing = [one for one in named if not is_there(one.split())]
    assert missing == []


def is_there(words: list[str]) -> bool:
    if words[0] == "make":
        return all(word in TARGETS for word in words[1:] if re.fullmatch(r"[a-z-]+", word))
    command: click.Command | None = cli
    for word in words[1:]:
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
