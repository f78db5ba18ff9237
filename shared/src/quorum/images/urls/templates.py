"""Patterns with named places, `https://cdn.example.org/{size}/{path...}`, matched without ever going back.

A place takes one character or more: `{name}` no slash, `{name:number}` digits only, `{name...}` anything. All the ways
to match are followed at once, as sets of positions in the bits of an integer (R. Cameron et al., "Bitwise Data
Parallelism in Regular Expression Matching", 2014): the time grows with the length of the text times that of the
pattern, whatever they hold. Of several ways the one is taken in which each place, from the right, takes the least.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_CHARACTERS = 300
MAX_PLACES = 10
_PLACE = re.compile(r"\{([a-z][a-z0-9_]{0,30})(\.\.\.|:number)?\}")
SEGMENT, NUMBER, ANYTHING = "", ":number", "..."
_MARKS = {  # of every byte: whether a place takes it
    SEGMENT: bytes(ord("0") if byte == ord("/") else ord("1") for byte in range(256)),
    NUMBER: bytes(ord("1") if chr(byte) in "0123456789" else ord("0") for byte in range(256)),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a pattern, and what it takes."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Template:
    """A pattern, as literal texts and places in turn. Made by `parse_template`."""

    text: str
    parts: tuple[str | Place, ...]

    @property
    def places(self) -> dict[str, Place]:
        """The places by name."""
        return {part.name: part for part in self.parts if isinstance(part, Place)}

    def match(self, text: str) -> dict[str, str] | None:
        """Return what each place takes of `text`; None when it does not match."""
        first = self.parts[0]
        if isinstance(first, str) and not text.startswith(first):
            return None
        allowed = {kind: _allowed(text, kind) for kind in {place.kind for place in self.places.values()}}
        reached = [1]
        for part in self.parts:
            if isinstance(part, str):
                after = _after_literal(text, part, reached[-1])
            else:
                after = _spread(reached[-1], allowed[part.kind])
            if not after:
                return None
            reached.append(after)
        return self._taken(text, reached, allowed) if reached[-1] >> len(text) & 1 else None

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with values in its places."""
        return "".join(part if isinstance(part, str) else values[part.name] for part in self.parts)

    def _taken(self, text: str, reached: list[int], allowed: dict[str, int]) -> dict[str, str]:
        end, taken = len(text), dict[str, str]()
        for part, before in zip(reversed(self.parts), reversed(reached[:-1]), strict=True):
            if isinstance(part, str):
                end -= len(part)
                continue
            run = _run_before(end, allowed[part.kind])
            start = (before & run).bit_length() - 1  # the greatest: it takes the least
            taken[part.name], end = text[start:end], start
        return taken


def parse_template(text: str) -> Template:
    """Return the pattern that `text` writes. Raises ValueError, which says what is wrong with it."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"must be at most {MAX_CHARACTERS} characters")
    pieces = _PLACE.split(text)
    parts: list[str | Place] = []
    for number in range(0, len(pieces), 3):
        literal = pieces[number]
        if "{" in literal or "}" in literal:
            raise ValueError("has a brace that is no place; places are {name}, {name:number} and {name...}")
        if literal:
            parts.append(literal)
        elif 0 < number < len(pieces) - 1:
            raise ValueError("has two places side by side; put something between them")
        if number + 1 < len(pieces):
            parts.append(Place(pieces[number + 1], pieces[number + 2] or SEGMENT))
    names = [part.name for part in parts if isinstance(part, Place)]
    if len(names) != len(set(names)):
        raise ValueError("has a place twice; give each its own name")
    if len(names) > MAX_PLACES:
        raise ValueError(f"must have at most {MAX_PLACES} places")
    return Template(text, tuple(parts))


def _allowed(text: str, kind: str) -> int:
    """Return the positions whose character a place of this kind takes."""
    if kind == ANYTHING:
        return (1 << len(text)) - 1
    return int(text.encode("latin-1", "replace").translate(_MARKS[kind])[::-1], 2) if text else 0


def _after_literal(text: str, literal: str, before: int) -> int:
    """Return where one may stand after a literal."""
    after, at = 0, text.find(literal)
    while at >= 0:
        after |= 1 << at
        at = text.find(literal, at + 1)
    return (after & before) << len(literal)


def _spread(before: int, allowed: int) -> int:
    """Return where one may stand after one character or more of `allowed`: a carry runs through each stretch."""
    first = (before & allowed) << 1
    return (((first & allowed) + allowed) ^ allowed) | first


def _run_before(end: int, allowed: int) -> int:
    """Return the positions before `end` from which all up to it is allowed."""
    gaps = ~allowed & ((1 << end) - 1)
    return ((1 << end) - 1) & ~((1 << gaps.bit_length()) - 1)
