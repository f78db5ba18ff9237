"""Which test runs which code block of the documents.

A test says so with `pytest.mark.runs(page, *which)`, and gets the blocks from the fixture `shown`, or from a helper
that reads the same page. `tests/unit/documents/test_every_block.py` looks whether every block is run, or says why not.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from blocks import ROOT, Block, blocks

TESTS = ROOT / "tests"
PAGES = [
    str(path.relative_to(ROOT))
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "docs/sites").glob("*.md")),
    )
]


@dataclass(frozen=True)
class Claim:
    """A test that runs blocks of a page: all, or those of a language or with a text in them."""

    test: str
    page: str
    which: tuple[str, ...]

    def covers(self, block: Block) -> bool:
        if block.page != self.page:
            return False
        return not self.which or any(one == block.language or one in block.text for one in self.which)


def claims() -> Iterator[Claim]:
    """Yield what the tests say that they run."""
    for path in sorted(TESTS.rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        for function in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(function, ast.FunctionDef) or not function.name.startswith("test_"):
                continue
            for mark in function.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.runs":
                    page, *which = map(ast.literal_eval, mark.args)
                    yield Claim(f"{path.relative_to(ROOT)}::{function.name}", page, tuple(which))


@pytest.fixture
def shown(request: pytest.FixtureRequest) -> list[Block]:
    """Return the blocks that the test is marked to run, in the order of the page."""
    found: list[Block] = []
    for mark in request.node.iter_markers("runs"):
        page, *which = mark.args
        claim = Claim(request.node.nodeid, page, tuple(which))
        found += [block for block in blocks(page) if claim.covers(block)]
    assert found
    return found
