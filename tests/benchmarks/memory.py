"""Redis memory of an open image with one report."""

import time
from collections.abc import Iterator

from redis import Redis

from quorum.policy import load_policy
from quorum.tally.drain import PartitionTally

from . import fill
from .harness import POLICY, Bar, Lab, Row, Scale


def memory(lab: Lab, scale: Scale) -> Iterator[Row]:
    """Yield bytes per image at a tenth of the images and at all of them, against a set for each image."""
    for images, bar in ((scale.images // 10, None), (scale.images, Bar(120, "at most", of="ours"))):
        ours, baseline = _tally(lab, images), _sets(lab, images)
        yield Row(
            f"memory per open image, of {images:,}",
            ours,
            baseline,
            ours / baseline,
            "bytes",
            f"growth of used_memory when {images:,} new images with ids of {len(fill.image_id(0))} characters have "
            "been reported once each and tallied, divided by their number",
            "the same with a Redis set for each image that holds its one reporter (12 bytes), keyed by the image id",
            bar,
        )


def _tally(lab: Lab, images: int) -> float:
    lab.clear()
    policy = load_policy(POLICY)
    with lab.client() as client:
        tally = PartitionTally(client, lab.keys, journal_reports=0)
        before = _used(client)
        for start in range(0, images, 50_000):
            fill.append(
                client, lab.keys.inbox, ((number, number) for number in range(start, min(start + 50_000, images)))
            )
            while tally.drain(policy).taken:
                pass
        return (_used(client) - before) / images


def _sets(lab: Lab, images: int) -> float:
    lab.clear()
    with lab.client() as client:
        before = _used(client)
        for start in range(0, images, 1000):
            pipe = client.pipeline(transaction=False)
            for number in range(start, min(start + 1000, images)):
                pipe.sadd(fill.image_id(number), number.to_bytes(12, "big"))
            pipe.execute()
        used = _used(client) - before
        lab.clear()
        return used / images


def _used(client: Redis) -> int:
    """Return what Redis holds once its buffers are flushed."""
    time.sleep(2.5)
    return int(client.info("memory")["used_memory"])
