"""Looks for decisions in the trail, some hundreds at a time: a page never walks through all of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from console.words.translating import later
from quorum.moderation.trail import Said, Trail

WINDOW = 500  # entries that one call reads
MOST_LOOKED_AT = 5000  # entries that one page looks at for those that are asked for

STATES = {
    "open": later("open"),
    "held": later("held"),
    "blocked": later("blocked"),
    "cleared": later("cleared"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which decisions are asked for, by their fields; empty ones and zero ask for all. Times in Unix ms."""

    moderator: str = ""  # part of the name, case folded
    decision: str = ""
    image: str = ""  # canonical id
    since_ms: int = 0
    until_ms: int | None = None

    def take(self, said: Said) -> bool:
        """Tell whether a decision is asked for."""
        told = said.said
        return (
            self.moderator in str(told.get("moderator", "")).casefold()
            and self.decision in ("", told.get("decision"))
            and self.image in ("", told.get("image_id"))
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A decision as it is shown; None is what the release that wrote it did not keep."""

    id: str
    at_ms: int | None
    moderator: str
    decision: str
    image_id: str
    before: str | None
    after: str | None
    note: str
    policy: str | None
    unfounded: bool
    images: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """A page: `older` is the cursor to go on with, None at the end of the trail."""

    rows: list[Row]
    older: str | None
    looked_at: int


def find(trail: Trail, filters: Filters, cursor: str | None, limit: int) -> Found:
    """Return up to `limit` decisions before a cursor. Raises InvalidCursor, StoreUnavailable, DataMissing."""
    rows: list[Row] = []
    looked_at = 0
    for said, place in entries(trail, filters, cursor):
        looked_at += 1
        if filters.take(said):
            rows.append(row_of(said))
        if len(rows) == limit or looked_at == MOST_LOOKED_AT:
            return Found(rows, place, looked_at)
    return Found(rows, None, looked_at)


def entries(trail: Trail, filters: Filters, cursor: str | None) -> Iterator[tuple[Said, str]]:
    """Yield what the trail has in the time that is asked for, newest first, each with the cursor after it."""
    while True:
        page, cursor = trail.before(cursor, WINDOW, filters.since_ms, filters.until_ms)
        yield from page
        if cursor is None:
            return


def row_of(said: Said) -> Row:
    """Return a decision as it is shown."""
    told = said.said
    return Row(
        id=said.id,
        at_ms=_number(told.get("at_ms")),
        moderator=str(told.get("moderator", "")),
        decision=str(told.get("decision", "")),
        image_id=str(told.get("image_id", "")),
        before=_text(told.get("state")),
        after=_text(told.get("after")),
        note=str(told.get("note", "")),
        policy=_text(told.get("policy")),
        unfounded=told.get("unfounded") is not False,
        images=_number(told.get("images")),
    )


def _number(value: Any) -> int | None:
    return value if type(value) is int else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
