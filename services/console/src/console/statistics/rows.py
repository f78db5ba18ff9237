"""The numbers of the page: in large print, by reason, and by day or week."""

from collections.abc import Mapping
from dataclasses import dataclass

from console.words.translating import gettext as _
from quorum.telemetry.days import Day, Figures, Period

MEDIAN, MOST = 0.5, 0.9
NOTHING = Figures()


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one day, week or reason; None where nothing is known. Durations are in seconds, shares parts of 1."""

    name: str
    reports: int | None
    blocks: int | None
    holds: int | None
    decisions: int | None
    to_block: float | None
    to_block_most: float | None
    to_decision: float | None
    to_decision_most: float | None
    confirmed: int | None
    overturned: int | None
    overturned_share: float | None
    upheld: int | None
    unfounded: int | None
    accuracy: float | None


def row_of(name: str, figures: Figures | None, reason: str | None = None) -> Row:
    """Return the figures of a time, of all reasons or of one; durations and decisions are of all together."""
    found = figures or NOTHING

    def number(figure: str) -> int | None:
        return None if figures is None else found.total(figure, reason)

    return Row(
        name=name,
        reports=number("reports"),
        blocks=number("blocks"),
        holds=number("holds"),
        decisions=None if figures is None else found.total("decisions"),
        to_block=found.seconds("to_block", MEDIAN),
        to_block_most=found.seconds("to_block", MOST),
        to_decision=found.seconds("to_decision", MEDIAN),
        to_decision_most=found.seconds("to_decision", MOST),
        confirmed=number("confirmed"),
        overturned=number("overturned"),
        overturned_share=found.overturned(reason),
        upheld=number("upheld"),
        unfounded=number("unfounded"),
        accuracy=found.accuracy(reason),
    )


def in_large(figures: Figures | None) -> Row:
    """Return all of a period together."""
    return row_of("", figures)


def by_time(period: Period) -> list[tuple[Day, Row]]:
    """Return each day or week, in their order."""
    return [(day, row_of(str(day.date), day.figures)) for day in period.days]


def by_reason(figures: Figures | None, names: Mapping[str, str]) -> list[Row]:
    """Return each reason of the policy and each that was counted, by its name in the reader's language.

    The most reported come first. What was blocked or held without a report is told under a name of its own.
    """
    found = figures or NOTHING
    counted = {reason for key in found.counted for name, _colon, reason in [key.partition(":")] if name in _BY_REASON}
    order = sorted({*names, *counted}, key=lambda reason: (-found.total("reports", reason), reason))
    return [row_of(names.get(reason, reason) or _("no report"), figures, reason) for reason in order]


_BY_REASON = frozenset(
    {"reports", "blocks", "holds", "confirmed", "overturned", "upheld", "unfounded", "by_moderators"}
)
