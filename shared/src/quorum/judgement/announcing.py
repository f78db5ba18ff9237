"""What other services are told of an image: blocked, unblocked, held, released, deleted. Twin: announcing.lua."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from quorum.events.event import (
    BLOCKED,
    DELETED,
    HELD,
    RELEASED,
    UNBLOCKED,
    cloud_event,
    event_id,
    timestamp,
    traceparent,
)
from quorum.judgement.figures.days import count, duration, main_reason
from quorum.judgement.records import Book, Event, Row, Tally
from quorum.judgement.waiting import Cause
from quorum.policy.model import POINT

KINDS = {"blocked": BLOCKED, "unblocked": UNBLOCKED, "held": HELD, "released": RELEASED, "deleted": DELETED}
BY_SITE = {"content", "gone"}  # causes that are the site's own word
OFTEN = {"held", "released"}  # may happen more than once in an epoch, so their ids are numbered


def announce(
    book: Book, subject: tuple[bytes, str], verdict: tuple[str, str | None], moment: tuple[int, bytes | None]
) -> Event:
    """Return the event for an image.

    `subject` is its digest and id, `verdict` one of KINDS and a cause, `moment` when it was judged (Unix ms) and the
    trace of the report that it was judged for. What is held waits from now on, and nothing else that is announced.
    """
    (digest, image_id), (kind, cause), (at_ms, trace) = subject, verdict, moment
    tally, rows = book.tallies[digest], book.with_rows(digest).rows
    by_policy = {"kind": "policy", "version": book.policy.version}
    data = {
        **tally_data(image_id, tally, rows, {reason.name: reason.name for reason in book.policy.reasons}),
        "decided_by": {"kind": "site"} if cause in BY_SITE else by_policy,
        **({"cause": cause} if cause else {}),
    }
    book.causes.pop(image_id, None)
    if kind == "held" and cause:
        book.causes[image_id] = Cause(cause)
    _count(book, (kind, data["reasons"]), at_ms, rows)
    name = kind
    if kind in OFTEN:
        book.turns += 1
        name = f"{kind}-{book.turns}"
    event = cloud_event(event_id(digest, tally.epoch, name), KINDS[kind], image_id, at_ms, data)
    if trace:
        event["traceparent"] = traceparent(trace)
    return event


def _count(book: Book, told: tuple[str, Mapping[str, int]], at_ms: int, rows: Mapping[bytes, Row]) -> None:
    kind, reasons = told
    figure = {"blocked": "blocks", "held": "holds"}.get(kind)
    if figure is None:
        return
    counted = [f"{figure}:{main_reason(reasons)}"]
    if figure == "blocks" and rows:
        counted.append(duration("to_block", at_ms - min(row.received_ms for row in rows.values())))
    count(book.days, at_ms, counted)


def tally_data(image_id: str, tally: Tally, rows: Mapping[bytes, Row], names: Mapping[str, str]) -> dict[str, Any]:
    """Return what an event says of an image: never who reported. A reason that has no name now counts as `other`."""
    times = [row.received_ms for row in rows.values()]
    return {
        "image_id": image_id,
        "epoch": tally.epoch,
        "score": tally.score / POINT,
        "reporters": len(rows),
        "reasons": dict(Counter(names.get(row.reason, "other") for row in rows.values())),
        "first_reported_at": timestamp(min(times)) if times else None,
        "last_reported_at": timestamp(max(times)) if times else None,
    }
