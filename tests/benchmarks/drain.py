"""Worker processes empty a full inbox, against a Celery task per report and against what Redis can do at all."""

import csv
import random
import subprocess
import time
from collections.abc import Callable, Iterator

from redis import Redis

from quorum.inbox.doorbell import Doorbell

from . import fill
from .baselines.tasks import TALLY, make_app
from .harness import PASSWORD, Bar, Lab, Row, Scale, compare

PROCESSES = 2
REPORTERS_PER_IMAGE = 2  # below the threshold, so that every report counts
STAGED = "staged"  # where reports wait until the clock runs; renaming it to the inbox takes no time


def drain(lab: Lab, scale: Scale) -> Iterator[Row]:
    """Yield the drain against a task per report, and against pipelined SADDs of many keys and of one."""
    lab.clear()
    ours_is = (
        f"`quorum worker` with {PROCESSES} processes empties an inbox of {scale.reports:,} reports, of "
        f"{scale.reports // REPORTERS_PER_IMAGE:,} new images by {REPORTERS_PER_IMAGE} readers each, shuffled"
    )
    with lab.quorum_worker(PROCESSES), lab.client() as client:
        ours = _drains(lab, client, scale.reports)
        with lab.baseline_worker(PROCESSES):
            measured = compare(scale.rounds, ours, _tasks(lab, scale.tasks))
        yield Row(
            "drain / Celery task per report",
            *measured,
            "reports/s",
            ours_is,
            f"a Celery worker with {PROCESSES} processes empties a queue of {scale.tasks:,} tasks, each one SADD and "
            "SCARD in one round trip; on the same Redis, acknowledged early, default prefetch",
            Bar(100, "at least"),
        )
        for what, bar, key, member in (
            ("drain / redis-benchmark SADD, a key each", Bar(0.25, "at least"), "sadd:__rand_int__", "reader"),
            ("drain / redis-benchmark SADD, one key", None, "sadd", "reader:__rand_int__"),
        ):
            yield Row(
                what,
                *compare(scale.rounds, ours, lambda key=key, member=member: _sadds(lab, scale, key, member)),  # type: ignore[misc]
                "reports/s",
                ours_is,
                f"`redis-benchmark -P 50 -r 100000000 SADD {key} {member}` (50 connections) on the same Redis",
                bar,
            )


def _drains(lab: Lab, client: Redis, reports: int) -> Callable[[], float]:
    doorbell = Doorbell(lab.settings)

    def run() -> float:
        lab.clear()
        pairs = [(number // REPORTERS_PER_IMAGE, number) for number in range(reports)]
        random.Random(1).shuffle(pairs)
        fill.append(client, STAGED, pairs)
        start = time.perf_counter()
        client.rename(STAGED, lab.keys.inbox)
        doorbell.ring(0)
        while client.llen(lab.keys.inbox):
            time.sleep(0.005)
        seconds = time.perf_counter() - start
        counted = int(client.hget(lab.keys.stats, "counted") or 0)
        if counted != reports:
            raise RuntimeError(f"{reports} reports were drained and {counted} counted")
        return reports / seconds

    return run


def _tasks(lab: Lab, count: int) -> Callable[[], float]:
    task = make_app(lab.url(1)).tasks[TALLY]

    def run() -> float:
        with lab.client(1) as client:
            for number in range(count):
                image = fill.image_id(number // REPORTERS_PER_IMAGE)
                task.apply_async((image, f"reader-{number}", "violence"), queue=STAGED)
            start = time.perf_counter()
            client.rename(STAGED, "baseline")
            while client.llen("baseline") or client.hlen("unacked"):
                time.sleep(0.005)
            seconds = time.perf_counter() - start
            client.flushdb(asynchronous=False)
        return count / seconds

    return run


def _sadds(lab: Lab, scale: Scale, key: str, member: str) -> float:
    command = ["redis-benchmark", "-p", str(lab.port), "-a", PASSWORD, "--dbnum", "1", "-P", "50", "--csv"]
    command += ["-n", str(scale.reports * 4), "-r", "100000000", "SADD", key, member]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with lab.client(1) as client:
        client.flushdb(asynchronous=False)
    rows = list(csv.reader(line for line in printed.splitlines() if line.startswith('"')))
    return float(rows[-1][1])
