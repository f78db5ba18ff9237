"""`/v1/webhooks`: subscriptions, their deliveries, replay, test, new secrets. For keys with the scope `admin`."""

from typing import Any

from flask import Blueprint, request

from quorum.events.event import timestamp
from quorum.schemas.webhooks import (
    DeliveriesSchema,
    ReplaySchema,
    SecretSchema,
    SubscriptionSchema,
    SubscriptionsSchema,
    WebhookSchema,
)
from quorum.webhooks.deliveries import Attempt, Webhooks
from quorum.webhooks.subscription import DEFAULT_TYPES, Subscription, new_subscription
from report_api.web.bodies import json_object
from report_api.web.describing import answer, documented
from report_api.web.paging import LIMIT, page_limit
from report_api.web.services import services

CREATED, NO_CONTENT = 201, 204

_OF_ONE = (404, 409)  # it is not there, or cannot be read

blueprint = Blueprint("webhooks", __name__)


@blueprint.post("/v1/webhooks")
@documented(
    "Subscribe an endpoint",
    "Deliveries are signed as Standard Webhooks say. An endpoint that gets some of these types already is "
    "refused (409), and `first` is the id of the webhook that sends them.",
    takes=WebhookSchema,
    answers={CREATED: answer("Subscribed; the secret is shown here only.", SubscriptionSchema)},
    problems=(409,),
)
def create_webhook() -> tuple[dict[str, Any], int]:
    """Subscribe an endpoint; its secret is shown here and never again."""
    wanted, store = WebhookSchema().load(_body()), services().webhooks
    types = tuple(wanted.get("types") or DEFAULT_TYPES)
    subscription = new_subscription(wanted["url"], types, wanted["name"], store.now_ms())
    store.add(subscription)
    return {**_shown(store, subscription), "secret": subscription.secrets[0].text}, CREATED


@blueprint.get("/v1/webhooks")
@documented("List webhooks", answers={200: answer("Done.", SubscriptionsSchema)})
def list_webhooks() -> dict[str, Any]:
    """Return all subscriptions, without their secrets."""
    store = services().webhooks
    return {"webhooks": [_shown(store, subscription) for subscription in store.all()]}


@blueprint.get("/v1/webhooks/<webhook_id>")
@documented("A webhook", answers={200: answer("Done.", SubscriptionSchema)}, problems=_OF_ONE)
def get_webhook(webhook_id: str) -> dict[str, Any]:
    """Return one subscription, without its secrets."""
    store = services().webhooks
    return _shown(store, store.get(webhook_id))


@blueprint.delete("/v1/webhooks/<webhook_id>")
@documented("Forget a webhook", answers={NO_CONTENT: answer("Forgotten.")}, problems=(404,))
def delete_webhook(webhook_id: str) -> tuple[str, int]:
    """Forget a subscription and what waits for it."""
    services().webhooks.remove(webhook_id)
    return "", NO_CONTENT


@blueprint.post("/v1/webhooks/<webhook_id>/secret")
@documented("Rotate its secret", answers={200: answer("Done.", SecretSchema)}, problems=_OF_ONE)
def rotate_secret(webhook_id: str) -> dict[str, Any]:
    """Give it a new secret; the one before signs as well for a day."""
    store = services().webhooks
    now = store.now_ms()
    subscription = store.change(webhook_id, lambda one: one.rotated(now))
    return {"secret": subscription.secrets[0].text}


@blueprint.post("/v1/webhooks/<webhook_id>/enable")
@documented("Deliver again", answers={200: answer("Done.", SubscriptionSchema)}, problems=_OF_ONE)
def enable_webhook(webhook_id: str) -> dict[str, Any]:
    """Deliver again, from where it stopped."""
    store = services().webhooks
    return _shown(store, store.enable(webhook_id))


@blueprint.post("/v1/webhooks/<webhook_id>/test")
@documented(
    "Send a test event",
    answers={200: answer("Done.", {"type": "object", "properties": {"event_id": {"type": "string"}}})},
    problems=_OF_ONE,
)
def test_webhook(webhook_id: str) -> dict[str, Any]:
    """Send it a test event."""
    store = services().webhooks
    return {"event_id": store.ping(store.get(webhook_id), store.now_ms())}


@blueprint.post("/v1/webhooks/<webhook_id>/replay")
@documented(
    "Send the events of a time range again",
    takes=ReplaySchema,
    answers={200: answer("Queued.", {"type": "object", "properties": {"events": {"type": "integer"}}})},
    problems=_OF_ONE,
)
def replay_webhook(webhook_id: str) -> dict[str, Any]:
    """Send it the kept events of a time range again."""
    store, span = services().webhooks, ReplaySchema().load(_body())
    first, last = (max(round(span[name].timestamp() * 1000), 0) for name in ("since", "until"))
    return {"events": store.replay(store.get(webhook_id), first, last, store.now_ms())}


@blueprint.get("/v1/webhooks/<webhook_id>/deliveries")
@documented(
    "How its deliveries fare",
    parameters=(LIMIT,),
    answers={200: answer("The last attempts, newest first.", DeliveriesSchema)},
    problems=(400, *_OF_ONE),
)
def get_deliveries(webhook_id: str) -> dict[str, Any]:
    """Return its last attempts, newest first."""
    return {"deliveries": [_attempt(one) for one in services().webhooks.deliveries(webhook_id, page_limit())]}


def _body() -> dict[str, Any]:
    return json_object(request.get_data(), request.environ)


def _shown(store: Webhooks, subscription: Subscription) -> dict[str, Any]:
    waiting, dead = store.backlog(subscription.id)
    since, disabled = store.failing_since(subscription.id), subscription.disabled_ms
    return {
        "id": subscription.id,
        "name": subscription.name,
        "url": subscription.url,
        "types": list(subscription.types),
        "created_at": timestamp(subscription.created_ms),
        "state": "disabled" if disabled else "failing" if since else "ok",
        "failing_since": timestamp(since) if since else None,
        "disabled_at": timestamp(disabled) if disabled else None,
        "disabled_because": subscription.disabled_because,
        "waiting": waiting,
        "dead": dead,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    fields = {name: getattr(attempt, name) for name in Attempt.__slots__ if name != "at_ms"}
    return {"at": timestamp(attempt.at_ms), **fields}
