"""Every command that the docs name exists."""

import re
from pathlib import Path

import click
import pytest
from conftest import ROOT

from quorum.cli.main import cli

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"`quorum ([a-z|]+)(?: ([a-z|]+))?")


def find(name: str, group: click.Group) -> click.Command:
    found = group.get_command(click.Context(group), name)
    assert found is not None, f"there is no command {name!r}"
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_the_page_exist(page: Path) -> None:
    for names, below in COMMAND.findall(page.read_text()):
        for name in names.split("|"):
            command = find(name, cli)
            if isinstance(command, click.Group) and below:
                for subcommand in below.split("|"):
                    find(subcommand, command)
