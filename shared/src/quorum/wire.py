"""The shapes of everything that goes over HTTP; validation and the OpenAPI document are made from the same schemas."""

import time
from datetime import UTC, datetime
from typing import Any, cast

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from quorum.errors import InvalidContentHash, InvalidImageId, InvalidName
from quorum.events.event import BLOCKED, HELD, SHIELDS_LOWERED, SHIELDS_RAISED, UNBLOCKED
from quorum.images.content import PDQ_LEAST_QUALITY, Content, parse_content
from quorum.images.image import MAX_SENT_BYTES, parse_image
from quorum.images.urls import KEEP_ALL, UrlRules
from quorum.moderation.decisions import Action
from quorum.people import MAX_NAME_BYTES, Person
from quorum.policy.model import Policy
from quorum.reporters.accounts import refused_since

MAX_SHORT_CHARACTERS = 200


EVENT_TYPES = (BLOCKED, UNBLOCKED, HELD, SHIELDS_RAISED, SHIELDS_LOWERED)
MAX_STATUSES = 1000
MAX_VIEWS = 2**48 - 1
MAX_NOTE_CHARACTERS = 1000
STATES = ("open", "held", "blocked", "cleared")


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


class FieldErrorSchema(Schema):
    """One thing to mend."""

    field = fields.String(required=True)
    message = fields.String(required=True)


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


class ImageStatusSchema(Schema):
    """What is known of an image now."""

    image_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    protected = fields.Boolean(
        required=True, metadata={"description": "Whether the policy never blocks it without a moderator."}
    )
    epoch = fields.Integer(required=True, metadata={"description": "Raised by every clear."})
    score = fields.Float(required=True, metadata={"description": "Points of the reports inside the window."})
    reporters = fields.Integer(required=True, metadata={"description": "Distinct reporters inside the window."})
    reasons = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    first_reported_at = fields.DateTime(allow_none=True, required=True)
    last_reported_at = fields.DateTime(allow_none=True, required=True)
    blocked_at = fields.DateTime(allow_none=True, required=True)


class DecidedBySchema(Schema):
    """Who or what decided."""

    kind = fields.String(required=True, validate=validate.OneOf(["policy", "moderator"]))
    version = fields.String(metadata={"description": "Version of the policy that decided."})
    name = fields.String(metadata={"description": "Name of the API key with which a moderator decided."})


class EventDataSchema(Schema):
    """The data of `quorum.image.blocked.v1`, `.held.v1` and `.unblocked.v1`."""

    image_id = fields.String(required=True)
    epoch = fields.Integer(required=True)
    score = fields.Float(required=True)
    reporters = fields.Integer(required=True)
    reasons = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    first_reported_at = fields.DateTime(required=True, allow_none=True)
    last_reported_at = fields.DateTime(required=True, allow_none=True)
    cause = fields.String(
        metadata={"description": "Why it is held: `protected`, `burst`, `shields`, or `copy` of a held one."},
        validate=validate.OneOf(["protected", "burst", "shields", "copy"]),
    )
    decided_by = fields.Nested(DecidedBySchema, required=True)


class ShieldsDataSchema(Schema):
    """The data of `quorum.shields.raised.v1` and `.lowered.v1`."""

    until = fields.DateTime()
    cause = fields.String(validate=validate.OneOf(["blocks_per_hour", "share_of_images", "by_hand"]))
    decided_by = fields.Nested(DecidedBySchema, required=True)


class CloudEventSchema(Schema):
    """A CloudEvents 1.0 event; `cursor` is where the feed goes on after it. `data` depends on the type."""

    specversion = fields.String(required=True, validate=validate.OneOf(["1.0"]))
    id = fields.String(required=True)
    source = fields.String(required=True)
    type = fields.String(required=True, validate=validate.OneOf(EVENT_TYPES))
    subject = fields.String(required=True)
    time = fields.DateTime(required=True)
    datacontenttype = fields.String(required=True)
    traceparent = fields.String(metadata={"description": "W3C Trace Context of the request that caused it."})
    data = fields.Dict(required=True)
    cursor = fields.String(required=True)


class DecisionSchema(Schema):
    """A moderator's decision about an image."""

    decision = fields.Enum(
        Action,
        by_value=True,
        required=True,
        metadata={"description": "`uphold`: the reports are right. `block`: block it. `clear`: nothing is wrong."},
    )
    note = fields.String(
        load_default="",
        validate=[validate.Length(max=MAX_NOTE_CHARACTERS)],
        metadata={"description": "Why; kept in the audit trail."},
    )
    unfounded = fields.Boolean(
        load_default=True,
        truthy={True},
        falsy={False},
        metadata={"description": "With `clear`: whether the reports count against those who sent them."},
    )


