"""What other services are told: an event for each image that is blocked, held or released. Twin: announcing.lua."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from quorum.events.event import BLOCKED, HELD, RELEASED, cloud_event, event_id, timestamp, traceparent
from quorum.judgement.records import Book, Event, Tally
from quorum.policy.model import POINT

KINDS = {"blocked": BLOCKED, "held": HELD, "released": RELEASED}
OFTEN = {"held", "released"}  # may happen more than once in an epoch, so their ids are numbered


def announce(
    book: Book,
    tally: Tally,
    subject: tuple[bytes, str],
    verdict: tuple[str, str | None],
    moment: tuple[int, bytes | None],
) -> Event:
    """Return the event for one image of a tally.

    `subject` is its digest and id, `verdict` one of KINDS and a cause, `moment` when it was judged (Unix ms) and the
    trace of the report that it was judged for.
    """
    (digest, image_id), (kind, cause), (at_ms, trace) = subject, verdict, moment
    data = {
        **tally_data(image_id, tally, {reason.name: reason.name for reason in book.policy.reasons}),
        "decided_by": {"kind": "policy", "version": book.policy.version},
        **({"cause": cause} if cause else {}),
    }
    name = kind
    if kind in OFTEN:
        book.turns += 1
        name = f"{kind}-{book.turns}"
    event = cloud_event(event_id(digest, tally.epoch, name), KINDS[kind], image_id, at_ms, data)
    if trace:
        event["traceparent"] = traceparent(trace)
    return event


def tally_data(image_id: str, tally: Tally, names: Mapping[str, str]) -> dict[str, Any]:
    """Return what an event says of a tally: never who reported. A reason that has no name now counts as `other`."""
    times = [row.received_ms for row in tally.rows.values()]
    return {
        "image_id": image_id,
        "epoch": tally.epoch,
        "score": tally.score / POINT,
        "reporters": len(tally.rows),
        "reasons": dict(Counter(names.get(row.reason, "other") for row in tally.rows.values())),
        "first_reported_at": timestamp(min(times)) if times else None,
        "last_reported_at": timestamp(max(times)) if times else None,
    }
