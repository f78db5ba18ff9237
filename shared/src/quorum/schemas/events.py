"""Events as CloudEvents, and their data."""

from marshmallow import Schema, fields, validate

from quorum.events.event import EVENT_TYPES


class DecidedBySchema(Schema):
    """Who or what decided."""

    kind = fields.String(required=True, validate=validate.OneOf(["policy", "moderator", "site"]))
    version = fields.String(metadata={"description": "Version of the policy that decided."})
    name = fields.String(
        metadata={"description": "Name of the moderator's API key, where `QUORUM_EVENTS_NAME_MODERATORS` is on."}
    )


class EventDataSchema(Schema):
    """The data of every `quorum.image.` event."""

    image_id = fields.String(required=True)
    epoch = fields.Integer(required=True)
    score = fields.Float(required=True)
    reporters = fields.Integer(required=True)
    reasons = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    first_reported_at = fields.DateTime(required=True, allow_none=True)
    last_reported_at = fields.DateTime(required=True, allow_none=True)
    cause = fields.String(
        metadata={
            "description": "Why it is held (`protected`, `shields`, `budget`, `warned`), or why that or a block is "
            "over: reports were `withdrawn`, the image has another `content`, or is `gone`."
        },
        validate=validate.OneOf(["protected", "shields", "budget", "warned", "withdrawn", "content", "gone"]),
    )
    decided_by = fields.Nested(DecidedBySchema, required=True)


class ShieldsDataSchema(Schema):
    """The data of `quorum.shields.raised.v1` and `.lowered.v1`."""

    until = fields.DateTime()
    cause = fields.String(validate=validate.OneOf(["blocks_per_hour", "blocks_per_day", "by_hand"]))
    decided_by = fields.Nested(DecidedBySchema, required=True)


class AppealDataSchema(Schema):
    """The data of `quorum.appeal.decided.v1`: never what the appeal says."""

    image_id = fields.String(required=True)
    epoch = fields.Integer(required=True, metadata={"description": "Of the block that the appeal was against."})
    outcome = fields.String(
        required=True,
        validate=validate.OneOf(["upheld", "cleared", "lapsed"]),
        metadata={"description": "The block stays; a moderator ended it; it ended otherwise."},
    )
    appealed_at = fields.DateTime(required=True)
    decided_by = fields.Nested(DecidedBySchema, required=True)


class CloudEventSchema(Schema):
    """A CloudEvents 1.0 event; `cursor` is where the feed goes on after it. `data` depends on the type."""

    specversion = fields.String(required=True, validate=validate.OneOf(["1.0"]))
    id = fields.String(required=True)
    source = fields.String(required=True)
    type = fields.String(required=True, validate=validate.OneOf(EVENT_TYPES))
    subject = fields.String(required=True)
    time = fields.DateTime(required=True)
    datacontenttype = fields.String(required=True)
    traceparent = fields.String(metadata={"description": "W3C Trace Context of the request that caused it."})
    data = fields.Dict(required=True)
    cursor = fields.String(required=True)
