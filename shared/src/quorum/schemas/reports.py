"""Reports, one or many, and the answers to them."""

from datetime import UTC
from typing import Any, cast

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from quorum.images.content import PDQ_LEAST_QUALITY, Content
from quorum.images.image import MAX_SENT_BYTES
from quorum.people import MAX_NAME_BYTES
from quorum.policy.model import Policy
from quorum.schemas.fields import AccountSince, ContentHash, ImageId, PersonName, ReaderAddress
from quorum.schemas.problems import FieldErrorSchema


class ReportSchema(Schema):
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
    content_hash = ContentHash(
        metadata={
            "description": "`sha256:` or `pdq:` and 64 hex digits of the picture's content: images of the same picture "
            "(PDQ: within 31 bits) share one tally; only with an API key, and with one partition.",
            "example": "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
            "pattern": "^(sha256|pdq):[0-9a-fA-F]{64}$",
        },
    )

    content_quality = fields.Integer(
        strict=True,
        validate=validate.Range(0, 100),
        metadata={
            "description": f"With a PDQ hash: the quality that PDQ gives with it, 0 to 100; below {PDQ_LEAST_QUALITY} "
            "the hash says too little, and is refused.",
            "example": 88,
        },
    )

    @validates_schema
    def _check_quality(self, data: dict[str, Any], **_: Any) -> None:
        content, quality = data.get("content_hash"), data.get("content_quality")
        if isinstance(content, Content) and content.pdq and quality is None:
            raise ValidationError("is missing; give the quality that PDQ gave with the hash", "content_quality")
        if quality is not None and quality < PDQ_LEAST_QUALITY:
            problem = f"is below {PDQ_LEAST_QUALITY}: such a hash says too little of a picture; leave both out"
            raise ValidationError(problem, "content_quality")

    def __init__(self, policy: Policy, only: frozenset[str] | None = None) -> None:
        super().__init__(only=only)
        known = validate.OneOf(
            sorted(policy.reason_names), error="is not a reason of the policy; use one of: {choices}"
        )
        self.fields["reason"].validators = [known]  # a list of its own: fields of a class share theirs
        cast("ImageId", self.fields["image_id"]).rules = policy.urls
        if "reporter_id" in self.fields:
            cast("PersonName", self.fields["reporter_id"]).fold_case = policy.people.fold_case


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
