"""Webhooks, their secrets and deliveries."""

from datetime import UTC

from marshmallow import Schema, fields, validate

from quorum.events.event import EVENT_TYPES
from quorum.schemas.fields import MAX_SHORT_CHARACTERS


class WebhookSchema(Schema):
    """An endpoint to subscribe."""

    url = fields.String(required=True, metadata={"example": "https://cms.example.org/hooks/quorum"})
    types = fields.List(
        fields.String(validate=validate.OneOf(EVENT_TYPES)),
        validate=validate.Length(min=1),
        metadata={"description": "Events that it wants; without it blocked, unblocked and deleted."},
    )
    name = fields.String(
        load_default="",
        validate=[validate.Length(max=MAX_SHORT_CHARACTERS)],
        metadata={"description": "What it is for."},
    )


class SubscriptionSchema(Schema):
    """A subscription and its state."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    url = fields.String(required=True)
    types = fields.List(fields.String(), required=True)
    created_at = fields.DateTime(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["ok", "failing", "disabled"]))
    failing_since = fields.DateTime(required=True, allow_none=True)
    disabled_at = fields.DateTime(required=True, allow_none=True)
    disabled_because = fields.String(required=True, allow_none=True)
    waiting = fields.Integer(required=True, metadata={"description": "Images whose events wait for a delivery."})
    dead = fields.Integer(required=True, metadata={"description": "Events that were given up."})
    secret = fields.String(metadata={"description": "Signs deliveries; shown once."})


class SubscriptionsSchema(Schema):
    """All subscriptions."""

    webhooks = fields.List(fields.Nested(SubscriptionSchema), required=True)


class SecretSchema(Schema):
    """A new signing secret."""

    secret = fields.String(required=True)


class ReplaySchema(Schema):
    """A time range of events to send again."""

    since = fields.AwareDateTime(format="iso", default_timezone=UTC, required=True)
    until = fields.AwareDateTime(format="iso", default_timezone=UTC, required=True)


class DeliverySchema(Schema):
    """An attempt to deliver an event."""

    at = fields.DateTime(required=True)
    event_id = fields.String(required=True)
    subject = fields.String(required=True)
    attempt = fields.Integer(required=True)
    status = fields.Integer(required=True, metadata={"description": "HTTP status; 0 when nothing was answered."})
    outcome = fields.String(required=True, validate=validate.OneOf(["delivered", "retry", "dead"]))
    detail = fields.String(required=True)
    duration_ms = fields.Integer(required=True)


class DeliveriesSchema(Schema):
    """The last attempts, newest first."""

    deliveries = fields.List(fields.Nested(DeliverySchema), required=True)
