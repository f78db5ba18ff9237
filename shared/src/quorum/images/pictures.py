"""Finds, among the PDQ hashes that stand for a tally, the one nearest to another. Twin: pictures.lua."""

from collections.abc import Mapping

from quorum.images.content import PDQ_DISTANCE, pdq_distance


def nearest_picture(pictures: Mapping[bytes, bytes], pdq: bytes) -> bytes | None:
    """Return the tally's digest of the nearest hash within reach; of several the least."""
    near = min(((far, known) for known in pictures if (far := pdq_distance(pdq, known)) <= PDQ_DISTANCE), default=None)
    return pictures[near[1]] if near else None
