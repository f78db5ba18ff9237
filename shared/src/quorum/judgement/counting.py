"""A report becomes a row, or does not: each person once, with the weight the policy gives. Twin: counting.lua."""

from quorum.judgement.records import Book, Report, Row, Tally
from quorum.judgement.shields import DAY_MS
from quorum.policy.accuracy import accuracy_factor
from quorum.policy.model import ANONYMOUS, MAX_REPORTERS_STORED, POINT
from quorum.reporters.fingerprints import Reporter


def count(book: Book, report: Report, tally: Tally) -> None:
    """Count a report.

    A known reporter only ever raises the weight of their row; a new one is added unless it weighs nothing, too many of
    one network report anonymously, or MAX_REPORTERS_STORED are kept already.
    """
    reporter, rows = report.reporter, tally.rows
    for previous in reporter.previous:
        if previous in rows:
            _rename(rows, previous, reporter.fingerprint)
    weight = _weight(book, report)
    row = rows.get(reporter.fingerprint)
    if row:
        if weight > row.weight:
            row.weight, row.reason, row.reporter_class = weight, report.reason, reporter.reporter_class
        return
    if weight <= 0 or len(rows) >= MAX_REPORTERS_STORED or _crowded(book, reporter, tally):
        return
    _count_image_of_today(book, tally, report.received_ms)
    rows[reporter.fingerprint] = Row(
        report.received_ms, weight, report.reason, reporter.reporter_class, reporter.fresh, reporter.network
    )


def _weight(book: Book, report: Report) -> int:
    """Return the weight by class and reason, moved by the reporter's accuracy; nothing while they are muted."""
    reporter = report.reporter
    known = (book.standings.get(one) for one in (reporter.fingerprint, *reporter.previous))
    standing = next((one for one in known if one is not None), None)
    weight = book.policy.weight(reporter.reporter_class, report.reason)
    if standing is None:
        return weight
    if standing.is_muted(report.received_ms):
        return 0
    return weight * accuracy_factor(standing, book.policy) // POINT


def _crowded(book: Book, reporter: Reporter, tally: Tally) -> bool:
    """Tell whether enough anonymous reporters of the same network count already."""
    if reporter.reporter_class != ANONYMOUS or not reporter.network:
        return False
    same = sum(row.network == reporter.network for row in tally.rows.values())
    return same >= book.policy.people.anonymous_per_network


def _count_image_of_today(book: Book, tally: Tally, at_ms: int) -> None:
    """For the cap by share of the images that were reported today."""
    book.shield.roll(at_ms)
    latest = max((row.received_ms for row in list(tally.rows.values())[-1:]), default=-1)
    if latest // DAY_MS < at_ms // DAY_MS:
        book.shield.day_images += 1


def _rename(rows: dict[bytes, Row], old: bytes, new: bytes) -> None:
    """Put a row under another fingerprint, in its place; one that is there already stays."""
    if new in rows:
        return
    renamed = {new if fingerprint == old else fingerprint: row for fingerprint, row in rows.items()}
    rows.clear()
    rows.update(renamed)
