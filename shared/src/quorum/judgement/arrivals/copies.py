"""Images that show the same picture share their rows, and each is judged by its own rules. Twin: copies.lua."""

from dataclasses import replace

from quorum.images.pictures import nearest_picture
from quorum.judgement.records import Book, Report, Row, State, Tally
from quorum.policy.model import MAX_COPIES, MAX_REPORTERS_STORED

DECIDED = {State.CLEARED, State.UPHELD}  # by a moderator: nothing joins, and it joins nothing


def join_picture(book: Book, report: Report) -> None:
    """Let an image share the rows of the picture that a report says it shows, with what it has been reported for.

    The picture is the nearest known one of a PDQ hash, or the first of its own. An image or a picture about which
    something was decided stays by itself: it is only noted which picture it shows.
    """
    own, content = report.image.digest, report.content
    if content is None or own in book.aliases:
        return
    near = nearest_picture(book.pictures, report.pdq) if report.pdq else None
    joined = _join(book, own, report.image.id, near or content)
    if report.pdq and near is None and joined:
        book.pictures[report.pdq] = content


def _join(book: Book, own: bytes, image_id: str, shown: bytes) -> bool:
    image = book.tallies.setdefault(own, Tally())
    picture = book.tallies.get(shown, Tally())
    known = book.parted.get(own)
    if image.wary or image.state in DECIDED or picture.state in DECIDED or len(picture.copies) >= MAX_COPIES:
        if known is None:
            book.parted[own] = shown
        return False
    if known == shown and image.epoch > 1:
        return False  # it was parted
    book.tallies[shown] = picture
    book.parted.pop(own, None)
    picture.copies[own] = image_id
    book.aliases[own] = shown
    if image.rows:
        picture.rows = merged(picture.rows, image.rows)
        image.rows = {}
    return True


def part(book: Book, own: bytes) -> bool:
    """Take an image out of those that show its picture; return whether it was among them. Its rows stay there."""
    shown = book.aliases.pop(own, None)
    if shown is None:
        return False
    book.tallies[shown].copies.pop(own)
    book.parted[own] = shown
    return True


def merged(rows: dict[bytes, Row], others: dict[bytes, Row]) -> dict[bytes, Row]:
    """Return the rows of two tallies as one: a reporter of both from their first report on."""
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
