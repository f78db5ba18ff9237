"""Finding the picture that a PDQ hash is of, among many."""

import random
import time
from collections.abc import Iterator

from redis import Redis

from quorum.images.content import parse_content
from quorum.images.image import parse_image
from quorum.judgement.records import Report
from quorum.policy import load_policy
from quorum.reporters.fingerprints import Reporter
from quorum.tally.codec import encode_report, encode_stamp
from quorum.tally.drain import PartitionTally

from .harness import POLICY, Bar, Lab, Row, Scale

SEARCHES = 100
_BITS = 256


def pictures(lab: Lab, scale: Scale) -> Iterator[Row]:
    """Yield the time in which Redis finds a hash's picture at a tenth of the pictures and at all of them."""
    for known in (scale.images // 10, scale.images):
        lab.clear()
        with lab.client() as client:
            before = int(client.info("memory")["used_memory"])
            _fill(client, lab.keys.bands, known)
            held = (int(client.info("memory")["used_memory"]) - before) / known
            ours, found = _search(lab, known)
            scanned = _scan(known)
        yield Row(
            f"finding a picture by its PDQ hash, of {known:,}",
            ours * 1000,
            scanned * 1000,
            ours / scanned,
            "ms",
            "processor time in Redis of a drain that finds the picture of a hash with 31 other bits, among "
            f"{known:,} random hashes, the "
            f"mean of {SEARCHES} ({found} were found); the index takes {held:,.0f} bytes for each picture",
            "comparing with all of them in Python (int.bit_count)",
            Bar(20, "at most", of="ours"),
        )


def _hash(number: int) -> int:
    return random.Random(number).getrandbits(_BITS)


def _fill(client: Redis, prefix: str, known: int) -> None:
    """Write the index as `store_picture` of pictures.lua would."""
    places: dict[str, bytearray] = {}
    for number in range(known):
        raw = _hash(number).to_bytes(32, "big")
        digest = parse_content(f"pdq:{raw.hex()}").digest
        for band in range(16):
            value = int.from_bytes(raw[2 * band : 2 * band + 2], "big")
            places.setdefault(f"{prefix}{band + 1}:{value}", bytearray()).extend(raw + digest)
    names = list(places)
    for start in range(0, len(names), 1000):
        client.mset({name: bytes(places[name]) for name in names[start : start + 1000]})


def _search(lab: Lab, known: int) -> tuple[float, int]:
    """Return the mean processor time of a search in seconds, and how many found their picture."""
    policy, found = load_policy(POLICY), 0
    with lab.client() as client:
        tally = PartitionTally(client, lab.keys, journal_reports=0)
        used = _processor_seconds(client)
        for number in range(SEARCHES):
            picture = number * (known // SEARCHES)
            changed = sum(1 << bit for bit in random.Random(number).sample(range(_BITS), 31))
            content = parse_content(f"pdq:{_hash(picture) ^ changed:064x}")
            image = parse_image(f"picture-{number}")
            report = Report(image, Reporter("verified", b"r" * 12), "violence", 0, content.digest, pdq=content.pdq)
            client.rpush(lab.keys.inbox, encode_stamp(time.time_ns() // 1_000_000) + encode_report(report))
            tally.drain(policy)
            joined = client.hget(f"{lab.keys.aliases}{image.bucket}", image.digest)
            found += joined == parse_content(f"pdq:{_hash(picture):064x}").digest
        used = _processor_seconds(client) - used
    return used / SEARCHES, found


def _processor_seconds(client: Redis) -> float:
    cpu = client.info("cpu")
    return float(cpu["used_cpu_user"]) + float(cpu["used_cpu_sys"])


def _scan(known: int) -> float:
    hashes = [_hash(number) for number in range(known)]
    start = time.process_time()
    sum((one ^ hashes[0]).bit_count() <= 31 for one in hashes)
    return time.process_time() - start
