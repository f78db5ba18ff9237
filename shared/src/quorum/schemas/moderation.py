"""What moderators are asked, and what they decide."""

from marshmallow import Schema, fields, validate

from quorum.moderation.decisions import Action
from quorum.schemas.images import STATES, ImageStatusSchema

MAX_NOTE_CHARACTERS = 1000


class DecisionSchema(Schema):
    """A moderator's decision about an image."""

    decision = fields.Enum(
        Action,
        by_value=True,
        required=True,
        metadata={
            "description": "`uphold`: the reports are right. `block`: block it. `clear`: nothing is "
            "wrong. `reopen`: the last clear was. `separate`: it does not show the picture of its copies."
        },
    )
    note = fields.String(
        load_default="",
        validate=[validate.Length(max=MAX_NOTE_CHARACTERS)],
        metadata={"description": "Why; kept in the audit trail."},
    )
    unfounded = fields.Boolean(
        load_default=True,
        truthy={True},
        falsy={False},
        metadata={"description": "With `clear`: whether the reports count against those who sent them."},
    )


class ImageStateSchema(Schema):
    """What became of an image by a decision."""

    image_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))


class QueueSchema(Schema):
    """What waits for a moderator, oldest first."""

    images = fields.List(fields.Nested(ImageStatusSchema), required=True)
    held = fields.Integer(required=True, metadata={"description": "How many wait in all."})
