"""What the views call: made once for each process by the application factory."""

from dataclasses import dataclass

from flask import current_app, request

from quorum.events.blocklist import Blocklist
from quorum.events.bus import BusPlace
from quorum.events.feed import Feed
from quorum.events.watch import Watch
from quorum.images.image import Image, parse_image
from quorum.images.urls.address import is_web_address
from quorum.inbox.idempotency import Idempotency
from quorum.inbox.inbox import Inbox
from quorum.moderation.appeals.stored_appeals import Appeals
from quorum.moderation.claims import Claims
from quorum.moderation.statements.stored_statements import Statements
from quorum.moderation.stored_decisions import Decisions
from quorum.moderation.stored_reporters import Reporters
from quorum.moderation.stories import Stories
from quorum.moderation.trail import Trail
from quorum.moderation.waiting.stored_queue import Queue
from quorum.network.forwarding import Forwarding
from quorum.policy import Policy
from quorum.policy.file import PolicyFile
from quorum.reporters.looks import Looks
from quorum.settings import Settings
from quorum.tally.copies import Copies
from quorum.tally.statuses import Statuses
from quorum.tally.views import Views
from quorum.tally.visibility import Visibilities
from quorum.telemetry.health import Health
from quorum.telemetry.history import History
from quorum.webhooks.deliveries import Webhooks
from report_api.access.callers import Access
from report_api.web.problems import NAMED_IMAGE
from report_api.web.waiting import Waiting

EXTENSION = "quorum"


@dataclass(frozen=True, slots=True)
class Services:
    """The parts behind the views."""

    settings: Settings
    policies: PolicyFile
    access: Access
    forwarding: Forwarding
    inbox: Inbox
    idempotency: Idempotency
    statuses: Statuses
    copies: Copies
    visibilities: Visibilities
    looks: Looks
    decisions: Decisions
    appeals: Appeals
    statements: Statements
    queue: Queue
    stories: Stories
    trail: Trail
    claims: Claims
    reporters: Reporters
    views: Views
    webhooks: Webhooks
    feed: Feed
    blocklist: Blocklist
    watch: Watch
    waiting: Waiting
    bus: BusPlace
    health: Health
    history: History
    readiness: Health  # the same, on a connection that waits 250 ms at most

    @property
    def policy(self) -> Policy:
        """The policy as it is now."""
        return self.policies.current

    def image_in_path(self, image_id: str) -> Image:
        """Return the image that a path names; the query after a URL that was not encoded is the URL's.

        Raises InvalidImageId.
        """
        query = request.environ.get("QUERY_STRING")
        if query and "?" not in image_id and is_web_address(image_id):
            image_id = f"{image_id}?{query}"
        return self.image(image_id)

    def image(self, image_id: str) -> Image:
        """Return the image that the request names, as it is under the policy. Raises InvalidImageId."""
        image = parse_image(image_id, self.policy.urls)
        request.environ[NAMED_IMAGE] = image.id
        return image


def services() -> Services:
    """Return the parts behind the current application."""
    found: Services = current_app.extensions[EXTENSION]
    return found
