"""API keys: `qk_<id>.<secret>`. Only the SHA-256 of a key is kept, with what it may do.

The secret has 256 random bits, so a plain digest is enough: there is nothing to guess, and checking is cheap.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

ID_BYTES = 6
SECRET_BYTES = 32
LEAST_TOKEN_SECRET_BYTES = 32  # RFC 7518, section 3.2: a key of HS256 is as long as its digest

_KEY = re.compile(r"^qk_[A-Za-z0-9]{1,32}\.[A-Za-z0-9_-]{16,128}$")


class Scope(StrEnum):
    """What a key may do."""

    REPORT = "report"  # name readers and report for them
    CONTENT = "report:content"  # say which picture an image shows, and that there is no such image any more
    READ = "read"  # states, events, the blocklist
    MODERATE = "moderate"  # decide about images
    ADMIN = "admin"  # webhooks and everything else


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept; times are in Unix milliseconds."""

    id: str
    name: str
    digest: str  # SHA-256 of the whole key, hex
    scopes: frozenset[Scope]
    created_ms: int
    revoked_ms: int | None = None

    def opens(self, presented: str) -> bool:
        """Tell in constant time whether `presented` is this key and still valid."""
        same = hmac.compare_digest(digest_of(presented), self.digest)
        return same and self.revoked_ms is None


def digest_of(key: str) -> str:
    """Return what is stored of a key."""
    return sha256(key.encode()).hexdigest()


def new_key() -> tuple[str, str]:
    """Return the id and the whole of a fresh key; the whole is shown once and never stored."""
    key_id = secrets.token_hex(ID_BYTES)
    return key_id, f"qk_{key_id}.{secrets.token_urlsafe(SECRET_BYTES)}"


def id_of(presented: str) -> str | None:
    """Return the id in something that looks like a key, else None."""
    return presented[3:].partition(".")[0] if _KEY.match(presented) else None
