"""What comes in with and beside reports, in its order among them. Twin: acts.lua.

Each act says whether the image is to be judged now.
"""

from collections.abc import Callable

from quorum.images.pictures import nearest_picture
from quorum.judgement.announcing import announce
from quorum.judgement.arrivals.copies import join_picture, part
from quorum.judgement.caps.budgets import refund
from quorum.judgement.records import Book, Event, Kind, Report, State, Tally
from quorum.judgement.verdict import Case, over
from quorum.judgement.weighing import voices, weight_of


def look_at_picture(book: Book, report: Report, _events: list[Event]) -> bool:
    """Let a report say which picture its image shows, if it is of somebody who weighs anything now."""
    if report.content and weight_of(book, report):
        join_picture(book, report)
    return True


def withdraw(book: Book, report: Report, events: list[Event]) -> bool:
    """Take a report back. A block that reports alone brought about not long ago ends where they do not reach any more.

    That is so for all images with the same picture. Once one of them is blocked for longer, or by a moderator, the
    report has had its effect, and whoever sent it answers for it.
    """
    own, now = report.image.digest, report.received_ms
    holder = book.with_rows(own)
    images = {digest: book.tallies.get(digest, Tally()) for digest in (holder.copies or {own: ""})}
    young = now - book.caps["undo_ms"]
    if any(one.state.is_blocked and (one.state is State.UPHELD or one.blocked_ms < young) for one in images.values()):
        return False
    people = set(holder.rows)
    found = [holder.rows.pop(each, None) for each in (report.reporter.fingerprint, *report.reporter.previous)]
    if not any(found):
        return False
    left = voices(book, holder, now)
    for digest, image in images.items():
        subject = digest, holder.copies.get(digest, report.image.id)
        if image.state is State.BLOCKED and not over(book, Case(*subject, now), left):
            refund(book, people, image.blocked_ms)
            _reopen(book, subject, "withdrawn", report, events)
    return True


def tell_content(book: Book, report: Report, events: list[Event]) -> bool:
    """Take the site's word on which picture an image shows. Where it was another, the image begins anew."""
    own, content = report.image.digest, report.content
    shown = book.aliases.get(own) or book.parted.get(own)
    near = nearest_picture(book.pictures, report.pdq) if report.pdq else None
    if shown is not None and shown != (near or content):
        begin_anew(book, report, "content", events)
    join_picture(book, report)
    return True


def remove(book: Book, report: Report, events: list[Event]) -> bool:
    """Take the site's word that there is no such image any more."""
    own = report.image.digest
    image = book.tallies[own]
    if image == Tally(epoch=image.epoch) and own not in book.aliases:
        return False
    events.append(announce(book, (own, report.image.id), ("deleted", "gone"), (report.received_ms, report.trace)))
    image.state = State.OPEN
    begin_anew(book, report, "gone", events)
    return False


def begin_anew(book: Book, report: Report, cause: str, events: list[Event]) -> None:
    """Forget all that was reported and decided of an image: the next epoch begins."""
    own = report.image.digest
    image = book.tallies[own]
    if image.state.is_blocked or image.state is State.HELD:
        _reopen(book, (own, report.image.id), cause, report, events)
    else:
        image.epoch += 1
    part(book, own)
    book.parted.pop(own, None)
    book.pending.pop((own, report.image.id), None)
    book.causes.pop(report.image.id, None)
    book.tallies[own] = Tally(image.epoch)


def _reopen(book: Book, subject: tuple[bytes, str], cause: str, report: Report, events: list[Event]) -> None:
    """End a block, and with it the epoch, or a hold."""
    image = book.tallies[subject[0]]
    kind = "unblocked" if image.state.is_blocked else "released"
    image.state = State.OPEN
    events.append(announce(book, subject, (kind, cause), (report.received_ms, report.trace)))
    image.epoch += 1


Act = Callable[[Book, Report, list[Event]], bool]
ACTS: dict[Kind, Act] = {
    Kind.REPORT: look_at_picture,
    Kind.WITHDRAWAL: withdraw,
    Kind.CONTENT: tell_content,
    Kind.GONE: remove,
}
