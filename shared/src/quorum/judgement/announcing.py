"""What other services are told: an event for each image that is blocked or held. Twin: announcing.lua."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from quorum.events.event import BLOCKED, HELD, cloud_event, event_id, timestamp, traceparent
from quorum.judgement.records import Event, Report, Tally
from quorum.policy.model import POINT, Policy


def announce(
    policy: Policy, report: Report, tally: Tally, subject: tuple[bytes, str], cause: str | None = None
) -> Event:
    """Return the event for one image of a tally, its digest and id: blocked, or held when there is a cause."""
    digest, image_id = subject
    kind, name = (HELD, "held") if cause else (BLOCKED, "blocked")
    data = {
        **tally_data(image_id, tally, {code.name: code.name for code in policy.reasons}),
        "decided_by": {"kind": "policy", "version": policy.version},
        **({"cause": cause} if cause else {}),
    }
    event = cloud_event(event_id(digest, tally.epoch, name), kind, image_id, report.received_ms, data)
    if report.trace:
        event["traceparent"] = traceparent(report.trace)
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
