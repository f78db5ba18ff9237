"""The counts of a transparency report (Digital Services Act, Articles 15, 23 and 24), from what is kept of a period.

Only what was seen is counted; what is not kept any more is for the caller to say.
"""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from quorum.events.event import APPEAL_DECIDED, BLOCKED, HELD, RELEASED, UNBLOCKED, Event
from quorum.judgement.records import Kind, Report
from quorum.moderation.decisions import Action
from quorum.policy.model import Policy

MOST_HELD = 1_000_000  # images whose hold began and has not ended; of more, the time to a decision is not known


@dataclass(slots=True)
class Counts:
    """What was seen of a period; durations in seconds."""

    policy: Policy
    blocks: Counter[str] = field(default_factory=Counter)  # by whom: `policy`, `moderator`
    behind_blocks: Counter[str] = field(default_factory=Counter)  # notices by reason
    categories: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)  # held, released, unblocked
    decisions: Counter[str] = field(default_factory=Counter)
    appeals: Counter[str] = field(default_factory=Counter)
    abuse: Counter[str] = field(default_factory=Counter)  # warned, muted; `unknown` decisions that did not say
    to_block: "array[float]" = field(default_factory=lambda: array("d"))
    to_decision: "array[float]" = field(default_factory=lambda: array("d"))
    to_outcome: "array[float]" = field(default_factory=lambda: array("d"))
    held_since: dict[str, datetime] = field(default_factory=dict)

    def add_event(self, event: Event) -> None:
        """Count an event; one that cannot be read counts as `unreadable`."""
        try:
            self._add_event(event)
        except (KeyError, TypeError, ValueError, AttributeError):
            self.ended["unreadable"] += 1

    def add_decision(self, said: Mapping[str, Any]) -> None:
        """Count a decision as the audit trail has it."""
        action = said.get("decision")
        if action not in set(Action):
            return
        self.decisions[str(action)] += 1
        if "muted" not in said:
            self.abuse["unknown"] += 1
            return
        self.abuse.update({"warned": int(said["warned"]), "muted": int(said["muted"])})

    def add_notice(self, report: Report) -> None:
        """Count a report of the journal."""
        if report.kind is Kind.REPORT:
            self.notices[report.reason] += 1

    def _add_event(self, event: Event) -> None:
        data = event.data
        if event.type == APPEAL_DECIDED:
            self.appeals[data["outcome"]] += 1
            if data["outcome"] != "lapsed":
                self.to_outcome.append(_seconds(data["appealed_at"], event.time))
            return
        if event.type == HELD:
            self.ended["held"] += 1
            if len(self.held_since) < MOST_HELD:
                self.held_since.setdefault(event.subject, event.time)
            return
        if event.type in {BLOCKED, RELEASED} and event.subject in self.held_since:
            since = self.held_since.pop(event.subject)
            if data["decided_by"]["kind"] == "moderator":
                self.to_decision.append((event.time - since).total_seconds())
        if event.type == BLOCKED:
            self._add_block(event)
        elif event.type in {RELEASED, UNBLOCKED}:
            self.ended["released" if event.type == RELEASED else "unblocked"] += 1

    def _add_block(self, event: Event) -> None:
        reasons, data = Counter[str](event.data["reasons"]), event.data
        self.blocks[data["decided_by"]["kind"]] += 1
        self.behind_blocks.update(reasons)
        main = max(reasons, key=lambda name: reasons[name], default="")
        self.categories[self.policy.legal.category_of(main)] += 1
        if data["first_reported_at"]:
            self.to_block.append(_seconds(data["first_reported_at"], event.time))

    def told(self) -> dict[str, Any]:
        """Return the counts; a median of nothing is None."""
        return {
            "notices": {"in_the_journal": dict(self.notices), "behind_blocks": dict(self.behind_blocks)},
            "blocks": {
                "automated": self.blocks["policy"],
                "by_moderators": self.blocks["moderator"],
                "by_category": dict(self.categories),
            },
            "held": self.ended["held"],
            "released": self.ended["released"],
            "unblocked": self.ended["unblocked"],
            "unreadable_events": self.ended["unreadable"],
            "decisions_of_moderators": {action.value: self.decisions[action.value] for action in Action},
            "median_seconds": {
                "first_notice_to_block": _median(self.to_block),
                "held_to_decision": _median(self.to_decision),
                "appeal_to_outcome": _median(self.to_outcome),
            },
            "appeals": {name: self.appeals[name] for name in ("upheld", "cleared", "lapsed")},
            "reporters": {
                "warned": self.abuse["warned"],
                "muted": self.abuse["muted"],
                "decisions_that_do_not_say": self.abuse["unknown"],
            },
        }


def _seconds(since: str, until: datetime) -> float:
    return (until - datetime.fromisoformat(since)).total_seconds()


def _median(values: "array[float]") -> float | None:
    return round(median(values), 1) if values else None
