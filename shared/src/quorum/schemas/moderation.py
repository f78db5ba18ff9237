"""What moderators decide, and what was decided and happened."""

from typing import Any, cast

from marshmallow import Schema, ValidationError, fields, validate

from quorum.moderation.decisions import Action
from quorum.moderation.stories import MARKS
from quorum.policy.model import Policy
from quorum.schemas.fields import MAX_LISTED, ImageId
from quorum.schemas.images import STATES
from quorum.schemas.problems import FieldErrorSchema

MAX_NOTE_CHARACTERS = 1000
MAX_TAG_CHARACTERS = 100


def check_text(text: str) -> None:
    """Refuse what JSON can say and UTF-8 cannot: half a character. Raises ValidationError."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValidationError("must be text: it holds half a surrogate pair") from error


class DecisionSchema(Schema):
    """A moderator's decision about an image."""

    decision = fields.Enum(
        Action,
        by_value=True,
        required=True,
        metadata={
            "description": "`uphold`: the reports are right. `block`: block it. `clear`: nothing is "
            "wrong. `reopen`: the last decision was. `separate`: it does not show the picture of its copies."
        },
    )
    note = fields.String(
        load_default="",
        validate=[validate.Length(max=MAX_NOTE_CHARACTERS), check_text],
        metadata={"description": "Why; kept in the audit trail."},
    )
    unfounded = fields.Boolean(
        load_default=True,
        truthy={True},
        falsy={False},
        metadata={"description": "With `clear`: whether the reports count against those who sent them."},
    )


class ImageStateSchema(Schema):
    """What became of an image by a decision."""

    image_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))


class OneDecisionSchema(DecisionSchema):
    """One decision of many."""

    image_id = ImageId(required=True, metadata={"example": "img-1"})
    expected = fields.String(
        validate=[validate.Length(1, MAX_TAG_CHARACTERS)],
        metadata={
            "description": "The `tag` of the state that was looked at, or the `ETag` of `GET /v1/images/{id}`; "
            "when that has passed the decision is refused.",
            "example": "1-held",
        },
    )


class _Each(fields.List[Any]):
    """A list in which a bad item hinders no other: each is what was loaded, or the ValidationError."""

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002 - marshmallow's signature
        data: Any,  # noqa: ARG002
        **kwargs: Any,
    ) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        return [self._one(item, kwargs) for item in value]

    def _one(self, item: Any, kwargs: dict[str, Any]) -> Any:
        try:
            return self.inner.deserialize(item, **kwargs)
        except ValidationError as error:
            return error


class DecisionsSchema(Schema):
    """Many decisions; with `dry_run` what would come of each, and nothing is written."""

    decisions = _Each(fields.Nested(OneDecisionSchema), required=True, validate=validate.Length(1, MAX_LISTED))
    dry_run = fields.Boolean(load_default=False, truthy={True}, falsy={False})

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        inner = cast("Any", self.fields["decisions"]).inner
        cast("ImageId", inner.schema.fields["image_id"]).rules = policy.urls


class DecisionResultSchema(Schema):
    """What became of one decision of many, or would; what follows `detail` is there with 200 only."""

    index = fields.Integer(required=True, metadata={"description": "Its place among the decisions, from 0."})
    status = fields.Integer(required=True, validate=validate.OneOf([200, 409, 412, 422, 503]))
    image_id = fields.String(metadata={"description": "The id in its canonical form; not where it is not valid."})
    state = fields.String(
        validate=validate.OneOf(STATES), metadata={"description": "The state now; after a dry run, what it would be."}
    )
    tag = fields.String(metadata={"description": "Of that state, as `expected` takes it."})
    detail = fields.String(metadata={"description": "Why it was refused."})
    errors = fields.List(fields.Nested(FieldErrorSchema))
    before = fields.String(validate=validate.OneOf(STATES))
    changed = fields.Boolean(metadata={"description": "Whether anything is other than before."})
    events = fields.List(fields.String(), metadata={"description": "Types of the events that were written."})
    images = fields.Integer(metadata={"description": "How many images show the picture that was decided about."})
    credited = fields.Integer(metadata={"description": "How many reporters it found right."})
    blamed = fields.Integer(metadata={"description": "How many reporters it found wrong."})


class DecisionResultsSchema(Schema):
    """What became of many decisions, or would."""

    decided = fields.Integer(required=True, metadata={"description": "How many have the status 200."})
    refused = fields.Integer(required=True)
    dry_run = fields.Boolean(required=True)
    results = fields.List(fields.Nested(DecisionResultSchema), required=True)


class HappenedSchema(Schema):
    """Something that happened to an image; all but the first two is null once it is not kept any more."""

    at = fields.DateTime(required=True)
    what = fields.String(required=True, validate=validate.OneOf(MARKS))
    by = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(["policy", "moderator", "site"]),
        metadata={"description": "Who decided it."},
    )
    name = fields.String(required=True, allow_none=True, metadata={"description": "Of the moderator's key."})
    why = fields.String(required=True, allow_none=True, metadata={"description": "The cause, or a moderator's note."})
    policy = fields.String(required=True, allow_none=True, metadata={"description": "The version of the rules."})
    decision = fields.String(required=True, allow_none=True, validate=validate.OneOf([one.value for one in Action]))
    unfounded = fields.Boolean(required=True, allow_none=True)
    state = fields.String(required=True, allow_none=True, metadata={"description": "After a decision."})
    epoch = fields.Integer(required=True, allow_none=True)
    score = fields.Float(required=True, allow_none=True, metadata={"description": "Of an event."})
    reporters = fields.Integer(required=True, allow_none=True, metadata={"description": "Of an event."})
    reasons = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True, allow_none=True)


class HistorySchema(Schema):
    """What happened to an image, oldest first: the last fifty of its events and decisions."""

    image_id = fields.String(required=True)
    history = fields.List(fields.Nested(HappenedSchema), required=True)


class AuditedSchema(Schema):
    """A decision as the audit trail has it; null is what the release that wrote it did not keep."""

    id = fields.String(required=True)
    at = fields.DateTime(required=True)
    image_id = fields.String(required=True)
    decision = fields.String(required=True)
    moderator = fields.String(required=True)
    note = fields.String(required=True)
    unfounded = fields.Boolean(required=True)
    state = fields.String(required=True, allow_none=True, metadata={"description": "Before it."})
    after = fields.String(required=True, allow_none=True, metadata={"description": "The state that it led to."})
    epoch = fields.Integer(required=True, allow_none=True)
    images = fields.Integer(required=True, allow_none=True, metadata={"description": "How many show the picture."})
    credited = fields.Integer(required=True, allow_none=True)
    blamed = fields.Integer(required=True, allow_none=True)
    policy = fields.String(required=True, allow_none=True, metadata={"description": "The version of the rules."})


class AuditSchema(Schema):
    """Decisions of moderators, oldest first."""

    decisions = fields.List(fields.Nested(AuditedSchema), required=True)
    cursor = fields.String(required=True, metadata={"description": "The `after` to go on with."})
