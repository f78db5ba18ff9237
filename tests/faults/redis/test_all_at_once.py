"""Everything that can break breaks in turn, chosen by a seed; afterwards the books balance.

FAULT_SECONDS says for how long (600 for the full run), FAULT_SEED repeats a run's choices.
"""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from conftest import kill_tree, make_settings
from pipeline import Crowd, Pipeline, assert_all_tallied
from redis_server import RedisServer, wait_until

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(1200)]

SECONDS = float(os.environ.get("FAULT_SECONDS", "15"))
WORKERS = 2


class Trouble:
    """Breaks one thing at a time, and mends it."""

    def __init__(self, server: RedisServer, pipeline: Pipeline, chance: random.Random) -> None:
        self._server = server
        self._pipeline = pipeline
        self._chance = chance
        self.workers = [pipeline.start_worker(wait=False) for _ in range(WORKERS)]
        self.done: Counter[str] = Counter()
        pipeline.start_api()

    def strike(self) -> None:
        trouble = self._chance.choice(
            [
                *(self.kill_worker, self.kill_pool, self.freeze_worker, self.kill_api, self.stop_api),
                *(self.hang_redis, self.kill_redis, self.fill_redis, self.flip_redis, self.forget_scripts),
            ]
        )
        trouble()
        self.done[trouble.__name__] += 1
        self.revive()

    def revive(self) -> None:
        """Do what a supervisor does: start what has died."""
        self.workers = [
            worker if worker.poll() is None else self._pipeline.start_worker(wait=False) for worker in self.workers
        ]

    def _wait(self, longest: float) -> None:
        time.sleep(self._chance.uniform(0, longest))

    def kill_worker(self) -> None:
        kill_tree(self._chance.choice(self.workers))

    def kill_pool(self) -> None:
        for child in self._chance.choice(self.workers).children():
            child.kill()

    def freeze_worker(self) -> None:
        worker = self._chance.choice(self.workers)
        family = [worker, *worker.children()]
        for process in family:
            process.suspend()
        self._wait(1)
        for process in family:
            process.resume()

    def kill_api(self) -> None:
        assert self._pipeline.api
        kill_tree(self._pipeline.api)
        self._pipeline.start_api()

    def stop_api(self) -> None:
        self._pipeline.stop_api()
        self._pipeline.start_api()

    def hang_redis(self) -> None:
        self._server.signal(signal.SIGSTOP)
        self._wait(1.5)
        self._server.signal(signal.SIGCONT)

    def kill_redis(self) -> None:
        self._server.signal(signal.SIGKILL)
        self._wait(0.5)
        self._server.start()

    def fill_redis(self) -> None:
        self._server.client.config_set("maxmemory", 1)
        self._wait(1)
        self._server.client.config_set("maxmemory", 0)

    def flip_redis(self) -> None:
        self._server.client.execute_command("REPLICAOF", "127.0.0.1", 1)
        self._wait(1)
        self._server.client.execute_command("REPLICAOF", "NO", "ONE")

    def forget_scripts(self) -> None:
        self._server.client.script_flush()


def test_no_trouble_loses_or_doubles_a_report(own_redis: RedisServer, tmp_path: Path) -> None:
    seed = int(os.environ.get("FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
    print(f"FAULT_SEED={seed}")
    chance = random.Random(seed)
    settings = make_settings(own_redis.url, partitions=2)
    with Pipeline(settings, tmp_path) as pipeline:
        trouble = Trouble(own_redis, pipeline, chance)
        end = time.monotonic() + SECONDS
        with Crowd(pipeline.port, timeout=5) as crowd:
            while time.monotonic() < end:
                trouble.strike()
                time.sleep(chance.uniform(0, 0.5))
            own_redis.client.ping()
            crowd.wait_for(50)
        trouble.revive()
        wait_until(lambda: any(map(pipeline.sweeps, trouble.workers)), 20, "a worker's sweep")
        books = assert_all_tallied(settings, crowd)
        assert all(isinstance(worker, psutil.Popen) and worker.poll() is None for worker in trouble.workers)
    print(f"seed {seed}: {dict(trouble.done)}; answers {dict(crowd.statuses)}; {len(crowd.acknowledged)} acknowledged,")
    print(f"{books.stats['taken']} taken, {books.stats['counted']} counted, {len(books.events)} events")
    assert set(crowd.statuses) <= {202, 503, 0, -1}
    assert len(books.events) > 0
