"""Which picture an image shows."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from quorum.images.content import PDQ_LEAST_QUALITY, Content
from quorum.schemas.fields import ContentHash

CONTENT_HASH = {
    "description": "`sha256:` or `pdq:` and 64 hex digits of the picture's content: images of the same picture "
    "(PDQ: within 31 bits) share their reports; only with a key that has the scope `report:content`, and with one "
    "partition.",
    "example": "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
    "pattern": "^(sha256|pdq):[0-9a-fA-F]{64}$",
}


class ContentSchema(Schema):
    """The hash of a picture's content, where it is told."""

    content_hash = ContentHash(metadata=CONTENT_HASH)
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


class ShownSchema(ContentSchema):
    """The same, where it must be told."""

    content_hash = ContentHash(required=True, metadata=CONTENT_HASH)
