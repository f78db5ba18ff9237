"""The guides in docs/sites: the files that each has a site write, and how many lines they are.

`python tests/support/documents/guides.py FILE` writes the table of lines into the file (`make generate`).
"""

import sys
from collections import Counter
from pathlib import Path

from blocks import ROOT, blocks

SITES = ROOT / "docs" / "sites"
GUIDES = {  # in the order of the table
    "plain-html.md": "[plain HTML](plain-html.md)",
    "react.md": "[React](react.md)",
    "vue.md": "[Vue](vue.md)",
    "php.md": "[a PHP backend](php.md)",
    "python.md": "[a Python backend](python.md)",
    "node.md": "[a Node backend](node.md)",
    "wordpress.md": "[WordPress](wordpress.md)",
}
HEADINGS = ("The button", "The reader's token", "Hiding")
BEGIN, END = "<!-- lines: made by `make generate` from the guides -->\n", "<!-- end of lines -->\n"
HEAD = "| guide | button | token | hiding | in all |\n|---|---|---|---|---|\n"
BETWEEN = {"py": "\n\n"}  # blank lines between two parts of a file, beyond one


def files_of(guide: str) -> dict[str, str]:
    """Return the files that a guide has a site write, by name: parts of one file follow each other."""
    parts: dict[str, list[str]] = {}
    for block in blocks(f"docs/sites/{guide}"):
        if block.name:
            parts.setdefault(block.name, []).append(block.text)
    return {name: BETWEEN.get(name.rpartition(".")[2], "\n").join(texts) for name, texts in parts.items()}


def lines_of(guide: str) -> list[int]:
    """Return how many lines a site writes under each heading, without blank ones. Raises ValueError elsewhere."""
    counted: Counter[str] = Counter()
    for block in blocks(f"docs/sites/{guide}"):
        if block.name:
            if block.heading not in HEADINGS:
                raise ValueError(f"{block.place} stands under none of {HEADINGS}")
            counted[block.heading] += sum(bool(line.strip()) for line in block.text.splitlines())
    return [counted[heading] for heading in HEADINGS]


def table() -> str:
    """Return the table of lines."""
    rows = ((title, lines_of(guide)) for guide, title in GUIDES.items())
    return HEAD + "".join(f"| {title} | {' | '.join(map(str, lines))} | {sum(lines)} |\n" for title, lines in rows)


def with_table(text: str) -> str:
    """Return a text with the table between its two marks."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
