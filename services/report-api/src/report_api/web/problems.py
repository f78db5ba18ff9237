"""Errors as RFC 9457 problem documents: what is wrong, which field, and how to mend it."""

import json
import random
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from flask import Flask, Response, has_request_context, request
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from quorum.errors import (
    AppealExists,
    AppealNeedsAnother,
    ClaimedByAnother,
    CursorExpired,
    DataMissing,
    DecisionRefused,
    InboxFull,
    InvalidCursor,
    InvalidImageId,
    InvalidSubscription,
    MalformedSubscription,
    NoOpenAppeal,
    NoStatement,
    NotBlocked,
    RateLimited,
    StateHasPassed,
    StoreUnavailable,
    SubscriptionExists,
    UnknownImage,
    UnknownSubscription,
)
from quorum.events.event import timestamp
from quorum.images.image import Image
from report_api.web.language import choose_language
from report_api.web.problem_texts import KINDS, words_of

NAMED_IMAGE = "quorum.image"  # where the environment of a request keeps the canonical id that it names
LOGGED_AS = "quorum.problem"  # where the environment of a request keeps what its answer said
PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = (1, 5)  # jittered, so that clients do not come back all at once


class Refused(Exception):
    """A request that is refused with a problem document."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        field: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})
        self.status = status
        self.kind = kind
        self.title = title
        self.errors = [{"field": field, "message": detail}] if field else []
        self.detail = f"{field}: {detail}" if field else detail


def problem(
    status: int,
    kind: str,
    title: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    told: Mapping[str, object] | None = None,
    **more: Any,
) -> Response:
    """Return a problem document of `kind`, in the reader's language where readers may meet it.

    `told` has what the words of other languages need (`words_of`).
    """
    if has_request_context():
        environ = request.environ
        environ[LOGGED_AS] = kind
        if NAMED_IMAGE in environ:
            more.setdefault("image_id", environ[NAMED_IMAGE])
        asked = environ.get("HTTP_ACCEPT_LANGUAGE")
        title, detail, of_language = in_language(kind, title, detail, asked, {**more, **(told or {})})
        headers = {**(headers or {}), **of_language}
    body = {"type": f"urn:quorum:problem:{kind}", "title": title, "status": status, "detail": detail, **more}
    return Response(json.dumps(body), status, headers, content_type=PROBLEM_TYPE)


def in_language(
    kind: str, title: str, detail: str, accept_language: str | None, told: Mapping[str, object]
) -> tuple[str, str, dict[str, str]]:
    """Return title and detail of a problem in the language that is asked for, and the headers that say which it is."""
    if kind not in KINDS:
        return title, detail, {}
    language = choose_language(accept_language)
    words = words_of(kind, language, told)
    title, detail = words or (title, detail)
    return title, detail, {"Content-Language": language, "Vary": "Accept-Language"}


def field_errors(messages: Any, path: str = "") -> Iterable[dict[str, str]]:
    """Yield marshmallow's messages as field and message; `body` stands for the whole."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            step = "body" if name == "_schema" else str(name)
            yield from field_errors(inner, f"{path}.{step}" if path else step)
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield {"field": path, "message": str(message)}


def valid_image(error: ValidationError) -> Image | None:
    """Return the image of a report that is not valid for another reason."""
    valid = error.valid_data
    image = valid.get("image_id") if isinstance(valid, dict) else None
    return image if isinstance(image, Image) else None


def _invalid(error: ValidationError) -> Response:
    errors = list(field_errors(error.messages))
    image = valid_image(error)
    if image:
        request.environ[NAMED_IMAGE] = image.id
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in errors)
    return problem(422, "invalid-report", "The report is not valid", detail, errors=errors)


def _refused(error: Refused) -> Response:
    more: dict[str, Any] = {"errors": error.errors} if error.errors else {}
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else error.headers  # noqa: PLR2004 - RFC 9110, 11.6.1
    return problem(error.status, error.kind, error.title, error.detail, headers=headers, **more)


