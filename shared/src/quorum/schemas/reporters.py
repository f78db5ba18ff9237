"""What a site should know of its reporters."""

from marshmallow import Schema, fields, validate

from quorum.schemas.fields import MAX_LISTED, MAX_REPORTER_CHARACTERS, check_printable


class ReporterIdsSchema(Schema):
    """Reporters, as the site names them."""

    reporter_ids = fields.List(
        fields.String(validate=[validate.Length(min=1, max=MAX_REPORTER_CHARACTERS), check_printable]),
        required=True,
        validate=validate.Length(1, MAX_LISTED),
        metadata={"example": ["reader-1"]},
    )


class ReporterStandingSchema(Schema):
    """What a site should know of a reporter, and tell them."""

    reporter_id = fields.String(required=True)
    standing = fields.String(required=True, validate=validate.OneOf(["good", "warned", "muted"]))
    upheld = fields.Integer(required=True)
    unfounded = fields.Integer(required=True)
    warned_at = fields.DateTime(required=True, allow_none=True)
    muted_until = fields.DateTime(required=True, allow_none=True)


class ReporterStandingsSchema(Schema):
    """The standing of several reporters, in the order asked."""

    reporters = fields.List(fields.Nested(ReporterStandingSchema), required=True)
