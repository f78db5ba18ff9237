"""The release before this one, then this one, on the same data."""

import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from conftest import ROOT, environment, kill_tree, make_settings
from pipeline import CROSSING, Crowd, Pipeline, Visitor, assert_all_tallied
from redis_server import RedisServer, free_port, wait_until

from quorum.images.image import parse_image
from quorum.settings import Settings
from quorum.store.keys import keys_of

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
    env = of_release_environment(program, pipeline.settings)
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


def of_release_environment(program: Path, settings: Settings) -> dict[str, str]:
    """Return the environment with the policy of that release, and without paths to the sources of this one."""
    policy = {"QUORUM_POLICY": str(program.parents[2] / "tests" / "policies" / "no_caps.toml")}
    return {**{name: value for name, value in environment(settings).items() if name != "PYTHONPATH"}, **policy}


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
    "an upgrade from the release before that changes the layout of the data",
    "services of neither release start on the other's data, and say what to do; after `quorum migrate` nothing is lost",
)
def test_data_of_the_release_before_is_migrated_and_serves_on(
    own_redis: RedisServer, tmp_path: Path, release_before: Path
) -> None:
    settings = make_settings(own_redis.url)
    with Pipeline(settings, tmp_path) as pipeline:
        with of_release(release_before, pipeline) as old:
            before = Crowd(old, name="before").start()
            report(old, "blocked-before", range(CROSSING))
            report(old, "almost", range(CROSSING - 1))
            wait_until(lambda: state(old, "blocked-before") == "blocked", 10, "the block")
            wait_until(lambda: len(before.acknowledged) > 200, 20, "reports")
            before.stop()
        waiting = entries_of_release(own_redis, settings)
        status, said = quorum(settings, "worker")
        assert status == 1
        assert "layout 2" in said
        assert "run `quorum migrate`" in said
        own_redis.client.delete(keys_of(settings.namespace, 0).workers)  # half a minute has passed
        assert quorum(settings, "migrate")[0] == 0
        pipeline.start_worker()
        pipeline.start_api()
        assert state(pipeline.port, "blocked-before") == "blocked"
        wait_until(lambda: state(pipeline.port, waiting) == "blocked", 10, "what had waited in the inbox")
        after = Crowd(pipeline.port, name="after").start()
        report(pipeline.port, "almost", range(CROSSING - 1, CROSSING))
        wait_until(lambda: state(pipeline.port, "almost") == "blocked", 10, "the crossing in the new release")
        wait_until(lambda: len(after.acknowledged) > 200, 20, "reports")
        after.stop()
        books = assert_all_tallied(settings, before, after)
        done = subprocess.run(
            [str(release_before), "worker"],
            env=of_release_environment(release_before, settings),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode != 0
    assert "use a newer release" in done.stdout + done.stderr
    subjects = [event["subject"] for event in books.events]
    assert {subjects.count(image) for image in ("blocked-before", "almost", waiting)} == {1}
    print(f"acknowledged {[len(crowd.acknowledged) for crowd in (before, after)]}, events {len(subjects)}")


def entries_of_release(server: RedisServer, settings: Settings) -> str:
    """Put reports into the inbox as the release writes them, which nobody has tallied; return their image."""
    image = parse_image("waiting")
    for number in range(CROSSING):
        entry = (
            (1_000 * int(server.client.time()[0])).to_bytes(6, "big")
            + image.digest
            + f"waiting-{number}".encode().ljust(12, b"\0")
            + bytes([1, 0, 0, 0, len(b"violence")])
            + b"violence"
            + len(image.id).to_bytes(2, "big")
            + image.id.encode()
        )
        server.client.rpush(keys_of(settings.namespace, 0).inbox, entry)
    return image.id


def quorum(settings: Settings, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "quorum.cli.main", *words],
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
