"""What a site should know of its reporters."""

from typing import Any, cast

from marshmallow import Schema, fields, validate

from quorum.people import MAX_NAME_BYTES
from quorum.policy.model import Policy
from quorum.schemas.fields import MAX_LISTED, PersonName


class ReporterIdsSchema(Schema):
    """Reporters, as the site names them."""

    reporter_ids = fields.List(
        PersonName(metadata={"minLength": 1, "maxLength": MAX_NAME_BYTES}),
        required=True,
        validate=validate.Length(1, MAX_LISTED),
        metadata={"example": ["reader-1"]},
    )

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        names: Any = self.fields["reporter_ids"]
        cast("PersonName", names.inner).fold_case = policy.people.fold_case


class ReporterStandingSchema(Schema):
    """What a site should know of a reporter, and tell them."""

    reporter_id = fields.String(required=True, metadata={"description": "The name in its canonical form."})
    standing = fields.String(required=True, validate=validate.OneOf(["good", "warned", "muted"]))
    upheld = fields.Integer(required=True)
    unfounded = fields.Integer(required=True)
    warned_at = fields.DateTime(required=True, allow_none=True)
    muted_until = fields.DateTime(required=True, allow_none=True)


class ReporterStandingsSchema(Schema):
    """The standing of several reporters, in the order asked."""

    reporters = fields.List(fields.Nested(ReporterStandingSchema), required=True)
