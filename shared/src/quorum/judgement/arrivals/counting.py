"""A report becomes a row, or changes one: each person once, with what is known of them. Twin: counting.lua."""

from collections import Counter
from dataclasses import replace

from quorum.judgement.records import Book, Report, Row, Tally
from quorum.judgement.weighing import fact_weight
from quorum.policy.model import MAX_REPORTERS_STORED, POINT


def count(book: Book, report: Report, tally: Tally) -> bool:
    """Count a report; return whether its reporter is new to the image.

    Who is known already may have changed their mind: the last reason counts, and the age that the account has now. When
    MAX_REPORTERS_STORED are kept, one who adds more takes the place of the one who adds the least: a crowd of one
    network cannot keep others out.
    """
    reporter, rows = report.reporter, tally.rows
    for previous in reporter.previous:
        _take_over(book, previous, reporter.fingerprint, rows)
    new = Row(report.received_ms, report.reason, reporter.reporter_class, reporter.age, reporter.networks)
    row = rows.get(reporter.fingerprint)
    if row:
        rows[reporter.fingerprint] = replace(
            new, received_ms=row.received_ms, age=max(row.age, new.age), networks=row.networks
        )
        return False
    if len(rows) >= MAX_REPORTERS_STORED:
        alike = Counter(row.networks.wide for row in [*rows.values(), new])
        shares = {fingerprint: _share(book, row, alike) for fingerprint, row in rows.items()}
        least = min(shares, key=lambda fingerprint: shares[fingerprint])
        if shares[least] >= _share(book, new, alike):
            return False
        del rows[least]
    rows[reporter.fingerprint] = new
    return True


def _share(book: Book, row: Row, alike: Counter[int]) -> int:
    """Return what a person brings by their facts, divided among those of the same /16 or /32."""
    return fact_weight(book, row) * POINT // (alike[row.networks.wide] if row.networks.wide else 1)


def _take_over(book: Book, old: bytes, new: bytes, rows: dict[bytes, Row]) -> None:
    """Put what is known of an earlier fingerprint (of another pepper, another form of a name) under the new one."""
    if old in rows and new not in rows:
        renamed = {new if fingerprint == old else fingerprint: row for fingerprint, row in rows.items()}
        rows.clear()
        rows.update(renamed)
    if old in book.standings and new not in book.standings:
        book.standings[new] = book.standings[old]
    if old in book.budgets and new not in book.budgets:
        book.budgets[new] = book.budgets[old]
