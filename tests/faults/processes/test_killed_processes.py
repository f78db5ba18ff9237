"""Processes die in the middle of everything; what was acknowledged is tallied, once."""

import random
import signal
import time
from pathlib import Path

import pytest
from conftest import kill_tree, make_settings
from pipeline import (
    CROSSING,
    Crowd,
    Pipeline,
    Visitor,
    assert_all_tallied,
    inbox_depth,
    pair_of,
    read_books,
    whole_pipeline,
)
from redis_server import RedisServer, wait_until

from quorum.inbox.doorbell import QUEUE

pytestmark = pytest.mark.xdist_group("faults")

WORKER_DEATHS = 20


def test_every_acknowledged_report_outlives_the_death_of_the_api(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with Pipeline(settings, tmp_path) as pipeline:
        api = pipeline.start_api()
        with Crowd(pipeline.port) as crowd:
            for _ in range(4):
                crowd.wait_for(100)
                kill_tree(api)
                api = pipeline.start_api()
            crowd.wait_for(100)
        kill_tree(api)
        books = read_books(settings)  # no worker ever ran: all must still wait
        assert {pair_of(settings, *report) for report in crowd.acknowledged} - set(books.waiting) == set()
        assert len(crowd.acknowledged) >= 500
        pipeline.start_worker()
        assert_all_tallied(settings, crowd)


def test_every_acknowledged_report_is_tallied_once_though_workers_die(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    chance = random.Random(2)
    with whole_pipeline(settings, tmp_path, workers=2) as pipeline, Crowd(pipeline.port) as crowd:
        workers = [pipeline.start_worker(wait=False), pipeline.start_worker(wait=False)]
        for _ in range(WORKER_DEATHS):
            crowd.wait_for(20)
            time.sleep(chance.uniform(0, 0.2))
            kill_tree(workers.pop(0))
            workers.append(pipeline.start_worker(wait=False))
        crowd.wait_for(50)
        crowd.stop()
        pipeline.wait_for_worker(workers[-1])
        books = assert_all_tallied(settings, crowd)
    print(f"{WORKER_DEATHS} deaths, {len(crowd.acknowledged)} acknowledged, {len(books.events)} events")
    assert set(crowd.statuses) == {202}
    assert len(books.events) >= WORKER_DEATHS * 20 // 7 - 1


def test_a_pool_process_killed_in_the_middle_of_a_drain_counts_nothing_twice(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url)
    chance = random.Random(3)
    with Pipeline(settings, tmp_path) as pipeline:
        worker = pipeline.start_worker()
        pipeline.start_api()
        with Crowd(pipeline.port) as crowd:
            for _ in range(WORKER_DEATHS):
                crowd.wait_for(20)
                time.sleep(chance.uniform(0, 0.02))
                for child in worker.children():
                    child.kill()
                wait_until(worker.children, 10, "a new pool process")
        assert_all_tallied(settings, crowd)
        assert worker.poll() is None


def test_a_worker_that_slept_and_wakes_counts_nothing_twice(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    chance = random.Random(4)
    with Pipeline(settings, tmp_path) as pipeline:
        workers = [pipeline.start_worker(), pipeline.start_worker()]
        pipeline.start_api()
        with Crowd(pipeline.port) as crowd:
            for turn in range(10):
                sleeper = [workers[turn % 2], *workers[turn % 2].children()]
                for process in sleeper:
                    process.suspend()
                crowd.wait_for(50)
                wait_until(lambda: inbox_depth(settings) == 0, 10, "the other worker's drain")
                time.sleep(chance.uniform(0, 0.1))
                for process in sleeper:
                    process.resume()
        assert_all_tallied(settings, crowd)
        assert all(worker.poll() is None for worker in workers)


def test_a_doorbell_that_died_with_its_worker_is_not_missed(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    queue = f"{settings.namespace}:broker:{QUEUE}"
    client = own_redis.client
    with Pipeline(settings, tmp_path) as pipeline, Visitor(pipeline.port) as visitor:
        worker = pipeline.start_worker()
        pipeline.start_api()
        wait_until(lambda: any(one["cmd"] == "brpop" and int(one["idle"]) < 1 for one in client.client_list()))
        for process in [worker, *worker.children()]:
            process.suspend()
        for reader in range(CROSSING):
            assert visitor.report("img", f"reader-{reader}").status == 202
        time.sleep(1.5)  # the doorbell rings, and what the frozen worker had asked for is over
        assert inbox_depth(settings) == CROSSING
        kill_tree(worker)
        client.delete(queue)  # had the worker not taken the message, it goes now
        assert not client.exists(f"{settings.namespace}:broker:unacked")
        pipeline.start_worker()
        wait_until(lambda: read_books(settings).events, 10, "the event")
        assert len(read_books(settings).events) == 1


def test_a_report_is_either_accepted_or_not_while_the_api_is_told_to_stop(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url)
    with whole_pipeline(settings, tmp_path) as pipeline:
        pipeline.stop_api()
        with Crowd(pipeline.port, visitors=8) as crowd:
            for _ in range(4):
                api = pipeline.start_api()
                crowd.wait_for(100)
                api.send_signal(signal.SIGTERM)
                api.wait(15)
                assert api.returncode == 0
        books = assert_all_tallied(settings, crowd)
    print(dict(crowd.statuses), len(books.events))
    assert books.counted == {pair_of(settings, *report) for report in crowd.acknowledged}  # none was taken unanswered
    assert set(crowd.statuses) <= {202, 0, -1}  # -1: the server had closed an idle connection
