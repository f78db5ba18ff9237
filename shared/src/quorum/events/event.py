"""What quorum tells other services: CloudEvents 1.0, one for each decision about an image.

An event id is derived from image, epoch and kind, so that the same decision always has the same id: a consumer that
remembers ids can never act twice.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
SPEC_VERSION = "1.0"
SOURCE = "/quorum"

BLOCKED = "quorum.image.blocked.v1"
UNBLOCKED = "quorum.image.unblocked.v1"
HELD = "quorum.image.held.v1"
RELEASED = "quorum.image.released.v1"
DELETED = "quorum.image.deleted.v1"
SHIELDS_RAISED = "quorum.shields.raised.v1"
SHIELDS_LOWERED = "quorum.shields.lowered.v1"
APPEAL_DECIDED = "quorum.appeal.decided.v1"
EVENT_TYPES = (BLOCKED, UNBLOCKED, HELD, RELEASED, DELETED, SHIELDS_RAISED, SHIELDS_LOWERED, APPEAL_DECIDED)

JSON_TYPE = "application/json"
BATCH_TYPE = "application/cloudevents-batch+json"


@dataclass(frozen=True, slots=True)
class Event:
    """One CloudEvent, with the cursor after which the feed goes on."""

    id: str
    type: str
    subject: str  # the image id
    time: datetime
    data: Mapping[str, Any]
    cursor: str
    source: str = SOURCE
    traceparent: str | None = None  # of the request that caused it (CloudEvents' distributed tracing extension)

    @classmethod
    def from_json(cls, text: str | bytes, cursor: str) -> "Event":
        """Read the JSON form of an event. Raises KeyError or ValueError when it is not one."""
        fields = json.loads(text)
        return cls(
            id=fields["id"],
            type=fields["type"],
            subject=fields["subject"],
            time=datetime.fromisoformat(fields["time"]),
            data=fields["data"],
            cursor=cursor,
            source=fields["source"],
            traceparent=fields.get("traceparent"),
        )

    def as_cloudevent(self) -> dict[str, Any]:
        """Return the event in the JSON form of CloudEvents, with the cursor as an extension attribute."""
        return {
            "specversion": SPEC_VERSION,
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": timestamp(round(self.time.timestamp() * 1000)),
            "datacontenttype": JSON_TYPE,
            **({"traceparent": self.traceparent} if self.traceparent else {}),
            "data": dict(self.data),
            "cursor": self.cursor,
        }


def cloud_event(event_id: str, kind: str, subject: str, at_ms: int, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as it is appended to the stream; `judgement/announcing.lua` writes the same."""
    return {
        "specversion": SPEC_VERSION,
        "id": event_id,
        "source": SOURCE,
        "type": kind,
        "subject": subject,
        "time": timestamp(at_ms),
        "datacontenttype": JSON_TYPE,
        "data": dict(data),
    }


def parse_traceparent(text: str) -> bytes | None:
    """Return trace id, parent id and flags of a W3C `traceparent` header, None when it is not a valid one."""
    match = _TRACEPARENT.fullmatch(text)
    if not match or set(match[1]) == {"0"} or set(match[2]) == {"0"}:
        return None
    return bytes.fromhex("".join(match.groups()))


def traceparent(trace: bytes) -> str:
    """Return the header that `parse_traceparent` read; `drain.lua` writes the same."""
    return f"00-{trace[:16].hex()}-{trace[16:24].hex()}-{trace[24:].hex()}"


def event_id(digest: bytes, epoch: int, kind: str) -> str:
    """Return the id of the event that says `kind` (blocked, held, unblocked) of an image in an epoch."""
    return f"{digest.hex()}-{epoch}-{kind}"


def timestamp(milliseconds: int) -> str:
    """Return Unix milliseconds as RFC 3339 in UTC, as events write times."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
