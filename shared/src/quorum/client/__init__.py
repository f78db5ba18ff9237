"""A typed client of the quorum HTTP API, a copy of the blocklist in memory, and a check of webhooks."""

from quorum.client.blocklist import Blocklist
from quorum.client.calls import Client, Result, Snapshot, Status
from quorum.client.refusals import ApiError, Unavailable
from quorum.client.webhooks import InvalidWebhook, verify
from quorum.errors import CursorExpired, InvalidImageId, QuorumError
from quorum.events.event import BLOCKED, DELETED, EVENT_TYPES, UNBLOCKED, Event

__all__ = [
    "BLOCKED",
    "DELETED",
    "EVENT_TYPES",
    "UNBLOCKED",
    "ApiError",
    "Blocklist",
    "Client",
    "CursorExpired",
    "Event",
    "InvalidImageId",
    "InvalidWebhook",
    "QuorumError",
    "Result",
    "Snapshot",
    "Status",
    "Unavailable",
    "verify",
]