def _unavailable(error: StoreUnavailable) -> Response:
    wait = random.randint(*RETRY_AFTER_SECONDS)  # noqa: S311 - jitter
    detail = "Nothing was stored. Send the same request again after the time in Retry-After."
    kinds = {
        InboxFull: ("inbox-full", "Reports cannot be taken just now"),
        DataMissing: ("data-missing", "The data is not there just now"),
    }
    kind, title = kinds.get(type(error), ("store-unavailable", "The data cannot be reached just now"))
    return problem(503, kind, title, detail, headers={"Retry-After": str(wait)})


_OF_APPEALS: Mapping[type[Exception], tuple[int, str, str]] = {
    UnknownImage: (404, "unknown-image", "The image is not known"),
    NotBlocked: (409, "not-blocked", "The image is not blocked"),
    NoStatement: (404, "no-statement", "There is no statement of reasons"),
    AppealExists: (409, "appeal-exists", "There was an appeal already"),
    AppealNeedsAnother: (409, "appeal-needs-another", "Another moderator decides this"),
    NoOpenAppeal: (409, "no-open-appeal", "There is no open appeal"),
}


def _of_appeal(status: int, kind: str, title: str, error: Exception) -> Response:
    return problem(status, kind, title, str(error))


def _field_of_cursor() -> str:
    """Return the parameter that a cursor came in: pages of lists are named `page`."""
    return "page" if "page" in request.args else "after"


def _limited(error: RateLimited) -> Response:
    """Answer with the fields of the IETF draft on RateLimit headers."""
    headers = {
        "Retry-After": str(error.reset_seconds),
        "RateLimit": f'"{error.limit}";r=0;t={error.reset_seconds}',
        "RateLimit-Policy": f'"{error.limit}";q={error.quota};w=60',
    }
    told = {"quota": error.quota, "seconds": error.reset_seconds}
    return problem(429, "rate-limited", f"Too many {error.counted}", str(error), headers=headers, told=told)


def _gone(error: CursorExpired) -> Response:
    return problem(410, "cursor-expired", "The cursor is too old", str(error), oldest=error.oldest)


def _passed(error: StateHasPassed) -> Response:
    response = problem(
        412, "state-has-passed", "The state has passed", str(error), image_id=error.image_id, state=error.state
    )
    response.set_etag(error.tag)
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    response = problem(status, f"http-{status}", error.name, error.description or error.name)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def register_problems(app: Flask) -> None:
    """Answer every error of `app` with a problem document."""
    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(StoreUnavailable, _unavailable)
    app.register_error_handler(CursorExpired, _gone)
    app.register_error_handler(RateLimited, _limited)
    app.register_error_handler(
        DecisionRefused,
        lambda error: _refused(Refused(409, "decision-refused", "The decision does not fit", str(error), "decision")),
    )
    app.register_error_handler(StateHasPassed, _passed)
    for error_of_appeal, (status, kind, title) in _OF_APPEALS.items():
        app.register_error_handler(error_of_appeal, partial(_of_appeal, status, kind, title))
    app.register_error_handler(
        ClaimedByAnother,
        lambda error: problem(
            409, "claimed", "Another looks at the image", str(error), name=error.name, until=timestamp(error.until_ms)
        ),
    )
    app.register_error_handler(
        InvalidCursor,
        lambda error: _refused(
            Refused(400, "invalid-cursor", "The cursor is not valid", str(error), _field_of_cursor())
        ),
    )
    app.register_error_handler(
        InvalidImageId,
        lambda error: _refused(Refused(400, "invalid-image-id", "The image id is not valid", str(error), "image_id")),
    )
    app.register_error_handler(
        InvalidSubscription,
        lambda error: _refused(Refused(422, "invalid-webhook", "The webhook is not valid", error.problem, error.field)),
    )
    app.register_error_handler(
        SubscriptionExists,
        lambda error: problem(
            409, "webhook-exists", "The endpoint is subscribed already", str(error), first=error.first
        ),
    )
    app.register_error_handler(
        MalformedSubscription,
        lambda error: _refused(Refused(409, "webhook-unreadable", "The webhook cannot be read", str(error))),
    )
    app.register_error_handler(
        UnknownSubscription,
        lambda error: _refused(Refused(404, "unknown-webhook", "There is no such webhook", str(error))),
    )
    app.register_error_handler(HTTPException, _http)
