"""Whether a delivery is from quorum: signed as Standard Webhooks 1.0 say, and fresh. No other library is needed."""

import base64
import binascii
import hmac
import re
import time
from collections.abc import Mapping, Sequence

from quorum.errors import QuorumError
from quorum.events.event import Event

TOLERANCE_SECONDS = 300
MAX_HEADER_CHARACTERS = 4096
MAX_BODY_BYTES = 2**20
MIN_SECRET_BYTES = 16
PREFIX = "whsec_"
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class InvalidWebhook(QuorumError):
    """A delivery is not to be believed: answer 401. `why` is `headers`, `timestamp`, `signature` or `body`."""

    def __init__(self, why: str, what: str) -> None:
        super().__init__(what)
        self.why = why


def verify(
    secrets: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> Event:
    """Return the event of a delivery; `body` as it came, before anything has parsed it. Its `cursor` is empty.

    `secrets` is what quorum showed when the webhook was made (`whsec_...`), or several while they are changed. A
    delivery may be `tolerance` seconds older or newer than `now` (Unix seconds; default: this machine's clock). The
    same event may come again: remember `event.id`. Raises InvalidWebhook; ValueError for a secret that is none.
    """
    keys = [_key(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    if not keys:
        raise ValueError("there is no secret to verify with")
    found = {name.lower(): value for name, value in headers.items()}
    webhook_id, timestamp, signatures = (
        _header(found, name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not _TIMESTAMP.fullmatch(timestamp):
        raise InvalidWebhook("timestamp", "webhook-timestamp is no number of seconds")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        raise InvalidWebhook(
            "timestamp", f"webhook-timestamp is more than {tolerance:g} s away: an old delivery, sent again"
        )
    if len(body) > MAX_BODY_BYTES:
        raise InvalidWebhook("body", f"the body has more than {MAX_BODY_BYTES} bytes")
    signed = f"{webhook_id}.{timestamp}.".encode("utf-8", "replace") + body
    wanted = ["v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    given = [one.encode("utf-8", "replace") for one in signatures.split(" ")]
    if not any([hmac.compare_digest(one, other.encode()) for one in given for other in wanted]):  # noqa: C419 - all of them, in constant time
        raise InvalidWebhook("signature", "no signature fits: another secret, or a changed body")
    return _event(body)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a secret is whsec_ and base64, as quorum showed it") from error
    if len(key) < MIN_SECRET_BYTES:
        raise ValueError("a secret is whsec_ and base64, as quorum showed it; this one is too short")
    return key


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value or len(value) > MAX_HEADER_CHARACTERS:
        raise InvalidWebhook("headers", f"{name} is missing or too long")
    return value


def _event(body: bytes) -> Event:
    try:
        event = Event.from_json(body, "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidWebhook("body", "the signature fits, and the body is no event") from error
    texts = (event.id, event.type, event.subject, event.source)
    if not all(isinstance(one, str) for one in texts) or not isinstance(event.data, dict):
        raise InvalidWebhook("body", "the signature fits, and the body is no event")
    return event
