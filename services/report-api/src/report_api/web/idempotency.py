"""The optional `Idempotency-Key` header (IETF draft-ietf-httpapi-idempotency-key-header).

Reports are counted once whatever is sent twice, so the key never decides whether a report is safe. It saves a retry the
second storing, and tells a client that has mixed up its keys. What is remembered is an HMAC under the pepper: a copy of
Redis tells neither body nor caller, nor that two bodies were alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from quorum.reporters.fingerprints import request_digest
from report_api.web.describing import in_header
from report_api.web.problems import Refused
from report_api.web.services import Services

MAX_KEY_CHARACTERS = 255

KEY_HEADER = in_header(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[ -~]+$"},
    "Optional, for retries: the same key with another body is refused.",
)


@contextmanager
def once(parts: Services, caller: str, environ: dict[str, Any], body: bytes) -> Iterator[bool]:
    """Give whether the same request has succeeded before, and remember it when this one does.

    `caller` names whoever sends it, and has shown that they may. Raises Refused when the key was used for another body,
    StoreUnavailable.
    """
    key: str | None = environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        yield False
        return
    if not 1 <= len(key) <= MAX_KEY_CHARACTERS or not key.isprintable() or not key.isascii():
        detail = f"must be 1 to {MAX_KEY_CHARACTERS} printable ASCII characters"
        raise Refused(400, "invalid-idempotency-key", "The Idempotency-Key is not valid", detail, "Idempotency-Key")
    pepper = parts.settings.pepper.encode()
    name = request_digest(pepper, *(part.encode() for part in (environ["PATH_INFO"], caller, key)))
    content = request_digest(pepper, name, body)
    known = parts.idempotency.body_of(name)
    if known not in {None, content}:
        detail = "was used for another body; use a new key for every new request"
        raise Refused(422, "idempotency-key-reused", "The Idempotency-Key was used before", detail, "Idempotency-Key")
    yield known is not None
    if known is None:
        parts.idempotency.remember(name, content)
