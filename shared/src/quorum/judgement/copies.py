"""Images with the same picture share one tally. Twin: copies.lua."""

from dataclasses import replace

from quorum.images.pictures import nearest_picture
from quorum.judgement.announcing import announce
from quorum.judgement.records import Book, Event, Report, Row, State, Tally
from quorum.policy.model import MAX_COPIES, MAX_REPORTERS_STORED


def tally_digest(book: Book, report: Report, events: list[Event]) -> bytes:
    """Return where a report is counted: the tally of its picture if the image has joined one, else its own."""
    own = report.image.digest
    known = book.aliases.get(own)
    if known:
        return known
    if report.content and report.pdq:
        return _join_nearest(book, report, report.content, report.pdq, events)
    return _join(book, report, report.content, events) if report.content else own


def _join_nearest(book: Book, report: Report, shared: bytes, pdq: bytes, events: list[Event]) -> bytes:
    """Let an image share the tally of the nearest known PDQ hash, or be the first of its own."""
    near = nearest_picture(book.pictures, pdq)
    joined = _join(book, report, near or shared, events)
    if near is None and joined == shared:
        book.pictures[pdq] = shared
    return joined


def _join(book: Book, report: Report, shared: bytes, events: list[Event]) -> bytes:
    """Let an image share the tally of its picture from now on, with what it has been reported for so far.

    One about which something was decided stays by itself, and none joins a cleared picture. A copy of what is blocked
    or held is so at once.
    """
    own = report.image.digest
    alone = book.tallies.get(own, Tally())
    tally = book.tallies.setdefault(shared, Tally())
    decided = alone.state is not State.OPEN or alone.epoch > 1 or tally.state is State.CLEARED
    if decided or len(tally.copies) >= MAX_COPIES:
        return own
    tally.copies[own] = report.image.id
    book.aliases[own] = shared
    book.tallies.pop(own, None)
    book.pending.pop((own, alone.name), None)
    if alone.rows:
        tally.rows = _merged(tally.rows, alone.rows)
    if tally.state.is_blocked or tally.state is State.HELD:
        verdict = ("blocked", None) if tally.state.is_blocked else ("held", "copy")
        events.append(announce(book, tally, (own, report.image.id), verdict, (report.received_ms, report.trace)))
    return shared


def _merged(rows: dict[bytes, Row], others: dict[bytes, Row]) -> dict[bytes, Row]:
    """Return two tallies as one: a reporter of both from their first report on, with what they said last."""
    merged = dict(rows)
    for fingerprint, row in others.items():
        known = merged.get(fingerprint)
        if known is None:
            merged[fingerprint] = row
        else:
            first = known if known.received_ms <= row.received_ms else row
            merged[fingerprint] = replace(first, age=max(known.age, row.age))
    oldest = sorted(merged.items(), key=lambda pair: pair[1].received_ms)[:MAX_REPORTERS_STORED]
    return dict(oldest)
