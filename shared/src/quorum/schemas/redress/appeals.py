"""Appeals against blocks."""

from typing import cast

from marshmallow import Schema, fields, validate

from quorum.moderation.appeals.appeals import Outcome
from quorum.moderation.decisions import Action
from quorum.people import MAX_NAME_BYTES
from quorum.policy.model import Policy
from quorum.schemas.fields import PersonName
from quorum.schemas.images import ImageStatusSchema
from quorum.schemas.moderation import DecisionSchema, ImageStateSchema, check_text

MAX_TEXT_CHARACTERS = 2000
OUTCOMES = [one.value for one in Outcome]
_OUTCOME = "`upheld`: the block stays. `cleared`: a moderator ended it. `lapsed`: it ended otherwise."


class LodgedSchema(Schema):
    """An appeal, by the site's backend for the uploader."""

    text = fields.String(
        required=True,
        validate=[
            validate.Length(1, MAX_TEXT_CHARACTERS),
            check_text,
            validate.Predicate("strip", error="must say something"),
        ],
        metadata={"description": "Why the block is wrong, in the uploader's words.", "example": "It is a museum."},
    )
    uploader = PersonName(
        metadata={
            "description": "Who appeals, by the name that the site gives them: only a keyed fingerprint is kept, by "
            "which `quorum forget` finds it.",
            "example": "uploader-1",
            "minLength": 1,
            "maxLength": MAX_NAME_BYTES,
        },
    )

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        cast("PersonName", self.fields["uploader"]).fold_case = policy.people.fold_case


class AppealSchema(Schema):
    """An appeal as moderators see it; what was not decided yet is null."""

    id = fields.String(required=True, metadata={"description": "Also the id of the event that tells its outcome."})
    at = fields.DateTime(required=True)
    epoch = fields.Integer(required=True, metadata={"description": "Of the block that it is against."})
    text = fields.String(required=True, metadata={"description": "Empty once its uploader was forgotten."})
    against = fields.String(
        required=True, allow_none=True, metadata={"description": "The moderator who had decided; null for reports."}
    )
    outcome = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(OUTCOMES), metadata={"description": _OUTCOME}
    )
    decided_at = fields.DateTime(required=True, allow_none=True)
    moderator = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


class AppealsSchema(Schema):
    """The appeals against blocks of an image, oldest first."""

    image_id = fields.String(required=True)
    appeals = fields.List(fields.Nested(AppealSchema), required=True)


class TakenSchema(Schema):
    """What was taken: never the text."""

    image_id = fields.String(required=True, metadata={"description": "The id in its canonical form."})
    id = fields.String(required=True)
    at = fields.DateTime(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["open", *OUTCOMES]))


class PresentAppealSchema(Schema):
    """The appeal against the block under which an image is."""

    id = fields.String(required=True)
    at = fields.DateTime(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["open", *OUTCOMES]))


class ImageSchema(ImageStatusSchema):
    """What is known of an image now, and the appeal against its block."""

    appeal = fields.Nested(PresentAppealSchema, required=True, allow_none=True)


class AppealDecisionSchema(DecisionSchema):
    """What a moderator decides about an appeal, and so about its image."""

    decision = fields.Enum(
        Action,
        by_value=True,
        required=True,
        validate=validate.OneOf([Action.UPHOLD, Action.CLEAR], error="must be uphold or clear"),
        metadata={
            "description": "`uphold`: the block stays. `clear`: the image comes back.",
            "enum": ["uphold", "clear"],
        },
    )


class AppealDecidedSchema(ImageStateSchema):
    """What became of an appeal and its image."""

    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES), metadata={"description": _OUTCOME})
