"""Fields that several resources have."""

from typing import Any

from marshmallow import ValidationError, fields

from quorum.errors import InvalidContentHash, InvalidImageId
from quorum.images.content import parse_content
from quorum.images.image import parse_image
from quorum.images.urls import KEEP_ALL, UrlRules

MAX_REPORTER_CHARACTERS = 200
MAX_LISTED = 1000  # of what one call may name


class ImageId(fields.String):
    """An image id, turned into `quorum.images.image.Image`."""

    rules: UrlRules = KEEP_ALL

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return parse_image(text, self.rules)
        except InvalidImageId as error:
            raise ValidationError(str(error)) from error


class ContentHash(fields.String):
    """A content hash, turned into `quorum.images.content.Content`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return parse_content(text)
        except InvalidContentHash as error:
            raise ValidationError(str(error)) from error


def check_printable(text: str) -> None:
    """Refuse a text that a person could not read. Raises ValidationError."""
    if not text.isprintable() or not text.strip():
        raise ValidationError("must be printable and not blank")
