"""The shapes of everything that goes over HTTP; validation and the OpenAPI document are made from the same schemas."""

from collections.abc import Collection
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from quorum.errors import InvalidImageId
from quorum.images import MAX_ID_CHARACTERS, parse_image

MAX_REPORTER_CHARACTERS = 200


class ImageId(fields.String):
    """An image id, turned into `quorum.images.Image`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return parse_image(text)
        except InvalidImageId as error:
            raise ValidationError(str(error)) from error


def _printable(text: str) -> None:
    if not text.isprintable() or not text.strip():
        raise ValidationError("must be printable and not blank")


class ReportSchema(Schema):
    """A report of one image."""

    image_id = ImageId(
        required=True,
        metadata={
            "description": "The site's own id of the image, opaque to quorum.",
            "example": "img-1",
            "minLength": 1,
            "maxLength": MAX_ID_CHARACTERS,
        },
    )
    reason = fields.String(
        required=True, metadata={"description": "What is wrong with the image.", "example": "violence"}
    )
    reporter_id = fields.String(
        validate=[validate.Length(min=1, max=MAX_REPORTER_CHARACTERS), _printable],
        metadata={
            "description": "Who reports, as the site's backend names them; only with an API key.",
            "example": "reader-1",
        },
    )

    def __init__(self, reasons: Collection[str]) -> None:
        super().__init__()
        known = validate.OneOf(sorted(reasons), error="is not a reason of the policy; use one of: {choices}")
        self.fields["reason"].validators = [known]  # a list of its own: fields of a class share theirs


class AcceptedSchema(Schema):
    """The answer to an accepted report."""

    status = fields.String(required=True, validate=validate.OneOf(["accepted"]))
    message = fields.String(required=True, metadata={"description": "What to tell the reader, in their language."})


class FieldErrorSchema(Schema):
    """One thing to mend."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class ReportResultSchema(Schema):
    """What became of one report of a batch."""

    index = fields.Integer(required=True, metadata={"description": "Its place in the batch, from 0."})
    status = fields.Integer(required=True, validate=validate.OneOf([202, 422, 503]))
    errors = fields.List(fields.Nested(FieldErrorSchema))


class BatchResultSchema(Schema):
    """What became of a batch."""

    accepted = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    results = fields.List(fields.Nested(ReportResultSchema), required=True)


class ImageStatusSchema(Schema):
    """What is known of an image now."""

    image_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["open", "blocked"]))
    epoch = fields.Integer(required=True, metadata={"description": "Raised by every unblocking."})
    score = fields.Float(required=True, metadata={"description": "Points of the reports inside the window."})
    reporters = fields.Integer(required=True, metadata={"description": "Distinct reporters inside the window."})
    reasons = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    first_reported_at = fields.DateTime(allow_none=True, required=True)
    last_reported_at = fields.DateTime(allow_none=True, required=True)
    blocked_at = fields.DateTime(allow_none=True, required=True)


class DecidedBySchema(Schema):
    """Who or what decided."""

    kind = fields.String(required=True, validate=validate.OneOf(["policy"]))
    version = fields.String(required=True, metadata={"description": "Version of the policy that decided."})


class BlockedDataSchema(Schema):
    """The data of `quorum.image.blocked.v1`."""

    image_id = fields.String(required=True)
    epoch = fields.Integer(required=True)
    score = fields.Float(required=True)
    reporters = fields.Integer(required=True)
    reasons = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    first_reported_at = fields.DateTime(required=True)
    last_reported_at = fields.DateTime(required=True)
    decided_by = fields.Nested(DecidedBySchema, required=True)


class CloudEventSchema(Schema):
    """A CloudEvents 1.0 event; `cursor` is where the feed goes on after it."""

    specversion = fields.String(required=True, validate=validate.OneOf(["1.0"]))
    id = fields.String(required=True)
    source = fields.String(required=True)
    type = fields.String(required=True)
    subject = fields.String(required=True)
    time = fields.DateTime(required=True)
    datacontenttype = fields.String(required=True)
    data = fields.Nested(BlockedDataSchema, required=True)
    cursor = fields.String(required=True)


class ProblemSchema(Schema):
    """An RFC 9457 problem."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldErrorSchema))
