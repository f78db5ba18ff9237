"""What an image id may be, and where an image lives: its digest, bucket and partition.

Ids are opaque to quorum. They are bounded and printable, so that they are safe in a log line, a URL and a dashboard;
only their digest enters a key, so that nobody can grow or steer the keyspace.
"""

import re
import unicodedata
from dataclasses import dataclass
from hashlib import blake2b

from quorum.errors import InvalidContentHash, InvalidImageId
from quorum.image_urls import canonical_url

MAX_ID_CHARACTERS = 200
MAX_RAW_CHARACTERS = 2000  # of a URL, before its query is dropped
DIGEST_BYTES = 16
BUCKETS = 65_536  # 2**16: at 1,000,000 open images a bucket holds about 15, a few cache lines to scan

_CONTENT_HASH = re.compile(r"(?:sha256|pdq):[0-9a-f]{64}", re.IGNORECASE | re.ASCII)

_REFUSED = {
    "Cc": "a control character",
    "Cf": "an invisible or bidirectional formatting character",
    "Cs": "a lone surrogate",
    "Co": "a private-use character",
    "Cn": "an unassigned character",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}


@dataclass(frozen=True, slots=True)
class Image:
    """An image id in normal form, with the digest under which its tally is kept."""

    id: str
    digest: bytes

    @property
    def bucket(self) -> int:
        """The bucket of the tally, 0 to BUCKETS - 1: the first 16 bits of the digest."""
        return bucket_of(self.digest)

    def partition(self, partitions: int) -> int:
        """Return the partition that owns this image, 0 to `partitions` - 1."""
        return int.from_bytes(self.digest[-4:], "big") % partitions


def bucket_of(digest: bytes) -> int:
    """Return the bucket of an image digest; `drain.lua` computes the same from the same two bytes."""
    return digest[0] * 256 + digest[1]


def content_digest(content_hash: str) -> bytes:
    """Return the digest under which copies of one picture share a tally.

    `content_hash` is `sha256:` or `pdq:` and 64 hex digits. Copies must agree in all of them: quorum compares hashes,
    it does not look for similar ones. Raises InvalidContentHash.
    """
    match = _CONTENT_HASH.fullmatch(content_hash)
    if not match:
        raise InvalidContentHash("must be sha256: or pdq: and 64 hex digits")
    return blake2b(content_hash.lower().encode(), digest_size=DIGEST_BYTES, person=b"quorum.content").digest()


def parse_image(raw: str, keep_query: frozenset[str] = frozenset()) -> Image:
    """Return the image that `raw` names: NFC-normalised, and a URL in its canonical form (`quorum.image_urls`).

    Of a URL's query only the parameters in `keep_query` tell images apart. Raises InvalidImageId when it is empty, too
    long, not a valid URL, or holds a character that cannot be seen.
    """
    image_id = raw if raw.isascii() else unicodedata.normalize("NFC", raw)
    if not image_id.strip():
        raise InvalidImageId("must not be empty")
    if len(image_id) > MAX_RAW_CHARACTERS:
        raise InvalidImageId(f"must be at most {MAX_RAW_CHARACTERS} characters, not {len(image_id)}")
    if image_id[:4].lower() == "http":
        image_id = canonical_url(image_id, keep_query)
    if len(image_id) > MAX_ID_CHARACTERS:
        raise InvalidImageId(f"must be at most {MAX_ID_CHARACTERS} characters, not {len(image_id)}")
    if not (image_id.isascii() and image_id.isprintable()):
        for position, character in enumerate(image_id):
            refused = _REFUSED.get(unicodedata.category(character))
            if refused:
                raise InvalidImageId(f"holds {refused} (U+{ord(character):04X}) at position {position}; remove it")
    return stored_image(image_id)


def stored_image(image_id: str) -> Image:
    """Return the image of an id that is in normal form already, as everything that quorum stores is."""
    return Image(image_id, blake2b(image_id.encode(), digest_size=DIGEST_BYTES, person=b"quorum.image").digest())
