"""Fields that several resources have."""

import time
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields

from quorum.errors import InvalidContentHash, InvalidImageId, InvalidName
from quorum.images.content import parse_content
from quorum.images.image import parse_image
from quorum.images.urls import KEEP_ALL, UrlRules
from quorum.network.addresses import parse_address
from quorum.people import Person
from quorum.reporters.accounts import refused_since

MAX_SHORT_CHARACTERS = 200
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


class PersonName(fields.String):
    """Somebody as the site names them, turned into `quorum.people.Person`."""

    fold_case = False

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return Person(text, fold_case=self.fold_case)
        except InvalidName as error:
            raise ValidationError(str(error)) from error


class ReaderAddress(fields.String):
    """An IP address, turned into one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        address = parse_address(super()._deserialize(value, attr, data, **kwargs))
        if address is None:
            raise ValidationError("must be an IP address, as 203.0.113.7 or 2001:db8::7; or leave it out")
        return address


class AccountSince(fields.AwareDateTime):
    """When an account was made; a time that cannot be meant is refused."""

    default_error_messages = {  # noqa: RUF012 - as marshmallow declares it
        "invalid": "must be a time such as 2026-01-31T12:00:00Z (RFC 3339, as text), no number; or leave it out",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        refused = refused_since(moment.timestamp(), time.time(), "a form such as 2026-01-31T12:00:00Z")
        if refused:
            raise ValidationError(refused)
        return moment
