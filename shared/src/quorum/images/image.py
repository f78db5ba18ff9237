"""What an image id may be, and where an image lives: its digest, bucket and partition.

Ids are opaque to quorum, unless they are URLs. They are bounded and visible, so that they are safe in a log line, a URL
and a dashboard; only their digest enters a key, so that nobody can grow or steer the keyspace. An `Image` is made by
`parse_image` and `stored_image` alone, and so always has its canonical form.
"""

import re
import unicodedata
from dataclasses import dataclass
from hashlib import blake2b

from quorum.characters import refusal
from quorum.errors import InvalidImageId
from quorum.images.urls import KEEP_ALL, UrlRules

MAX_SENT_BYTES = 2048  # of UTF-8, in whatever spelling
MAX_ID_BYTES = 2048  # of the canonical form; percent-encoding can make it thrice as long as what was sent
DIGEST_BYTES = 16
BUCKETS = 65_536  # 2**16: at 1,000,000 open images a bucket holds about 15, a few cache lines to scan

_DIGEST_MARK = "#blake2b-"  # a canonical URL has no fragment
_SHORTENED = re.compile(rf"[\s\S]*{_DIGEST_MARK}[0-9a-f]{{{2 * DIGEST_BYTES}}}")
_KEPT_BYTES = MAX_ID_BYTES - len(_DIGEST_MARK) - 2 * DIGEST_BYTES


@dataclass(frozen=True, slots=True)
class Image:
    """An image id in canonical form, with the digest under which its tally is kept."""

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
    """Return the bucket of an image digest; `judgement/records.lua` computes the same from the same two bytes."""
    return digest[0] * 256 + digest[1]


def parse_image(raw: str, rules: UrlRules = KEEP_ALL) -> Image:
    """Return the image that `raw` names: NFC-normalised, and a URL in its canonical form (`quorum.images.urls`).

    Raises InvalidImageId when it is empty, too long, not a valid URL, or holds a character that cannot be seen.
    """
    return stored_image(_shortened(canonical_id(raw, rules)))


def canonical_id(raw: str, rules: UrlRules) -> str:
    """Return the canonical form of an id before it is shortened. Raises InvalidImageId."""
    if not raw.strip():
        raise InvalidImageId("must not be empty")
    refused = refusal(raw)
    if refused:
        raise InvalidImageId(refused)
    if len(raw) > MAX_SENT_BYTES // 4 and len(raw.encode()) > MAX_SENT_BYTES:
        raise InvalidImageId(f"must be at most {MAX_SENT_BYTES} bytes of UTF-8, not {len(raw.encode())}")
    image_id = raw if raw.isascii() else unicodedata.normalize("NFC", raw)
    if image_id[:4].lower() == "http" and not _is_shortened(image_id):
        image_id = rules.canonical(image_id)
    return image_id


def _is_shortened(image_id: str) -> bool:
    return len(image_id) > MAX_ID_BYTES // 4 and bool(_SHORTENED.fullmatch(image_id)) and _bytes_left(image_id) <= 3  # noqa: PLR2004


def _bytes_left(image_id: str) -> int:
    """Return how many bytes more an id might have; cutting between characters leaves up to three."""
    return MAX_ID_BYTES - len(image_id.encode())


def _shortened(image_id: str) -> str:
    """Return an id with its end replaced by a digest of the whole, when it is too long to be kept."""
    if len(image_id) <= MAX_ID_BYTES // 4:
        return image_id
    whole = image_id.encode()
    if len(whole) <= MAX_ID_BYTES:
        return image_id
    digest = blake2b(whole, digest_size=DIGEST_BYTES, person=b"quorum.long").hexdigest()
    return whole[:_KEPT_BYTES].decode("utf-8", "ignore") + _DIGEST_MARK + digest


def stored_image(image_id: str, digest: bytes | None = None) -> Image:
    """Return the image of an id that is in canonical form already, as everything that quorum stores is."""
    if digest is None:
        digest = blake2b(image_id.encode(), digest_size=DIGEST_BYTES, person=b"quorum.image").digest()
    return Image(image_id, digest)
