"""Puts the report API together."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask, Request
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter, PathConverter
from werkzeug.wsgi import get_host

from quorum.access.stored_keys import ApiKeys, KeyRing
from quorum.events.blocklist import Blocklist
from quorum.events.bus import BusPlace
from quorum.events.feed import Feed
from quorum.events.watch import Watch
from quorum.inbox.doorbell import Doorbell
from quorum.inbox.idempotency import Idempotency
from quorum.inbox.inbox import Inbox, Ring
from quorum.moderation.appeals.stored_appeals import Appeals
from quorum.moderation.claims import Claims
from quorum.moderation.statements.stored_statements import Statements
from quorum.moderation.stored_decisions import Decisions
from quorum.moderation.stored_reporters import Reporters
from quorum.moderation.stories import Stories
from quorum.moderation.trail import Trail
from quorum.moderation.waiting.stored_queue import Queue
from quorum.network.forwarding import Forwarding, with_scheme
from quorum.policy.file import PolicyFile
from quorum.reporters.looks import Looks
from quorum.settings import Settings, read_settings
from quorum.store.connection import API_TIMEOUT_SECONDS, WORKER_TIMEOUT_SECONDS, connect
from quorum.tally.copies import Copies
from quorum.tally.statuses import Statuses
from quorum.tally.views import Views
from quorum.tally.visibility import Visibilities
from quorum.telemetry.health import Health
from quorum.telemetry.history import History
from quorum.telemetry.policy_metrics import PolicyCollector
from quorum.telemetry.redis_metrics import RedisCollector
from quorum.webhooks.deliveries import Webhooks
from report_api import button, docs, landing
from report_api.access.callers import Access, require_pepper
from report_api.access.guard import guard
from report_api.docs import asyncapi, openapi
from report_api.resources import (
    blocklist,
    events,
    images,
    reasons,
    report_batches,
    reporters,
    reports,
    url_rules,
    visibility,
    webhooks,
)
from report_api.resources.moderation import appeals, claims, decisions, history, statements, waiting
from report_api.resources.probes import PROBES, make_probes
from report_api.server.greenlets import LoopParking
from report_api.telemetry.observe import observe
from report_api.web.bodies import MAX_BODY_BYTES
from report_api.web.headers import Headers, with_headers
from report_api.web.mounting import Mounted, Mounting
from report_api.web.problems import register_problems
from report_api.web.services import EXTENSION, Services
from report_api.web.waiting import Waiting

RESOURCES = (
    reports,
    report_batches,
    reasons,
    images,
    visibility,
    blocklist,
    url_rules,
    events,
    waiting,
    decisions,
    appeals,
    statements,
    claims,
    history,
    reporters,
    webhooks,
)
KEY_THREADS = 4  # that look API keys up for reports, which wait in the event loop
READY_TIMEOUT_SECONDS = 0.2  # so that /readyz answers within 250 ms


log = logging.getLogger(__name__)


class _Api(Flask):
    """Flask without what no view here needs, at every request: coroutines, sessions, subdomains."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def log_exception(self, exc_info: Any) -> None:
        """Log an error that nobody foresaw; the path stays out of it, for an image's id may be in there."""
        log.error("request failed", exc_info=exc_info)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Bind the routes to a request; subdomains and WebSockets play no part here."""
        if request is None:
            return super().create_url_adapter(request)
        trusted = None if request.path in PROBES else self.config["TRUSTED_HOSTS"]
        request.host = get_host(request.environ, trusted)
        return self.url_map.bind(
            request.host,
            script_name=request.root_path,
            url_scheme=request.scheme,
            default_method=request.method,
            path_info=request.path,
            query_args=request.query_string.decode("latin-1"),
        )


class _ImageId(PathConverter):
    """An image id in a path: any characters at all, so that a bad one gets an answer that says why."""

    part_isolating = False
    regex = r"[\s\S]+?"


class _NoSessions(SessionInterface):
    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002 - Flask's signature
        return self._none


def create_app(settings: Settings | None = None, ring: Ring | None = None, parking: LoopParking | None = None) -> Flask:
    """Return the WSGI application. `ring` replaces the Celery doorbell. Raises SettingsError, PolicyError.

    `parking` lets views wait in an event loop.
    """
    settings = settings or read_settings()
    require_pepper(settings)
    app = _Api(__name__, static_folder=None)
    app.session_interface = _NoSessions()
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, TRUSTED_HOSTS=list(settings.trusted_hosts) or None)
    app.url_map.converters["image_id"] = _ImageId
    app.url_map.merge_slashes = False  # an image id may be a URL
    app.json.sort_keys = False  # type: ignore[attr-defined]
    parts = _wire(settings, ring or Doorbell(settings).ring, parking or LoopParking())
    app.extensions[EXTENSION] = parts
    registry = observe(app)
    registry.register(RedisCollector(parts.health, parts.webhooks, parts.bus, settings.partitions))
    registry.register(PolicyCollector(parts.policies))
    register_problems(app)
    for views in (*RESOURCES, button, landing, docs):
        app.register_blueprint(views.blueprint)
    app.register_blueprint(make_probes(registry))
    openapi.register(app)
    asyncapi.register(app)
    if settings.demo:
        from report_api import demo  # noqa: PLC0415 - the demo is no part of a production server

        app.register_blueprint(demo.blueprint)
    guard(app, parts.access)
    openapi.require_documented(app)
    app.wsgi_app = with_headers(app.wsgi_app, Headers(settings.cors_origins))  # type: ignore[method-assign, assignment]
    if settings.proxy_hops:
        app.wsgi_app = with_scheme(app.wsgi_app, parts.forwarding)  # type: ignore[method-assign, assignment]
    app.wsgi_app = Mounted(app.wsgi_app, Mounting(parts.forwarding))  # type: ignore[method-assign]
    return app


def _wire(settings: Settings, ring: Ring, parking: LoopParking) -> Services:
    client = connect(settings.store, API_TIMEOUT_SECONDS)
    impatient = connect(settings.store, READY_TIMEOUT_SECONDS)
    policies = PolicyFile(settings.policy_path)
    namespace, partitions = settings.namespace, settings.partitions
    looking_up = ThreadPoolExecutor(KEY_THREADS, "key")
    statuses = Statuses(client, namespace, partitions)
    keys = KeyRing(ApiKeys(client, namespace), ask=lambda act: parking.elsewhere(looking_up, act))
    return Services(
        settings=settings,
        policies=policies,
        access=Access(settings, keys),
        forwarding=Forwarding(settings.proxy_hops, settings.trusted_proxies),
        inbox=Inbox(
            client,
            namespace,
            partitions,
            settings.inbox_limit,
            ring,
            limits=lambda: policies.current.limits,
            parking=parking,
        ),
        idempotency=Idempotency(client, namespace),
        copies=Copies(client, namespace, partitions),
        decisions=Decisions(client, namespace, partitions, name_moderators=settings.events_name_moderators),
        appeals=Appeals(client, namespace, partitions),
        statements=Statements(client, namespace, partitions),
        queue=Queue(client, namespace, partitions),
        stories=Stories(client, namespace, partitions),
        trail=Trail(client, namespace, partitions),
        claims=Claims(client, namespace, partitions),
        statuses=statuses,
        visibilities=Visibilities(statuses, settings.pepper, settings.pepper_previous),
        looks=Looks(client, namespace),
        reporters=Reporters(client, namespace, partitions),
        views=Views(client, namespace, partitions),
        webhooks=Webhooks(client, namespace, partitions),
        feed=Feed(client, namespace, partitions),
        blocklist=Blocklist(client, namespace, partitions),
        watch=Watch(connect(settings.store, WORKER_TIMEOUT_SECONDS), namespace, partitions),
        waiting=Waiting(),
        bus=BusPlace(client, namespace, partitions),
        health=Health(client, namespace, partitions),
        history=History(client, namespace, partitions),
        readiness=Health(impatient, namespace, partitions),
    )
