"""What moderators should look at, and who looks at it."""

from marshmallow import Schema, fields, validate

from quorum.judgement.waiting import Cause
from quorum.moderation.claims import DEFAULT_MINUTES, MOST_MINUTES
from quorum.schemas.images import ImageStatusSchema
from quorum.schemas.redress.appeals import PresentAppealSchema

CAUSES = [cause.value for cause in Cause]


class ShareSchema(Schema):
    """So many reporters, who come to so many points."""

    reporters = fields.Integer(required=True)
    points = fields.Float(required=True)


class WeightsSchema(Schema):
    """How the weight of the reporters is made up: numbers only, never who they are or where they report from."""

    by_class = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(ShareSchema),
        required=True,
        metadata={"description": "`verified`, `anonymous`, `trusted`, `muted`: what each person weighs alone."},
    )
    groups = fields.List(
        fields.Nested(ShareSchema),
        required=True,
        metadata={
            "description": "People who share a /16 or /32, and what they count for together; the heaviest ten groups."
        },
    )
    other_groups = fields.Nested(ShareSchema, required=True, metadata={"description": "The other groups, as one."})
    no_network = fields.Nested(ShareSchema, required=True, metadata={"description": "No network is known of them."})


class ClaimSchema(Schema):
    """For how long a moderator looks at an image."""

    minutes = fields.Integer(strict=True, load_default=DEFAULT_MINUTES, validate=validate.Range(1, MOST_MINUTES))


class ClaimedSchema(Schema):
    """Who looks at an image, and until when."""

    name = fields.String(required=True, metadata={"description": "Of the moderator's key."})
    until = fields.DateTime(required=True)


class ClaimedImageSchema(ClaimedSchema):
    """Who looks at an image, and until when."""

    image_id = fields.String(required=True)


class QueuedSchema(ImageStatusSchema):
    """An image that a moderator should look at."""

    tag = fields.String(required=True, metadata={"description": "Of its state, for `expected` and `If-Match`."})
    cause = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(CAUSES),
        metadata={"description": "Why it waits; null for what does not."},
    )
    since = fields.DateTime(
        required=True,
        metadata={"description": "Since when it waits or is blocked; of an open image, its first report."},
    )
    priority = fields.Float(
        required=True,
        metadata={
            "description": "Severity x speed x reach: the mean weight of the reasons given (more for one with a lower "
            "bar of its own), reporters an hour (of an hour at least), and 1 + log10(1 + views) where views are told."
        },
    )
    weights = fields.Nested(WeightsSchema, required=True)
    history = fields.Integer(required=True, metadata={"description": "How much `GET /v1/history/{id}` tells."})
    claim = fields.Nested(ClaimedSchema, required=True, allow_none=True)
    appeal = fields.Nested(PresentAppealSchema, required=True, allow_none=True)
    picture_url = fields.String(
        required=True, allow_none=True, metadata={"description": "By `pictures.url_template` of the policy."}
    )


class QueueSchema(Schema):
    """A page of what moderators should look at."""

    images = fields.List(fields.Nested(QueuedSchema), required=True)
    held = fields.Integer(required=True, metadata={"description": "How many wait for a moderator in all."})
    counts = fields.Dict(
        keys=fields.String(validate=validate.OneOf(CAUSES)),
        values=fields.Integer(),
        required=True,
        metadata={"description": "How many of these wait for each cause."},
    )
    appealed = fields.Integer(required=True, metadata={"description": "How many have an open appeal, all in all."})
    next = fields.String(
        required=True, allow_none=True, metadata={"description": "The `page` to ask for next; null on the last."}
    )
