"""docs/sites: the table says how much a site writes, and the guides are those that are run."""

import pytest
from blocks import blocks
from guides import GUIDES, SITES, files_of, with_table


def test_the_table_counts_what_a_site_writes() -> None:
    page = (SITES / "README.md").read_text(encoding="utf-8")
    assert with_table(page) == page, "make generate"


def test_every_guide_is_in_the_table() -> None:
    assert {path.name for path in SITES.glob("*.md")} == {*GUIDES, "README.md"}


@pytest.mark.parametrize("guide", GUIDES)
def test_every_block_of_a_guide_is_a_file_or_a_command(guide: str) -> None:
    assert files_of(guide)
    for block in blocks(f"docs/sites/{guide}"):
        assert block.name or block.language == "sh", block.place
