"""deploy/nginx/edge-gate.conf in a real nginx: a blocked image gives way to a placeholder within a second."""

import http.client
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT, SITE_KEY, make_settings
from pipeline import CROSSING, Pipeline, Visitor, whole_pipeline
from redis_server import RedisServer, free_port, wait_until

from quorum.decisions import Action
from quorum.images import parse_image
from quorum.policy.load import default_policy
from quorum.redis_store.connection import connect
from quorum.redis_store.decisions import Decisions
from quorum.settings import Settings

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


@dataclass
class Edge:
    """A running nginx in front of a directory of images."""

    port: int
    log: Path

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url)


@pytest.fixture
def pipeline(settings: Settings, tmp_path: Path) -> Iterator[Pipeline]:
    with whole_pipeline(settings, tmp_path) as started:
        yield started


@pytest.fixture
def edge(pipeline: Pipeline, tmp_path: Path) -> Iterator[Edge]:
    images = tmp_path / "images"
    (images / "photos").mkdir(parents=True)
    for name in ("photos/1.jpg", "photos/é 2.jpg"):
        (images / name).write_text(f"the picture {name}")
    port = free_port()
    gate = (ROOT / "deploy" / "nginx" / "edge-gate.conf").read_text()
    for stated, wanted in (
        ("/var/cache/nginx/quorum", str(tmp_path / "cache")),
        ("server 127.0.0.1:8080;", f"server 127.0.0.1:{pipeline.port};"),
        ("listen 8000;", f"listen 127.0.0.1:{port};"),
        ("/srv/images", str(images)),
        ("CHANGE-ME", SITE_KEY),
    ):
        assert stated in gate
        gate = gate.replace(stated, wanted)
    work = tmp_path / "nginx"
    work.mkdir()
    temp = "".join(
        f"{kind}_temp_path {work}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = work / "nginx.conf"
    configuration.write_text(
        f"daemon off;\nuser root;\npid {work}/pid;\nerror_log {work}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temp}{gate}}}\n"
    )
    process = subprocess.Popen([NGINX, "-c", str(configuration), "-p", str(work)])
    made = Edge(port, work / "error.log")
    wait_until(lambda: answers(made), 10, "nginx")
    yield made
    process.terminate()
    process.wait(10)


def answers(edge: Edge) -> bool:
    try:
        return edge.get("/photos/1.jpg")[0] == 200
    except OSError:
        return False


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
