"""What a reader's browser asks about the pictures of its page, and the answer."""

from typing import Any, cast

from marshmallow import Schema, fields, validate

from quorum.policy.model import Policy
from quorum.reporters.fingerprints import REQUEST_DIGEST_BYTES
from quorum.schemas.fields import ImageId
from quorum.tally.visibility import Outcome, Visibility

MAX_PICTURES = 200  # of one page, in one call
_RECEIPT = f"^[0-9a-f]{{{2 * REQUEST_DIGEST_BYTES}}}$"
_OF_REPORT = "Comes with `own_report`: keep it, and send it in `receipts`"


class LookUpSchema(Schema):
    """Pictures to look up for whoever asks."""

    image_ids = fields.List(
        ImageId(metadata={"example": "img-1"}), required=True, validate=validate.Length(1, MAX_PICTURES)
    )
    receipts = fields.List(
        fields.String(validate=validate.Regexp(_RECEIPT)),
        validate=validate.Length(max=MAX_PICTURES),
        metadata={"description": "Of these pictures, those that earlier answers gave: who has one has reported."},
    )

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        inner = cast("fields.List[Any]", self.fields["image_ids"]).inner
        cast("ImageId", inner).rules = policy.urls


class SeenSchema(Schema):
    """A picture as the reader sees it."""

    image_id = fields.String(required=True, metadata={"description": "The id in its canonical form."})
    visibility = fields.String(
        required=True,
        validate=validate.OneOf([one.value for one in Visibility]),
        metadata={"description": "`held` waits for a moderator: ask before it is shown."},
    )
    own_report = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([*(one.value for one in Outcome), None]),
        metadata={
            "description": "What became of the reader's own report; `kept`: a moderator has looked, and the picture "
            "stays. Null where none of theirs is known."
        },
    )
    receipt = fields.String(
        required=True, allow_none=True, metadata={"pattern": _RECEIPT, "description": f"{_OF_REPORT}."}
    )


class LookedUpSchema(Schema):
    """Several pictures, in the order asked."""

    images = fields.List(fields.Nested(SeenSchema), required=True)
    redress = fields.String(
        metadata={
            "description": "What the reader can do about what was decided, in the language of `Accept-Language`; there "
            "where one of their own reports was decided about."
        }
    )
