"""Statements of reasons, in the vocabulary of the EU's DSA Transparency Database."""

from marshmallow import Schema, fields, validate

from quorum.languages import THANK_YOU
from quorum.policy.legal import CATEGORIES, COUNTRIES

_CATEGORY = validate.OneOf(sorted(CATEGORIES))


class StatementSchema(Schema):
    """A statement as the database takes it, without `content_date`: when the image was published the site knows."""

    decision_visibility = fields.List(
        fields.String(validate=validate.OneOf(["DECISION_VISIBILITY_CONTENT_DISABLED"])), required=True
    )
    decision_facts = fields.String(required=True, metadata={"description": "In the language that was asked for."})
    decision_ground = fields.String(
        required=True,
        validate=validate.OneOf(["DECISION_GROUND_ILLEGAL_CONTENT", "DECISION_GROUND_INCOMPATIBLE_CONTENT"]),
    )
    decision_ground_reference_url = fields.String()
    illegal_content_legal_ground = fields.String()
    illegal_content_explanation = fields.String()
    incompatible_content_ground = fields.String()
    incompatible_content_explanation = fields.String()
    content_type = fields.List(fields.String(validate=validate.OneOf(["CONTENT_TYPE_IMAGE"])), required=True)
    category = fields.String(required=True, validate=_CATEGORY)
    category_addition = fields.List(fields.String(validate=_CATEGORY))
    territorial_scope = fields.List(fields.String(validate=validate.OneOf(sorted(COUNTRIES))), required=True)
    application_date = fields.Date(required=True)
    source_type = fields.String(
        required=True,
        validate=validate.OneOf(["SOURCE_ARTICLE_16", "SOURCE_TYPE_OTHER_NOTIFICATION", "SOURCE_VOLUNTARY"]),
    )
    automated_detection = fields.String(required=True, validate=validate.OneOf(["No"]))
    automated_decision = fields.String(
        required=True, validate=validate.OneOf(["AUTOMATED_DECISION_FULLY", "AUTOMATED_DECISION_NOT_AUTOMATED"])
    )
    puid = fields.String(required=True, metadata={"description": "The id of the event that told the block."})


class RedressSchema(Schema):
    """What the uploader can do."""

    appeal = fields.String(
        required=True,
        validate=validate.OneOf(["possible", "open", "upheld"]),
        metadata={"description": "Whether an appeal can still be made, waits, or was decided: one is heard."},
    )
    appeal_path = fields.String(required=True, metadata={"description": "To which the site's backend posts it."})
    appeal_url = fields.String(
        required=True, allow_none=True, metadata={"description": "`dsa.appeal_url` of the policy: where uploaders go."}
    )


class WhyBlockedSchema(Schema):
    """Why an image is blocked."""

    image_id = fields.String(required=True)
    language = fields.String(required=True, validate=validate.OneOf(list(THANK_YOU)))
    text = fields.String(required=True, metadata={"description": "All of it, for the uploader."})
    statement = fields.Nested(StatementSchema, required=True)
    redress = fields.Nested(RedressSchema, required=True)
