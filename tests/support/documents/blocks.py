"""The code blocks of the documents: what each holds, which file of a site it is, and why it is not run where it is not.

A fence is ```` ```language ````, or ```` ```language name ```` where the block is a file, or the next part of one.
A block that no test runs has a comment above it that says why: `<!-- not run: needs a managed Redis -->`.
"""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OPENS = re.compile(r"^( *)```(\S*) ?(.*)$")
HEADING = re.compile(r"^#+ (.+)$")
NOT_RUN = re.compile(r"^ *<!-- not run: (.+) -->$")


@dataclass(frozen=True)
class Block:
    """One code block. `page` is a path below the root, `line` that of the fence, from 1."""

    page: str
    line: int
    heading: str
    language: str
    name: str
    text: str
    why_not: str | None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page in order. Raises ValueError for a fence without end, a reason without block."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    found: list[Block] = []
    heading, why_not, at = "", None, 0
    while at < len(lines):
        opens = OPENS.match(lines[at])
        if opens:
            indent, language, name = opens.groups()
            end = _end(lines, at, indent, page)
            text = textwrap.dedent("\n".join(lines[at + 1 : end]) + "\n")
            found.append(Block(page, at + 1, heading, language, name, text, why_not))
            why_not, at = None, end
        elif reason := NOT_RUN.match(lines[at]):
            why_not = reason[1]
        elif why_not and lines[at].strip():
            raise ValueError(f"{page}:{at + 1}: a reason stands right above its block")
        elif titled := HEADING.match(lines[at]):
            heading = titled[1]
        at += 1
    return found


def blocks_in(page: str, *languages: str) -> list[Block]:
    """Return the blocks of a page in some languages."""
    return [one for one in blocks(page) if one.language in languages]


def _end(lines: list[str], start: int, indent: str, page: str) -> int:
    for at in range(start + 1, len(lines)):
        if lines[at].rstrip() == f"{indent}```":
            return at
    raise ValueError(f"{page}:{start + 1}: a block without an end")
