"""The release before this one and this one, on the same data, under load, one after the other and back."""

import re
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from conftest import ROOT, environment, kill_tree, make_settings
from pipeline import CROSSING, Crowd, Pipeline, Visitor, assert_all_tallied, inbox_depth
from redis_server import RedisServer, free_port, wait_until

pytestmark = pytest.mark.timeout(280)

RELEASED = re.compile(r"^## ([0-9.]+) \(commit `([0-9a-f]{7,40})`\)$", re.MULTILINE)


@pytest.fixture(scope="module")
def release_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last release, as CHANGELOG.md names it, taken out of the history and installed; returns its `quorum`."""
    found = RELEASED.search((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert found
    directory = tmp_path_factory.mktemp("release")
    archive = subprocess.run(["git", "archive", found[2]], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(directory, filter="data")
    # It must not be installed into the environment of these tests.
    command = ["deploy/install", str(directory / "venv"), "requirements/run.lock"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True, timeout=240)
    return directory / "venv" / "bin" / "quorum"


@contextmanager
def of_release(program: Path, pipeline: Pipeline) -> Iterator[int]:
    """Run API and worker of a release beside those of a pipeline, on its data; yield the port of the API."""
    port, started = free_port(), list[psutil.Popen]()
    env = environment(pipeline.settings)
    commands = (["api", "--port", str(port)], ["worker", "--concurrency", "1", "--metrics-port", "0"])
    with (pipeline.directory / "release.log").open("ab") as log:
        try:
            started += [
                psutil.Popen([str(program), *command], env=env, stdout=log, stderr=log, cwd=program.parent)
                for command in commands
            ]
            wait_until(lambda: get(port, "/readyz") == 200, 30, "the API of the release")
            yield port
        finally:
            for process in started:
                process.terminate()
            for process in started:
                try:
                    process.wait(25)
                except psutil.TimeoutExpired:
                    kill_tree(process)


def get(port: int, path: str) -> int:
    with Visitor(port, 2.0) as visitor:
        return visitor.get(path).status


def state(port: int, image: str) -> str:
    with Visitor(port) as visitor:
        return str(visitor.get(f"/v1/images/{image}").json["state"])


def report(port: int, image: str, readers: range) -> None:
    with Visitor(port) as visitor:
        for reader in readers:
            assert visitor.report(image, f"reader-{reader}").status == 202


@pytest.mark.trouble(
    "an upgrade from the release before, and back, under load",
    "both serve the same data; nothing is lost or told twice",
)
def test_data_of_the_release_before_serves_on_under_load_and_back(
    own_redis: RedisServer, tmp_path: Path, release_before: Path
) -> None:
    settings = make_settings(own_redis.url)
    crowds = []
    with Pipeline(settings, tmp_path) as pipeline:
        with of_release(release_before, pipeline) as old:
            crowds.append(Crowd(old, name="before").start())
            report(old, "blocked-before", range(CROSSING))
            report(old, "almost", range(CROSSING - 1))
            wait_until(lambda: state(old, "blocked-before") == "blocked", 10, "the block")
            worker = pipeline.start_worker()
            pipeline.start_api()
            crowds.append(Crowd(pipeline.port, name="beside").start())
            assert state(pipeline.port, "blocked-before") == "blocked"
            wait_until(lambda: len(crowds[1].acknowledged) > 200, 20, "reports to both")
            crowds[0].stop()
        report(pipeline.port, "almost", range(CROSSING - 1, CROSSING))
        wait_until(lambda: state(pipeline.port, "almost") == "blocked", 10, "the crossing in the new release")
        crowds[1].stop()
        wait_until(lambda: inbox_depth(settings) == 0, 20, "an empty inbox")
        pipeline.stop_api()
        worker.terminate()
        worker.wait(25)
        with of_release(release_before, pipeline) as old:
            crowds.append(Crowd(old, name="back").start())
            assert {state(old, image) for image in ("blocked-before", "almost")} == {"blocked"}
            report(old, "after", range(CROSSING))
            wait_until(lambda: state(old, "after") == "blocked", 10, "a block in the release before")
            crowds[2].stop()
            wait_until(lambda: inbox_depth(settings) == 0, 20, "an empty inbox")
    books = assert_all_tallied(settings, *crowds)
    subjects = [event["subject"] for event in books.events]
    assert {subjects.count(image) for image in ("blocked-before", "almost", "after")} == {1}
    print(f"acknowledged {[len(crowd.acknowledged) for crowd in crowds]}, events {len(subjects)}")
