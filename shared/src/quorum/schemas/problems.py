"""RFC 9457 problem documents."""

from marshmallow import Schema, fields


class FieldErrorSchema(Schema):
    """One thing to mend."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class ProblemSchema(Schema):
    """An RFC 9457 problem."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    state = fields.String(metadata={"description": "With 412: the state that the image is in by now."})
    image_id = fields.String(metadata={"description": "The image that the request names, in its canonical form."})
    first = fields.String(metadata={"description": "With `webhook-exists`: the id of the webhook that sends these."})
    oldest = fields.String(metadata={"description": "With `cursor-expired`: the oldest cursor that is left."})
    name = fields.String(metadata={"description": "With `claimed`: who looks at the image."})
    until = fields.DateTime(metadata={"description": "With `claimed`: until when, unless it is prolonged."})
    errors = fields.List(fields.Nested(FieldErrorSchema))
