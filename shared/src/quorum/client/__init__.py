"""A typed client of the quorum HTTP API, and a copy of the blocklist in memory."""

from quorum.client.blocklist import Blocklist
from quorum.client.calls import ApiError, Client, Result, Snapshot, Status

__all__ = ["ApiError", "Blocklist", "Client", "Result", "Snapshot", "Status"]