class ImageIdsSchema(Schema):
    """Images to look up."""

    image_ids = fields.List(
        ImageId(metadata={"example": "img-1"}), required=True, validate=validate.Length(1, MAX_STATUSES)
    )

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        inner = cast("fields.List[Any]", self.fields["image_ids"]).inner
        cast("ImageId", inner).rules = policy.urls


class ImageStatusesSchema(Schema):
    """What is known of several images, in the order asked."""

    images = fields.List(fields.Nested(ImageStatusSchema), required=True)


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


class ImageStateSchema(Schema):
    """What became of an image by a decision."""

    image_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))


class QueueSchema(Schema):
    """What waits for a moderator, oldest first."""

    images = fields.List(fields.Nested(ImageStatusSchema), required=True)
    held = fields.Integer(required=True, metadata={"description": "How many wait in all."})


class ViewsSchema(Schema):
    """How often images were seen so far, by image id."""

    views = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(strict=True, validate=validate.Range(0, MAX_VIEWS)),
        required=True,
        validate=validate.Length(1, MAX_STATUSES),
        metadata={"example": {"img-1": 12000}},
    )


class ReporterIdsSchema(Schema):
    """Reporters, as the site names them."""

    reporter_ids = fields.List(
        PersonName(metadata={"minLength": 1, "maxLength": MAX_NAME_BYTES}),
        required=True,
        validate=validate.Length(1, MAX_STATUSES),
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


class WebhookSchema(Schema):
    """An endpoint to subscribe."""

    url = fields.String(required=True, metadata={"example": "https://cms.example.org/hooks/quorum"})
    types = fields.List(
        fields.String(validate=validate.OneOf(EVENT_TYPES)),
        validate=validate.Length(min=1),
        metadata={"description": "Events that it wants; without it blocked and unblocked."},
    )
    name = fields.String(
        load_default="",
        validate=[validate.Length(max=MAX_SHORT_CHARACTERS)],
        metadata={"description": "What it is for."},
    )


class SubscriptionSchema(Schema):
    """A subscription and its state."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    url = fields.String(required=True)
    types = fields.List(fields.String(), required=True)
    created_at = fields.DateTime(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["ok", "failing", "disabled"]))
    failing_since = fields.DateTime(required=True, allow_none=True)
    disabled_at = fields.DateTime(required=True, allow_none=True)
    disabled_because = fields.String(required=True, allow_none=True)
    waiting = fields.Integer(required=True, metadata={"description": "Images whose events wait for a delivery."})
    dead = fields.Integer(required=True, metadata={"description": "Events that were given up."})
    secret = fields.String(metadata={"description": "Signs deliveries; shown once."})


class SubscriptionsSchema(Schema):
    """All subscriptions."""

    webhooks = fields.List(fields.Nested(SubscriptionSchema), required=True)


class SecretSchema(Schema):
    """A new signing secret."""

    secret = fields.String(required=True)


class ReplaySchema(Schema):
    """A time range of events to send again."""

    since = fields.AwareDateTime(format="iso", default_timezone=UTC, required=True)
    until = fields.AwareDateTime(format="iso", default_timezone=UTC, required=True)


class DeliverySchema(Schema):
    """An attempt to deliver an event."""

    at = fields.DateTime(required=True)
    event_id = fields.String(required=True)
    subject = fields.String(required=True)
    attempt = fields.Integer(required=True)
    status = fields.Integer(required=True, metadata={"description": "HTTP status; 0 when nothing was answered."})
    outcome = fields.String(required=True, validate=validate.OneOf(["delivered", "retry", "dead"]))
    detail = fields.String(required=True)
    duration_ms = fields.Integer(required=True)


class DeliveriesSchema(Schema):
    """The last attempts, newest first."""

    deliveries = fields.List(fields.Nested(DeliverySchema), required=True)


class ReasonSchema(Schema):
    """A reason that a report may give."""

    name = fields.String(required=True)
    label = fields.String(required=True, metadata={"description": "What a reader sees, in their language."})


class ReasonsSchema(Schema):
    """The reasons of the policy."""

    reasons = fields.List(fields.Nested(ReasonSchema), required=True)


class ProblemSchema(Schema):
    """An RFC 9457 problem."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    image_id = fields.String(metadata={"description": "The image that the request names, in its canonical form."})
    errors = fields.List(fields.Nested(FieldErrorSchema))
