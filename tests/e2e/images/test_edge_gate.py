"""deploy/nginx/edge-gate.conf in a real nginx: a blocked image gives way to a placeholder within a second."""

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import make_settings
from edge import Edge, running_edge
from pipeline import CROSSING, Pipeline, Visitor, whole_pipeline
from redis_server import RedisServer, wait_until

from quorum.images.image import parse_image
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.policy.load import default_policy
from quorum.settings import Settings
from quorum.store.connection import connect


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url)


@pytest.fixture
def pipeline(settings: Settings, tmp_path: Path) -> Iterator[Pipeline]:
    with whole_pipeline(settings, tmp_path) as started:
        yield started


@pytest.fixture
def edge(pipeline: Pipeline, tmp_path: Path) -> Iterator[Edge]:
    names = ("photos/1.jpg", "photos/é 2.jpg")
    with running_edge(pipeline.port, tmp_path, {name.encode(): f"the picture {name}" for name in names}) as made:
        yield made


def block(pipeline: Pipeline, image: str) -> None:
    with Visitor(pipeline.port) as visitor:
        for number in range(CROSSING):
            assert visitor.report(image, f"reader-{number}").status == 202


def test_a_blocked_image_gives_way_within_a_second_and_comes_back_when_cleared(
    edge: Edge, pipeline: Pipeline, settings: Settings
) -> None:
    assert edge.get("/photos/1.jpg?w=300") == (200, "the picture photos/1.jpg")
    assert edge.get("/photos/%C3%A9%202.jpg") == (200, "the picture photos/é 2.jpg")
    block(pipeline, "photos/1.jpg")
    start = time.monotonic()
    wait_until(lambda: edge.get("/photos/1.jpg")[0] == 451, 5, "the placeholder")
    print(f"placeholder {time.monotonic() - start:.2f} s after the crossing report was acknowledged")
    assert "Image not available" in edge.get("/photos/1.jpg")[1]
    block(pipeline, "photos/é 2.jpg")
    wait_until(lambda: edge.get("/photos/%C3%A9%202.jpg")[0] == 451, 5, "the other placeholder")
    decisions = Decisions(connect(settings.store, 5.0), settings.namespace, 1)
    decisions.decide(parse_image("photos/1.jpg"), Action.CLEAR, "tests", default_policy(), unfounded=False)
    wait_until(lambda: edge.get("/photos/1.jpg")[0] == 200, 5, "the picture again")


def test_the_answer_is_remembered_to_the_end_of_the_second(edge: Edge, pipeline: Pipeline) -> None:
    asked = gate_requests(pipeline)
    start = time.time()
    for _ in range(50):
        edge.get("/photos/1.jpg")
    time.sleep(1)
    edge.get("/photos/1.jpg")
    seconds = int(time.time()) - int(start) + 1
    assert 0 < gate_requests(pipeline) - asked <= seconds


def gate_requests(pipeline: Pipeline) -> float:
    """Return how often quorum was asked."""
    with urllib.request.urlopen(f"http://127.0.0.1:{pipeline.port}/metrics") as answer:
        found = [line for line in answer.read().decode().splitlines() if "/v1/gate/" in line and "_count{" in line]
    return sum(float(line.split()[-1]) for line in found)


def test_when_quorum_is_away_the_last_answer_counts_and_what_nobody_asked_is_shown(
    edge: Edge, pipeline: Pipeline
) -> None:
    block(pipeline, "photos/1.jpg")
    wait_until(lambda: edge.get("/photos/1.jpg")[0] == 451, 5, "the placeholder")
    pipeline.stop_api()
    time.sleep(1.5)
    assert edge.get("/photos/1.jpg")[0] == 451
    assert edge.get("/photos/%C3%A9%202.jpg")[0] == 200
