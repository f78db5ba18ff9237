"""The table of troubles in docs/operations.md: what each test that is marked with one shows.

`python tests/support/troubles.py FILE` writes it into the file, between its two marks (`make generate`).
"""

import ast
import sys
from pathlib import Path

BEGIN, END = "<!-- troubles: made by `make generate` from the tests -->\n", "<!-- end of troubles -->\n"
HEAD = "| trouble | what quorum does | test |\n|---|---|---|\n"
TESTS = Path(__file__).resolve().parents[1]


def table() -> str:
    """Return a row for each test that is marked with `pytest.mark.trouble(trouble, answer)`."""
    return HEAD + "".join(sorted(row for path in TESTS.rglob("test_*.py") for row in _rows(path)))


def with_table(text: str) -> str:
    """Return a text with the table between its two marks."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


def _rows(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [
        f"| {trouble} | {answer} | `{path.relative_to(TESTS.parent)}`: {function.name.removeprefix('test_')} |\n"
        for function in functions
        for mark in function.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.trouble"
        for trouble, answer in [map(ast.literal_eval, mark.args)]
    ]


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
