"""Content hashes: which of them say something of a picture, and when two are of one picture.

SHA-256 is compared by equality. PDQ is perceptual: two hashes within 31 of 256 bits are of one picture, and hashes of
pictures with a quality below 50 mean little; both values are those of its authors (ThreatExchange, pdq/README.md).
"""

import hashlib
import re
from dataclasses import dataclass
from hashlib import blake2b

from quorum.errors import InvalidContentHash

DIGEST_BYTES = 16
PDQ_BYTES = 32
PDQ_DISTANCE = 31  # bits of 256
PDQ_LEAST_QUALITY = 50  # of 100
# A PDQ hash marks the larger half of 256 values, so that about 128 bits are set whatever the picture shows. Pictures of
# one colour and broken decoders come out with few or nearly all.
_PDQ_BITS = range(64, 193)
_LEAST_DISTINCT = 8  # bytes of 32: a random hash has 30; one of repeated digits, a placeholder or a test value has few

_CONTENT_HASH = re.compile(r"(sha256|pdq):([0-9a-f]{64})", re.IGNORECASE | re.ASCII)
_SHA256_OF = {
    hashlib.sha256(nothing).hexdigest(): what
    for nothing, what in (
        (b"", "an empty file"),
        (b"\n", "an empty line"),
        (b"\r\n", "an empty line"),
        (b"\0", "a zero byte"),
        (b" ", "a space"),
        (b"null", "the word null"),
        (b"None", "the word None"),
        (b"undefined", "the word undefined"),
        (b"{}", "an empty JSON object"),
        (b"[]", "an empty JSON list"),
        (b'""', "an empty JSON text"),
        (b"0", "the digit 0"),
        (b"false", "the word false"),
    )
}
# Shorter hashes, filled up to 64 digits by who has no SHA-256 at hand.
_SHORT_OF_NOTHING = tuple(
    hashlib.new(name, b"", usedforsecurity=False).hexdigest() for name in ("md5", "sha1", "sha224")
)


@dataclass(frozen=True, slots=True)
class Content:
    """A picture's content: the digest under which its copies share a tally, and its PDQ hash if that is what it is."""

    digest: bytes
    pdq: bytes | None = None


def parse_content(content_hash: str) -> Content:
    """Return the content that `sha256:` or `pdq:` and 64 hex digits name. Raises InvalidContentHash."""
    match = _CONTENT_HASH.fullmatch(content_hash)
    if not match:
        raise InvalidContentHash("must be sha256: or pdq: and 64 hex digits")
    kind, digits = match[1].lower(), match[2].lower()
    says_nothing = _of_nothing(digits) or (_of_no_picture(bytes.fromhex(digits)) if kind == "pdq" else None)
    if says_nothing:
        raise InvalidContentHash(f"says nothing of a picture: it is {says_nothing}; leave it out")
    digest = blake2b(f"{kind}:{digits}".encode(), digest_size=DIGEST_BYTES, person=b"quorum.content").digest()
    return Content(digest, bytes.fromhex(digits) if kind == "pdq" else None)


def pdq_distance(one: bytes, other: bytes) -> int:
    """Return in how many bits two PDQ hashes differ."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def _of_nothing(digits: str) -> str | None:
    if digits in _SHA256_OF:
        return f"the SHA-256 of {_SHA256_OF[digits]}"
    for short in _SHORT_OF_NOTHING:
        if digits.strip("0") == short.strip("0"):
            return "the hash of an empty file, filled up"
    return "one digit again and again" if len(set(digits)) == 1 else None


def _of_no_picture(pdq: bytes) -> str | None:
    if len(set(pdq)) < _LEAST_DISTINCT:
        return "a few bytes again and again"
    bits = int.from_bytes(pdq, "big").bit_count()
    return None if bits in _PDQ_BITS else f"a PDQ hash with {bits} of 256 bits set, of a picture without features"
