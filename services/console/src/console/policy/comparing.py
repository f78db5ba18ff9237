"""Two texts of a policy, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

MOST_LINES = 3000  # of each: more would be compared for too long
CONTEXT = 3  # lines around a change


class TooLong(Exception):
    """One of the texts has more than `most` lines."""

    def __init__(self) -> None:
        super().__init__()
        self.most = MOST_LINES


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of the old text beside one of the new; `left_out` is how many equal lines stand in its place.

    Numbers begin at 1. None is for a side that has no such line.
    """

    old_at: int | None = None
    old: str | None = None
    new_at: int | None = None
    new: str | None = None
    left_out: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether both texts have the line."""
        return self.old_at is not None and self.new_at is not None and self.old == self.new


def differences(old: str, new: str) -> list[Pair]:
    """Return what is different, with some lines around; empty where nothing is. Raises TooLong."""
    before, after = old.replace("\r\n", "\n").splitlines(), new.replace("\r\n", "\n").splitlines()
    if max(len(before), len(after)) > MOST_LINES:
        raise TooLong
    pairs: list[Pair] = []
    end = 0
    for group in SequenceMatcher(None, before, after).get_grouped_opcodes(CONTEXT):
        pairs += _gap(group[0][1] - end)
        for _tag, old_from, old_to, new_from, new_to in group:
            pairs += _pairs(before, after, (old_from, old_to), (new_from, new_to))
        end = group[-1][2]
    return [*pairs, *_gap(len(before) - end)] if pairs else []


def _gap(lines: int) -> Iterator[Pair]:
    if lines > 0:
        yield Pair(left_out=lines)


def _pairs(before: list[str], after: list[str], old: tuple[int, int], new: tuple[int, int]) -> Iterator[Pair]:
    for old_at, new_at in zip_longest(range(*old), range(*new)):
        yield Pair(
            None if old_at is None else old_at + 1,
            None if old_at is None else before[old_at],
            None if new_at is None else new_at + 1,
            None if new_at is None else after[new_at],
        )
