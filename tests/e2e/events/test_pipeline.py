"""API and workers as separate processes: the doorbell delivers, and the sweeper where the doorbell was lost."""

from pathlib import Path
from typing import Any

import pytest
from conftest import kill_tree, make_settings, running
from pipeline import (
    CROSSING,
    Pipeline,
    Visitor,
    assert_balanced,
    inbox_depth,
    pair_of,
    read_books,
    whole_pipeline,
)
from redis_server import RedisServer, wait_until

from quorum.images.image import parse_image
from quorum.inbox.doorbell import QUEUE
from quorum.store.keys import keys_of


def report_crossing(pipeline: Pipeline, image: str) -> None:
    with Visitor(pipeline.port) as visitor:
        for reader in range(CROSSING):
            assert visitor.report(image, f"reader-{reader}").status == 202


def test_the_doorbell_alone_brings_a_report_to_its_event(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with Pipeline(settings, tmp_path, QUORUM_SWEEP_SECONDS="60") as pipeline:
        worker = pipeline.start_worker(wait=False)
        pipeline.start_api()
        for number in range(3):
            report_crossing(pipeline, f"img-{number}")
            wait_until(lambda n=number: len(read_books(settings).events) == n + 1, 15, "the event")  # type: ignore[misc]
        assert not pipeline.sweeps(worker)  # none of it was the sweeper's doing
        assert_balanced(read_books(settings))


def test_the_sweeper_brings_what_a_lost_doorbell_left_behind(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    client = own_redis.client
    queue = f"{settings.namespace}:broker:{QUEUE}"
    with Pipeline(settings, tmp_path) as pipeline:
        pipeline.start_api()
        report_crossing(pipeline, "img")
        wait_until(lambda: client.llen(queue) == 1, 10, "one doorbell message for the burst")
        client.delete(queue)
        pipeline.start_worker()
        wait_until(lambda: len(read_books(settings).events) == 1, 10, "the event")
        assert_balanced(read_books(settings))


def test_a_burst_costs_one_doorbell_message(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    client = own_redis.client
    queue = f"{settings.namespace}:broker:{QUEUE}"
    with Pipeline(settings, tmp_path) as pipeline, Visitor(pipeline.port) as visitor:
        pipeline.start_api()
        for number in range(100):
            assert visitor.report("img", f"reader-{number}").status == 202
        wait_until(lambda: client.llen(queue) == 1, 10, "one doorbell message for the burst")
        assert inbox_depth(settings) == 100


@pytest.mark.parametrize("workers", [1, 3])
def test_partitions_share_the_images_and_one_feed_tells_of_all(
    workers: int, own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url, partitions=4)
    images = [f"img-{number}" for number in range(40)]
    with (
        whole_pipeline(settings, tmp_path, workers=workers) as pipeline,
        Visitor(pipeline.port) as visitor,
    ):
        for image in images:
            report_crossing(pipeline, image)
        wait_until(lambda: len(read_books(settings).events) == len(images), 15, "all events")
        books = read_books(settings)
        assert_balanced(books)
        assert books.counted == {pair_of(settings, i, f"reader-{r}") for i in images for r in range(CROSSING)}
        for partition in range(4):
            here = {image for image in images if parse_image(image).partition(4) == partition}
            blocked: Any = own_redis.client.zrange(keys_of(settings.namespace, partition).blocked, 0, -1)
            assert here
            assert {name.decode() for name in blocked} == here

        told: list[str] = []
        cursor = ""
        while page := (answer := visitor.get(f"/v1/events?limit=7&after={cursor}")).json:
            told += [event["subject"] for event in page]
            cursor = answer.headers["quorum-cursor"]
        assert sorted(told) == sorted(images)
        states = {visitor.get(f"/v1/images/{image}").json["state"] for image in images}
        assert states == {"blocked"}


def test_reports_wait_for_the_first_worker(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with Pipeline(settings, tmp_path) as pipeline:
        api = pipeline.start_api()
        report_crossing(pipeline, "img")
        assert inbox_depth(settings) == CROSSING
        kill_tree(api)
        worker = pipeline.start_worker()
        wait_until(lambda: len(read_books(settings).events) == 1, 10, "the event")
        worker.terminate()
        assert worker.wait(20) == 0
        assert_balanced(read_books(settings))


@pytest.mark.parametrize("command", ["api", "worker"])
def test_other_partitions_than_the_data_has_are_refused_in_words(
    command: str, own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url, partitions=4)
    with whole_pipeline(settings, tmp_path) as pipeline:
        report_crossing(pipeline, "img")
    other = make_settings(own_redis.url, partitions=2, namespace=settings.namespace)
    with Pipeline(other, tmp_path) as pipeline:
        log = tmp_path / "refused.log"
        with running([command], pipeline.env, log) as process:
            assert process.wait(20) == 1
        text = log.read_text()
        assert "QUORUM_PARTITIONS is 2, but the data in Redis was laid out for 4; set it to 4" in text
        assert "Traceback" not in text
