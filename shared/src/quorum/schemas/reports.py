"""Reports, one or many, and the answers to them."""

from datetime import UTC
from typing import cast

from marshmallow import Schema, fields, validate

from quorum.images.image import MAX_SENT_BYTES
from quorum.people import MAX_NAME_BYTES
from quorum.policy.model import Policy
from quorum.schemas.content import ContentSchema
from quorum.schemas.fields import AccountSince, ImageId, PersonName, ReaderAddress
from quorum.schemas.problems import FieldErrorSchema


class ReportSchema(ContentSchema):
    """A report of one image."""

    image_id = ImageId(
        required=True,
        metadata={
            "description": "The site's own id of the image, opaque to quorum unless it is a URL; at most 2,048 bytes.",
            "example": "img-1",
            "minLength": 1,
            "maxLength": MAX_SENT_BYTES,
        },
    )
    reason = fields.String(
        required=True, metadata={"description": "What is wrong with the image.", "example": "violence"}
    )
    reporter_id = PersonName(
        metadata={
            "description": "Who reports, as the site's backend names them, at most 2,048 bytes; only with an API key. "
            "Unicode forms and blanks at the ends make no difference; what cannot be seen is refused.",
            "example": "reader-1",
            "minLength": 1,
            "maxLength": MAX_NAME_BYTES,
        },
    )
    reporter_since = AccountSince(
        format="iso",
        default_timezone=UTC,
        metadata={
            "description": "When the reporter's account was made, so that a crowd of fresh accounts is noticed; "
            "from 1990 on, not in the future; only with an API key.",
            "example": "2026-01-31T12:00:00Z",
        },
    )
    reporter_address = ReaderAddress(
        metadata={
            "description": "Where the reporter reports from: people who look alike add less each. Only keyed tags of "
            "its networks are kept; only with an API key.",
            "example": "203.0.113.7",
        },
    )

    def __init__(self, policy: Policy, only: frozenset[str] | None = None) -> None:
        super().__init__(only=only)
        known = validate.OneOf(
            sorted(policy.reason_names), error="is not a reason of the policy; use one of: {choices}"
        )
        self.fields["reason"].validators = [known]  # a list of its own: fields of a class share theirs
        cast("ImageId", self.fields["image_id"]).rules = policy.urls
        if "reporter_id" in self.fields:
            cast("PersonName", self.fields["reporter_id"]).fold_case = policy.people.fold_case


class WithdrawalSchema(Schema):
    """Who withdraws a report; a reader's token says that by itself."""

    reporter_id = PersonName(
        metadata={
            "description": "Whose report it was, as the site's backend names them; only with an API key.",
            "example": "reader-1",
            "minLength": 1,
            "maxLength": MAX_NAME_BYTES,
        },
    )

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        cast("PersonName", self.fields["reporter_id"]).fold_case = policy.people.fold_case


class WithdrawnSchema(Schema):
    """What was stored, to be done after what was sent before."""

    status = fields.String(required=True, validate=validate.OneOf(["accepted"]))
    image_id = fields.String(required=True, metadata={"description": "The id in its canonical form."})


class AcceptedSchema(Schema):
    """The answer to an accepted report."""

    status = fields.String(required=True, validate=validate.OneOf(["accepted"]))
    message = fields.String(required=True, metadata={"description": "What to tell the reader, in their language."})
    image_id = fields.String(
        required=True, metadata={"description": "The id in its canonical form, as events and look-ups name the image."}
    )


class ReportResultSchema(Schema):
    """What became of one report of a batch."""

    index = fields.Integer(required=True, metadata={"description": "Its place in the batch, from 0."})
    status = fields.Integer(required=True, validate=validate.OneOf([202, 422, 429, 503]))
    image_id = fields.String(metadata={"description": "The id in its canonical form; not where it is not valid."})
    errors = fields.List(fields.Nested(FieldErrorSchema))


class BatchResultSchema(Schema):
    """What became of a batch."""

    accepted = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    results = fields.List(fields.Nested(ReportResultSchema), required=True)
