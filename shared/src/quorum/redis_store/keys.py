"""The name of every key. All keys of a partition share a hash tag, so that a script touches one cluster slot only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one partition.

    inbox    list    reports that were accepted and not yet tallied, oldest first (`codec.py`)
    bell     string  exists while a doorbell message is on its way or a worker is draining
    images   hash    one per bucket, `<images><bucket>`: image digest -> tally record (`codec.py`)
    blocked  zset    blocked image ids by the time of blocking, Unix ms
    events   stream  CloudEvents, field `event`
    trimmed  string  the last event id that was removed from the front of the stream
    dead     stream  entries that could not be tallied, fields `reason` and `entry`
    stats    hash    exact counts, kept by the scripts
    meta     hash    layout version and partition count
    api_keys hash    API keys by id (`api_keys.py`)
    workers  zset    worker names by the server time of their last sweep, Unix ms
    """

    inbox: str
    bell: str
    images: str
    blocked: str
    events: str
    trimmed: str
    dead: str
    stats: str
    meta: str
    api_keys: str
    workers: str


def keys_of(namespace: str, partition: int) -> Keys:
    """Return the key names of a partition."""
    prefix = f"{namespace}:{{{partition}}}:"
    return Keys(
        inbox=prefix + "inbox",
        bell=prefix + "bell",
        images=prefix + "images:",
        blocked=prefix + "blocked",
        events=prefix + "events",
        trimmed=prefix + "events:trimmed",
        dead=prefix + "dead",
        stats=prefix + "stats",
        meta=prefix + "meta",
        api_keys=prefix + "api_keys",
        workers=prefix + "workers",
    )
