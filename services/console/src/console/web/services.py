"""What the views call: made once for each process by the application factory."""

from dataclasses import dataclass

from flask import current_app

from quorum.access.deeds import Deeds
from quorum.access.stored_keys import ApiKeys
from quorum.accounts.sessions import Sessions
from quorum.accounts.sign_in import SignIn
from quorum.accounts.stored_accounts import Accounts
from quorum.events.bus import BusPlace
from quorum.events.feed import Feed
from quorum.images.image import Image, parse_image
from quorum.moderation.appeals.stored_appeals import Appeals
from quorum.moderation.claims import Claims
from quorum.moderation.dossier import Dossiers
from quorum.moderation.shields import Shields
from quorum.moderation.stored_decisions import Decisions
from quorum.moderation.stored_reporters import Reporters
from quorum.moderation.stories import Stories
from quorum.moderation.trail import Trail
from quorum.moderation.waiting.stored_queue import Queue
from quorum.network.forwarding import Forwarding
from quorum.policy.file import PolicyFile
from quorum.policy.model import Policy
from quorum.reporters.identities import Identities
from quorum.settings import Settings
from quorum.store.connection import API_TIMEOUT_SECONDS, connect
from quorum.tally.copies import Copies
from quorum.tally.journal import Journal
from quorum.tally.statuses import Statuses
from quorum.telemetry.health import Health
from quorum.telemetry.history import History
from quorum.telemetry.stored_days import Days
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.given_up import GivenUp

EXTENSION = "quorum"
READY_TIMEOUT_SECONDS = 0.2  # so that /readyz answers within 250 ms


@dataclass(frozen=True, slots=True)
class Services:
    """The parts behind the pages."""

    settings: Settings
    policies: PolicyFile
    forwarding: Forwarding
    accounts: Accounts
    sign_in: SignIn
    sessions: Sessions
    queue: Queue
    dossiers: Dossiers
    identities: Identities
    journal: Journal
    statuses: Statuses
    copies: Copies
    decisions: Decisions
    appeals: Appeals
    stories: Stories
    trail: Trail
    claims: Claims
    reporters: Reporters
    webhooks: Webhooks
    given_up: GivenUp
    keys: ApiKeys
    deeds: Deeds
    shields: Shields
    feed: Feed
    bus: BusPlace
    health: Health
    history: History
    days: Days
    readiness: Health  # the same, on a connection that waits 250 ms at most

    @property
    def policy(self) -> Policy:
        """The policy as it is now."""
        return self.policies.current

    def image(self, image_id: str) -> Image:
        """Return the image of an id as people write it. Raises InvalidImageId."""
        return parse_image(image_id, self.policy.urls)


def services() -> Services:
    """Return the parts behind the current application."""
    found: Services = current_app.extensions[EXTENSION]
    return found


def wire(settings: Settings) -> Services:
    """Put the parts together. Raises PolicyError."""
    client = connect(settings.store, API_TIMEOUT_SECONDS)
    namespace, partitions = settings.namespace, settings.partitions
    return Services(
        settings=settings,
        policies=PolicyFile(settings.policy_path),
        forwarding=Forwarding(settings.proxy_hops, settings.trusted_proxies),
        accounts=Accounts(client, namespace),
        sign_in=SignIn(client, namespace),
        sessions=Sessions(client, namespace),
        queue=Queue(client, namespace, partitions),
        dossiers=Dossiers(client, namespace, partitions),
        identities=Identities(settings.pepper, settings.pepper_previous),
        journal=Journal(client, namespace, partitions),
        statuses=Statuses(client, namespace, partitions),
        copies=Copies(client, namespace, partitions),
        decisions=Decisions(client, namespace, partitions, name_moderators=settings.events_name_moderators),
        appeals=Appeals(client, namespace, partitions),
        stories=Stories(client, namespace, partitions),
        trail=Trail(client, namespace, partitions),
        claims=Claims(client, namespace, partitions),
        reporters=Reporters(client, namespace, partitions),
        webhooks=Webhooks(client, namespace, partitions),
        given_up=GivenUp(client, namespace),
        keys=ApiKeys(client, namespace),
        deeds=Deeds(client, namespace),
        shields=Shields(client, namespace, partitions),
        feed=Feed(client, namespace, partitions),
        bus=BusPlace(client, namespace, partitions),
        health=Health(client, namespace, partitions),
        history=History(client, namespace, partitions),
        days=Days(client, namespace, partitions),
        readiness=Health(connect(settings.store, READY_TIMEOUT_SECONDS), namespace, partitions),
    )
