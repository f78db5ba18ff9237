"""The formula of `quorum.telemetry.capacity` against what is measured."""

import time
from collections.abc import Iterator
from functools import partial

import psutil
from redis import Redis

from quorum.policy import load_policy
from quorum.tally.drain import PartitionTally
from quorum.telemetry import capacity as formula

from . import fill
from .harness import POLICY, SITE_KEY, Bar, Lab, Row, Scale, wait_until
from .intake import WORKERS
from .load.wrk import accepted_per_second

CROSSING = 5  # reporters that block an image under the policy of the benchmarks
JOURNAL = 100_000
CALM_WITHIN = 180.0  # seconds; it takes about one minute
SHARES = ((1, 0.5), (2, 0.25), (3, 0.23), (CROSSING, 0.02))  # of the images: so many have so many reporters


def capacity(lab: Lab, scale: Scale) -> Iterator[Row]:
    """Yield memory of a mixed month, and processor time of a report, over what the formula says."""
    for images in (scale.images // 10, scale.images // 2):
        yield _memory(lab, images)
    yield _processor(lab, scale)


def _memory(lab: Lab, images: int) -> Row:
    lab.clear()
    policy = load_policy(POLICY)
    reports = 0
    with lab.client() as client:
        tally = PartitionTally(client, lab.keys, journal_reports=JOURNAL)
        first = 0
        for reporters, share in SHARES:
            numbers = range(first, first + round(images * share))
            first = numbers.stop
            for start in range(numbers.start, numbers.stop, 10_000):
                part = range(start, min(start + 10_000, numbers.stop))
                fill.append(client, lab.keys.inbox, ((image, who) for image in part for who in range(reporters)))
                reports += len(part) * reporters
                while tally.drain(policy).taken:
                    pass
        time.sleep(2.5)  # until buffers are flushed
        measured = int(client.info("memory")["used_memory"])
        events, blocked = client.xlen(lab.keys.events), client.zcard(lab.keys.blocked)
    said = formula.memory_bytes(images, reports, blocked, events, min(JOURNAL, reports))
    return Row(
        f"memory of {images:,} images, measured / by the formula",
        measured / 1e6,
        said / 1e6,
        measured / said,
        "MB",
        f"used_memory when {images:,} images were reported by 1, 2, 3 or {CROSSING} people ({reports:,} reports, "
        f"{blocked:,} images blocked) and the journal is full",
        "`quorum.telemetry.capacity.memory_bytes` of the same numbers",
        Bar(1.15, "at most"),
    )


def _processor(lab: Lab, scale: Scale) -> Row:
    lab.clear()
    with (
        lab.serving("api", "quorum.cli.main", "api", "--port", "PORT", "--workers", str(WORKERS)) as url,
        lab.quorum_worker(1),
    ):
        accepted_per_second(url, 1, SITE_KEY)  # warm
        wait_until(_worker_is_calm, "a worker that has looked for what a new policy lets cross", CALM_WITHIN)
        before = _seconds()
        _, requests = accepted_per_second(url, scale.seconds * 3, SITE_KEY)
        with lab.client() as client:
            wait_until(partial(_empty, client, lab), "an empty inbox")
        after = _seconds()
    spent = {part: (after[part] - before[part]) / requests * 1e6 for part in before}
    said = formula.API_US + formula.REDIS_US + formula.WORKER_US
    return Row(
        "processor time of a report, measured / by the formula",
        sum(spent.values()),
        said,
        sum(spent.values()) / said,
        "us",
        "user and system time of all processes while wrk sends one report a request, divided by requests: "
        + ", ".join(f"{part} {micros:.0f} us" for part, micros in spent.items()),
        f"`quorum.telemetry.capacity`: API {formula.API_US:.0f}, Redis {formula.REDIS_US:.0f}, "
        f"worker {formula.WORKER_US:.0f} us",
        Bar(1.25, "at most"),
    )


def _worker_is_calm() -> bool:
    """Tell whether the worker takes less than a twentieth of a processor while nobody reports anything."""
    before = _seconds()["worker"]
    time.sleep(2)
    return _seconds()["worker"] - before < 2 / 20


def _empty(client: Redis, lab: Lab) -> bool:
    return client.llen(lab.keys.inbox) == 0


def _seconds() -> dict[str, float]:
    """Return the processor seconds of the parts that this process has started."""
    spent = {"API": 0.0, "Redis": 0.0, "worker": 0.0}
    for process in psutil.Process().children(recursive=True):
        command = " ".join(process.cmdline())
        times = process.cpu_times()
        for part, mark in (("API", " api "), ("worker", " worker "), ("Redis", "redis-server")):
            if mark in f"{command} " or (part == "API" and "granian" in command):
                spent[part] += times.user + times.system
                break
    return spent
