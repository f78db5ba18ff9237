"""How much a quorum needs: Redis memory, processors, workers. `make bench` holds these numbers against measurements."""

import math
from dataclasses import dataclass

DAY_SECONDS = 86_400
BUCKETS = 65_536  # as in `quorum.images.image`

# Bytes of Redis, measured with the hash settings that `quorum doctor` asks for (tests/benchmarks/capacity.py).
EMPTY = 2_000_000
BUCKET = 100
IMAGE = 62
REPORTER = 57  # each further distinct reporter of an image; the first of them brings the image's id, too
BLOCKED = 260  # an id in the list of blocked images, and what happened to the image
EVENT = 640
JOURNAL_ENTRY = 95

# Microseconds of one processor core (AMD EPYC, 2.4 GHz class) for a report that comes in a request of its own, measured
# on a slow day of a shared machine at some thousand a second: of fewer, a drain takes fewer at once and costs more.
API_US = 340.0
REDIS_US = 62.0
WORKER_US = 35.0

BUSY = 0.6  # how much of a core to plan with: the rest is for bursts, rewrites of the file and deployments
HEADROOM = 2.0  # maxmemory over what is kept: an inbox that waits for workers, a day with twice the reports


@dataclass(frozen=True, slots=True)
class Load:
    """What comes in. Shares are from 0 to 1."""

    reports_per_day: float
    reports_per_image: float = 3.0  # distinct reporters of an image that is reported at all
    blocked_share: float = 0.02  # of the images reported
    window_days: float = 30.0
    event_days: float = 30.0
    blocked_days: float = 365.0  # how long blocked images pile up before this is planned anew
    journal_reports: int = 100_000
    peak: float = 10.0  # the busiest minute over the mean of the day


@dataclass(frozen=True, slots=True)
class Need:
    """What to give it."""

    kept_bytes: float
    maxmemory_bytes: float
    peak_reports_per_second: float
    api_cores: float
    redis_cores: float
    worker_cores: float
    workers: int


def memory_bytes(images: float, reports: float, blocked: float, events: float, journal: float) -> float:
    """Return what Redis keeps of so many open images, counted reports, blocked images, events and journal entries."""
    buckets = BUCKETS * (1 - math.exp(-images / BUCKETS))  # of so many bins, those that are not empty
    return (
        EMPTY
        + buckets * BUCKET
        + images * IMAGE
        + max(reports - images, 0) * REPORTER
        + blocked * BLOCKED
        + events * EVENT
        + journal * JOURNAL_ENTRY
    )


def need_of(load: Load) -> Need:
    """Return what a load needs."""
    images_per_day = load.reports_per_day / load.reports_per_image
    blocked_per_day = images_per_day * load.blocked_share
    kept = memory_bytes(
        images=images_per_day * load.window_days,
        reports=load.reports_per_day * load.window_days,
        blocked=blocked_per_day * load.blocked_days,
        events=blocked_per_day * load.event_days,
        journal=min(load.journal_reports, load.reports_per_day * load.window_days),
    )
    peak = load.reports_per_day / DAY_SECONDS * load.peak
    worker_cores = peak * WORKER_US / 1e6 / BUSY
    return Need(
        kept_bytes=kept,
        maxmemory_bytes=kept * HEADROOM,
        peak_reports_per_second=peak,
        api_cores=peak * API_US / 1e6 / BUSY,
        redis_cores=peak * REDIS_US / 1e6 / BUSY,
        worker_cores=worker_cores,
        workers=max(2, math.ceil(worker_cores)),  # two, for the day one dies
    )
