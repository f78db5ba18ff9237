"""Webhooks: endpoints that are told of decisions, how their deliveries fare, and what may be done about it."""

import re

from flask import Blueprint, Response, request, url_for

from console.web.deeds import Did, note_deed
from console.web.going import see_other
from console.web.pages import notice, show
from console.web.problems import Wrong
from console.web.services import services
from console.webhooks.looking import TYPES, all_hooks, hook_of, outcome_names, state_names
from console.words.moments import moment
from console.words.refusals import why
from console.words.translating import gettext as _
from console.words.translating import ngettext
from quorum.errors import InvalidSubscription, MalformedSubscription, SubscriptionExists, UnknownSubscription
from quorum.schemas.fields import MAX_SHORT_CHARACTERS
from quorum.webhooks.subscription import DEFAULT_TYPES, Subscription, new_subscription

MAX_URL = 2000
DELIVERIES = 50
DEAD_SHOWN = 20
LETTER = re.compile(r"[0-9]{1,15}-[0-9]{1,15}")

blueprint = Blueprint("webhooks", __name__)


@blueprint.get("/webhooks")
def page() -> Response:
    """Show all webhooks and their state."""
    return _page(200)


@blueprint.post("/webhooks")
def add() -> Response:
    """Subscribe an endpoint, and show its secret: here and never again."""
    url, name = request.form.get("url", "").strip(), request.form.get("name", "").strip()
    types = tuple(kind for kind in TYPES if kind in request.form.getlist("types"))
    store = services().webhooks
    if len(name) > MAX_SHORT_CHARACTERS or (name and not name.isprintable()):
        return _page(422, _("Please say in at most %(most)s characters what it is for.", most=MAX_SHORT_CHARACTERS))
    try:
        subscription = new_subscription(url, types, name, store.now_ms())
        store.add(subscription)
    except InvalidSubscription as error:
        words = _("The address %(why)s.", why=why(error.problem)) if types else _("Please choose which events it gets.")
        return _page(422, words, url, name, types)
    except SubscriptionExists as error:
        return _page(
            409, _("The webhook %(id)s sends such events to this address already.", id=error.first), url, name, types
        )
    note_deed(Did.WEBHOOK_ADDED, _called(subscription), ", ".join(types))
    return _secret(subscription, 201)


@blueprint.get("/webhooks/<webhook_id>")
def one(webhook_id: str) -> Response:
    """Show a webhook, its last deliveries, and what its endpoint never took."""
    subscription = _get(webhook_id)
    return show(
        "webhooks/one.html",
        hook=hook_of(subscription),
        attempts=services().webhooks.deliveries(subscription.id, DELIVERIES),
        given_up=services().given_up.list(subscription.id, DEAD_SHOWN),
        states=state_names(),
        outcomes=outcome_names(),
        types={kind: _(text) for kind, text in TYPES.items()},
    )


@blueprint.post("/webhooks/<webhook_id>/remove")
def remove(webhook_id: str) -> Response:
    """Forget a webhook and what waits for it; one that cannot be read, too."""
    try:
        called = _called(services().webhooks.get(webhook_id))
    except MalformedSubscription:
        called = webhook_id
    except UnknownSubscription as error:
        raise _unknown() from error
    services().webhooks.remove(webhook_id)
    note_deed(Did.WEBHOOK_DELETED, called)
    notice(_("The webhook is deleted."))
    return see_other(url_for("webhooks.page"))


@blueprint.post("/webhooks/<webhook_id>/enable")
def enable(webhook_id: str) -> Response:
    """Deliver again, from where it stopped."""
    subscription = services().webhooks.enable(_get(webhook_id).id)
    note_deed(Did.WEBHOOK_ENABLED, _called(subscription))
    notice(_("It gets its events again, from where it stopped."))
    return _to(subscription)


@blueprint.post("/webhooks/<webhook_id>/secret")
def rotate(webhook_id: str) -> Response:
    """Give it a new secret, and show it: here and never again."""
    store = services().webhooks
    now = store.now_ms()
    subscription = store.change(_get(webhook_id).id, lambda one: one.rotated(now))
    note_deed(Did.WEBHOOK_SECRET, _called(subscription))
    return _secret(subscription, 200)


@blueprint.post("/webhooks/<webhook_id>/test")
def test(webhook_id: str) -> Response:
    """Send it a test event."""
    subscription, store = _get(webhook_id), services().webhooks
    store.ping(subscription, store.now_ms())
    note_deed(Did.WEBHOOK_TESTED, _called(subscription))
    notice(_("A test event is on its way. Load this page again to see what became of it."))
    return _to(subscription)


@blueprint.post("/webhooks/<webhook_id>/replay")
def replay(webhook_id: str) -> Response:
    """Send it the kept events of a time range again."""
    subscription, store = _get(webhook_id), services().webhooks
    since, until = (moment(request.form.get(field, "")) for field in ("since", "until"))
    if since is None or until is None or since > until:
        raise Wrong(422, _("Please give a beginning, and an end that is not before it."))
    count = store.replay(subscription, since, until, store.now_ms())
    note_deed(Did.WEBHOOK_REPLAYED, _called(subscription), str(count))
    notice(ngettext("%(num)s event is sent again.", "%(num)s events are sent again.", count))
    return _to(subscription)


@blueprint.post("/webhooks/<webhook_id>/resend")
def resend(webhook_id: str) -> Response:
    """Send again what its endpoint never took: one event, or all."""
    subscription, letter = _get(webhook_id), request.form.get("letter") or None
    if letter and not LETTER.fullmatch(letter):
        raise Wrong(422, _("There is no such event."))
    count = services().given_up.resend(subscription.id, services().webhooks.now_ms(), letter)
    note_deed(Did.WEBHOOK_RESENT, _called(subscription), str(count))
    notice(ngettext("%(num)s event is sent again.", "%(num)s events are sent again.", count))
    return _to(subscription)


def _get(webhook_id: str) -> Subscription:
    """Return a subscription. Raises Wrong, MalformedSubscription."""
    try:
        return services().webhooks.get(webhook_id)
    except UnknownSubscription as error:
        raise _unknown() from error


def _unknown() -> Wrong:
    return Wrong(404, _("There is no such webhook."))


def _called(subscription: Subscription) -> str:
    return f"{subscription.name or subscription.url} ({subscription.id})"


def _to(subscription: Subscription) -> Response:
    return see_other(url_for("webhooks.one", webhook_id=subscription.id))


def _secret(subscription: Subscription, status: int) -> Response:
    return show("webhooks/secret.html", status, hook=subscription, secret_text=subscription.secrets[0].text)


def _page(
    status: int, words: str = "", url: str = "", name: str = "", chosen: tuple[str, ...] = DEFAULT_TYPES
) -> Response:
    return show(
        "webhooks/page.html",
        status,
        hooks=all_hooks(),
        unreadable=services().webhooks.unreadable(),
        states=state_names(),
        types={kind: _(text) for kind, text in TYPES.items()},
        words=words,
        url=url[:MAX_URL],
        name=name[:MAX_SHORT_CHARACTERS],
        chosen=chosen,
        most=MAX_SHORT_CHARACTERS,
    )
