"""Reports as intake appends them, made in bulk."""

import time
from collections.abc import Iterable
from itertools import islice

from redis import Redis

from quorum.images.image import parse_image
from quorum.judgement.records import Report
from quorum.policy.classes import VERIFIED
from quorum.reporters.fingerprints import NAMED, Reporter, fingerprint
from quorum.tally.codec import encode_report, encode_stamp

from .harness import PEPPER

CHUNK = 500


def image_id(number: int) -> str:
    """Return an image id of 35 characters."""
    return f"photo-{number:029d}"


def encoded(image: int, reporter: int) -> bytes:
    """Return a report of image number `image` by reader number `reporter`, without its time."""
    reader = Reporter(VERIFIED, fingerprint(PEPPER.encode(), NAMED, f"reader-{reporter}"))
    return encode_report(Report(parse_image(image_id(image)), reader, "violence"))


def append(client: Redis, key: str, pairs: Iterable[tuple[int, int]]) -> None:
    """Put reports, (image, reporter) each, at the end of the list `key`."""
    stamp = encode_stamp(int(time.time() * 1000))
    reports = (stamp + encoded(image, reporter) for image, reporter in pairs)
    while chunk := list(islice(reports, CHUNK)):
        client.rpush(key, *chunk)
