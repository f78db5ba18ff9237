"""The reasons that a report may give."""

from marshmallow import Schema, fields


class ReasonSchema(Schema):
    """A reason that a report may give."""

    name = fields.String(required=True)
    label = fields.String(required=True, metadata={"description": "What a reader sees, in their language."})


class ReasonsSchema(Schema):
    """The reasons of the policy."""

    reasons = fields.List(fields.Nested(ReasonSchema), required=True)
