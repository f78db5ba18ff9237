"""What the views call: made once for each process by the application factory."""

from dataclasses import dataclass

from flask import current_app

from quorum.policy import Policy
from quorum.redis_store.feed import Feed
from quorum.redis_store.health import Health
from quorum.redis_store.inbox import Inbox
from quorum.redis_store.tally import PartitionTally
from quorum.settings import Settings
from report_api.access import Access

EXTENSION = "quorum"


@dataclass(frozen=True, slots=True)
class Services:
    """The parts behind the views."""

    settings: Settings
    policy: Policy
    access: Access
    inbox: Inbox
    tallies: list[PartitionTally]
    feed: Feed
    health: Health
    readiness: Health  # the same, on a connection that waits 250 ms at most


def services() -> Services:
    """Return the parts behind the current application."""
    found: Services = current_app.extensions[EXTENSION]
    return found
