"""What the address of the queue asks for. What makes no sense is left out: a link of yesterday still shows a list."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from werkzeug.datastructures import MultiDict

from console.words.translating import later
from quorum.judgement.waiting import Cause
from quorum.moderation.waiting.wanted import WAITING, Listed, Sort, Wanted
from quorum.policy.model import Policy

Kind = TypeVar("Kind", bound=StrEnum)
NEAR = 0.6  # of the threshold: who has come so far may soon be blocked


class Shown(StrEnum):
    """Which list is shown."""

    WAITING = "waiting"
    CONTESTED = "contested"
    APPEALED = "appealed"
    NEAR = "near"
    OPEN = "open"
    BLOCKED = "blocked"


LISTS = {
    Shown.WAITING: later("Waiting"),
    Shown.CONTESTED: later("Contested"),
    Shown.APPEALED: later("Appealed"),
    Shown.NEAR: later("Near the bar"),
    Shown.OPEN: later("Reported"),
    Shown.BLOCKED: later("Blocked, not reviewed"),
}
_LISTED = {
    Shown.WAITING: WAITING,
    Shown.CONTESTED: frozenset({Listed.CONTESTED}),
    Shown.APPEALED: frozenset({Listed.APPEALED}),
    Shown.NEAR: frozenset({Listed.OPEN}),
    Shown.OPEN: frozenset({Listed.OPEN}),
    Shown.BLOCKED: frozenset({Listed.BLOCKED}),
}
SORTS = {
    Sort.PRIORITY: later("by priority"),
    Sort.OLDEST: later("the oldest first"),
    Sort.NEWEST: later("the newest first"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, as it stands in an address."""

    shown: Shown = Shown.WAITING
    cause: Cause | None = None
    reason: str | None = None
    sort: Sort = Sort.PRIORITY
    page: str | None = None

    def wanted(self, policy: Policy) -> Wanted:
        """Return it as the queue takes it."""
        return Wanted(
            _LISTED[self.shown],
            frozenset({self.cause} if self.cause else ()),
            frozenset({self.reason} if self.reason else ()),
            None,
            policy.threshold * NEAR if self.shown is Shown.NEAR else None,
            self.sort,
        )

    @property
    def words(self) -> dict[str, Any]:
        """What stands in an address that asks for it."""
        told = {
            "list": self.shown,
            "cause": self.cause,
            "reason": self.reason,
            "sort": self.sort,
            "page": self.page,
        }
        usual = {"list": Shown.WAITING, "sort": Sort.PRIORITY}
        return {name: str(value) for name, value in told.items() if value and value is not usual.get(name)}

    def other(self, **changes: Any) -> dict[str, Any]:
        """Return what asks for a list that differs, from its first page on."""
        return replace(self, **{"page": None, **changes}).words


def read_asked(args: MultiDict[str, str], policy: Policy) -> Asked:
    """Return what an address asks for."""
    shown = _one_of(Shown, args.get("list")) or Shown.WAITING
    cause = _one_of(Cause, args.get("cause")) if shown is Shown.WAITING else None
    reason = args.get("reason")
    return Asked(
        shown,
        cause,
        reason if reason in policy.reason_names else None,
        _one_of(Sort, args.get("sort")) or Sort.PRIORITY,
        args.get("page") or None,
    )


def _one_of(kinds: type[Kind], value: str | None) -> Kind | None:
    return next((one for one in kinds if one.value == value), None)
