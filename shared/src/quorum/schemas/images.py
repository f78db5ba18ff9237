"""What is known of images, what is blocked, how often images were seen, which URLs are one image."""

from typing import Any, cast

from marshmallow import Schema, fields, validate

from quorum.policy.model import Policy
from quorum.schemas.fields import MAX_LISTED, ImageId

MAX_VIEWS = 2**48 - 1
STATES = ("open", "held", "blocked", "cleared")


class ImageStatusSchema(Schema):
    """What is known of an image now."""

    image_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    protected = fields.Boolean(
        required=True, metadata={"description": "Whether the policy never blocks it without a moderator."}
    )
    epoch = fields.Integer(required=True, metadata={"description": "Raised by every clear."})
    score = fields.Float(required=True, metadata={"description": "Points of the reports inside the window."})
    reporters = fields.Integer(
        required=True, metadata={"description": "Distinct reporters inside the window, whatever they weigh."}
    )
    reasons = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    first_reported_at = fields.DateTime(allow_none=True, required=True)
    last_reported_at = fields.DateTime(allow_none=True, required=True)
    blocked_at = fields.DateTime(allow_none=True, required=True)


class ImageIdsSchema(Schema):
    """Images to look up."""

    image_ids = fields.List(
        ImageId(metadata={"example": "img-1"}), required=True, validate=validate.Length(1, MAX_LISTED)
    )

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        inner = cast("fields.List[Any]", self.fields["image_ids"]).inner
        cast("ImageId", inner).rules = policy.urls


class ImageStatusesSchema(Schema):
    """What is known of several images, in the order asked."""

    images = fields.List(fields.Nested(ImageStatusSchema), required=True)


class CopySchema(Schema):
    """An image that shows the same picture."""

    image_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))


class CopiesSchema(Schema):
    """Which images show the same picture as another."""

    image_id = fields.String(required=True)
    shared = fields.Boolean(
        required=True,
        metadata={"description": "Whether it shares their reports; not where it stays beside a decided picture."},
    )
    copies = fields.List(fields.Nested(CopySchema), required=True)


class BlockedImageSchema(Schema):
    """A blocked image."""

    image_id = fields.String(required=True)
    blocked_at = fields.DateTime(required=True)


class BlocklistSchema(Schema):
    """A page of what is blocked."""

    images = fields.List(fields.Nested(BlockedImageSchema), required=True)
    cursor = fields.String(
        required=True, metadata={"description": "Read all pages, then the events after this: nothing is missed."}
    )
    next = fields.String(
        required=True, allow_none=True, metadata={"description": "The `page` to ask for next; null on the last."}
    )


class NamesSchema(Schema):
    """Parameters, for some URLs."""

    where = fields.String(required=True, metadata={"description": "`host/path`; a `*` ends a path or begins a host."})
    names = fields.List(fields.String(), required=True)


class SameSchema(Schema):
    """URLs that are one picture."""

    match = fields.String(required=True, metadata={"description": "Places are `{name}`, `{name:number}`, `{name...}`."})
    to = fields.String(required=True)


class UrlRulesSchema(Schema):
    """Which spellings of a URL are one image (docs/names.md)."""

    format = fields.Integer(required=True)
    keep_query = fields.List(fields.Nested(NamesSchema), required=True)
    drop_query = fields.List(fields.Nested(NamesSchema), required=True)
    same = fields.List(fields.Nested(SameSchema), required=True)


class ViewsSchema(Schema):
    """How often images were seen so far, by image id."""

    views = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(strict=True, validate=validate.Range(0, MAX_VIEWS)),
        required=True,
        validate=validate.Length(1, MAX_LISTED),
        metadata={"example": {"img-1": 12000}},
    )
