"""`/v1/reports`: check the report, find out who reports, put it into the inbox, say thank you; take it back."""

import json
from typing import Any, cast

from flask import Blueprint, Response, request
from marshmallow import ValidationError

from quorum.images.image import Image
from quorum.inbox.inbox import NO_LIMIT, Receipt, Sending
from quorum.judgement.records import Kind, Report
from quorum.languages import THANK_YOU
from quorum.network.forwarding import client_of
from quorum.policy import Policy
from quorum.schemas.reports import AcceptedSchema, ReportSchema, WithdrawalSchema, WithdrawnSchema
from quorum.tally.codec import encode_report
from report_api.access.callers import NOTHING_CLAIMED, Caller, Claimed, Shown
from report_api.telemetry.correlation import trace_of
from report_api.web.bodies import JSON, json_object, load_report, raw_body
from report_api.web.describing import answer, documented, sent_header
from report_api.web.idempotency import KEY_HEADER, once
from report_api.web.language import choose_language
from report_api.web.problems import NAMED_IMAGE
from report_api.web.services import Services, services

ACCEPTED = "202 ACCEPTED"
_CONTENT_TYPE = f"{JSON}; charset=utf-8"
_BACKEND_FIELDS = 2  # a report of a browser has no more fields than these: image and reason

blueprint = Blueprint("reports", __name__)


class _Thanks(Response):
    """The answer to an accepted report, made of what is the same for all; `headers` has only what others add."""

    def __init__(self, language: str, image: Image, receipt: Receipt | None) -> None:
        start, self._common = _ANSWERS[language]
        body = start + _json_text(image.id).encode() + b"}"
        super().__init__([body], ACCEPTED, content_type=_CONTENT_TYPE)
        self._common = [*self._common, ("Content-Length", str(len(body)))]
        if receipt and receipt.left[0] > NO_LIMIT:
            self._common.append(("RateLimit", f'"reports";r={receipt.left[0]};t={receipt.reset_seconds}'))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:  # noqa: ARG002 - WSGI
        start_response(self.status, self.headers.to_wsgi_list() + self._common)
        return cast("list[bytes]", self.response)


def _answer(language: str, message: str) -> tuple[bytes, list[tuple[str, str]]]:
    start = json.dumps({"status": "accepted", "message": message, "image_id": ""}, ensure_ascii=False)
    headers = {
        "Content-Language": language,
        "Vary": "Accept-Language",
        "Cache-Control": "no-store",
    }
    return start.removesuffix('""}').encode(), list(headers.items())


_json_text = json.encoder.encode_basestring  # of the C library, where it is there
_ANSWERS = {language: _answer(language, message) for language, message in THANK_YOU.items()}


@blueprint.post("/v1/reports")
@documented(
    "Report an image",
    "202 means that the report is stored and will be tallied. Sending it again changes nothing.",
    parameters=(KEY_HEADER,),
    takes=ReportSchema,
    answers={
        202: answer(
            "Accepted.",
            AcceptedSchema,
            headers={
                "Content-Language": sent_header({"type": "string", "enum": list(THANK_YOU)}),
                "RateLimit": sent_header(
                    {"type": "string"},
                    "What the tightest limit still allows (r), and seconds until it is whole (t).",
                ),
            },
        )
    },
    problems=(429,),
)
def create_report() -> Response:
    """Accept a report; 202 only once it is safely in the inbox."""
    environ = request.environ  # what lies there is not parsed again, and `request` is looked up once
    parts = services()
    receipt, policy = None, parts.policy
    shown = parts.access.shown(environ.get("HTTP_AUTHORIZATION"), lambda: client_of(parts.forwarding, environ), policy)
    raw = raw_body(environ)
    if "HTTP_IDEMPOTENCY_KEY" not in environ:
        image, receipt = _accept(parts, policy, shown, raw, environ)
    else:
        with once(parts, shown.caller, environ, raw) as again:
            if again:
                image = parts.image(json_object(raw, environ)["image_id"])
            else:
                image, receipt = _accept(parts, policy, shown, raw, environ)
    return _Thanks(choose_language(environ.get("HTTP_ACCEPT_LANGUAGE")), image, receipt)


@blueprint.delete("/v1/reports/<image_id:image_id>")
@documented(
    "Withdraw a report",
    "With the credential that reported: a reader's token, nothing from the same address, or a key and the "
    "`reporter_id` in the body. 202 means that it is stored and will be done, after what was sent before. A young "
    "block that the other reports do not reach ends.",
    takes=WithdrawalSchema,
    answers={202: answer("Accepted; also when there was no such report.", WithdrawnSchema)},
    problems=(400, 429),
)
def withdraw_report(image_id: str) -> tuple[dict[str, Any], int]:
    """Take a report back, of the same caller; 202 only once that is safely in the inbox."""
    environ, parts = request.environ, services()
    policy = parts.policy
    shown = parts.access.shown(environ.get("HTTP_AUTHORIZATION"), lambda: client_of(parts.forwarding, environ), policy)
    image = parts.image_in_path(image_id)
    raw = raw_body(environ)
    body = json_object(raw, environ) if raw else {}
    caller = parts.access.caller(shown, claimed_by(WithdrawalSchema(policy).load(body)), policy)
    send(parts, Report(image, caller.reporter, "", trace=trace_of(environ), kind=Kind.WITHDRAWAL), caller)
    return {"status": "accepted", "image_id": image.id}, 202


def send(parts: Services, report: Report, caller: Caller) -> Receipt:
    """Store what comes in, in its order. Raises RateLimited, StoreUnavailable."""
    receipt = parts.inbox.append(report.image.partition(parts.settings.partitions), sending_of(report, caller))
    refusal = receipt.refusal(0)
    if refusal:
        raise refusal
    return receipt


def _accept(
    parts: Services, policy: Policy, shown: Shown, raw: bytes, environ: dict[str, Any]
) -> tuple[Image, Receipt]:
    """Store a report. Raises ValidationError, Refused, RateLimited, StoreUnavailable."""
    report = load_report(json_object(raw, environ), policy)
    image = report["image_id"]
    environ[NAMED_IMAGE] = image.id
    claimed = claimed_by(report) if len(report) > _BACKEND_FIELDS else NOTHING_CLAIMED
    caller = parts.access.caller(shown, claimed, policy)
    whole = whole_report(report, caller, parts.settings.partitions, trace_of(environ))
    return image, send(parts, whole, caller)


def claimed_by(report: dict[str, Any]) -> Claimed:
    """Return what a valid report claims that only a backend may claim."""
    return Claimed(*map(report.get, Claimed._fields))


def check_content(partitions: int) -> None:
    """Refuse a content hash where copies would lie in several partitions: a script sees one. Raises ValidationError."""
    if partitions > 1:
        raise ValidationError({"content_hash": ["needs QUORUM_PARTITIONS=1; leave it out here"]})


def whole_report(report: dict[str, Any], caller: Caller, partitions: int, trace: bytes | None = None) -> Report:
    """Return a valid report with who sent it. Raises ValidationError."""
    if "content_hash" in report:
        check_content(partitions)
    content = report.get("content_hash")
    return Report(
        report["image_id"],
        caller.reporter,
        report["reason"],
        content=content.digest if content else None,
        trace=trace,
        pdq=content.pdq if content else None,
    )


def sending_of(report: Report, caller: Caller) -> Sending:
    """Return a report as it goes into the inbox."""
    encoded = encode_report(report)
    if caller.key_id is not None:
        return Sending.from_key(encoded, caller.key_id)
    return Sending.from_network(encoded, caller.network) if caller.network else Sending(encoded)
