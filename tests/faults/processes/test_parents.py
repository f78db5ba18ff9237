"""`kill -9` at every level: nobody serves on with what was, one Redis writes, and nothing acknowledged is lost."""

import http.client
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from conftest import NO_CAPS, PEPPER, PORTS, SITE_KEY, Trial, environment, is_dead, make_settings, quorum_run, running
from pipeline import Crowd, assert_all_tallied, whole_pipeline
from redis_server import RedisServer, free_port, wait_until
from servers import newest_redis

from quorum.cli.trial.locks import holder
from quorum.settings import Settings

pytestmark = pytest.mark.xdist_group("faults")

CALLS = 60
OTHER_KEY = "qk_test.the-key-after-that-one"
SEVERITY = 20  # seconds that the kernel and a restart may take on a busy machine


def ask(port: int, method: str, path: str, key: str, body: str | None = None) -> int:
    """Return the status of a request on a connection of its own; 0 when there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def report(port: int, key: str) -> int:
    return ask(port, "POST", "/v1/reports", key, '{"image_id": "one", "reason": "violence", "reporter_id": "reader"}')


def open_stream(port: int, key: str) -> int:
    return ask(port, "GET", "/v1/events/stream", key)


@pytest.mark.parametrize(("command", "call", "good"), [("api", report, 202), ("stream", open_stream, 200)])
@pytest.mark.trouble(
    "`quorum api` or `quorum stream` is killed with -9 and started again",
    "its children end with it: no old process shares the port or takes an old key",
)
def test_after_the_death_of_a_server_nobody_takes_the_old_key(
    command: str, call: Callable[[int, str], int], good: int, own_redis: RedisServer, tmp_path: Path
) -> None:
    port, settings = free_port(), make_settings(own_redis.url)
    start = [command, "--port", str(port)]
    with running(start, environment(settings), tmp_path / "log") as old:
        wait_until(lambda: call(port, SITE_KEY) == good, 30, "the first server")
        children = old.children(recursive=True)
        assert children or command == "stream"  # that is one process
        old.kill()
        with running(start, environment(settings, QUORUM_SITE_KEY=OTHER_KEY), tmp_path / "log"):
            wait_until(lambda: call(port, OTHER_KEY) == good, 30, "the second server")
            with_old = Counter(call(port, SITE_KEY) for _ in range(CALLS))
            with_new = Counter(call(port, OTHER_KEY) for _ in range(CALLS))
            survivors = [child.pid for child in children if not is_dead(child)]
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    assert (with_old, with_new, survivors) == ({401: CALLS}, {good: CALLS}, [])


@pytest.mark.trouble("a worker is killed with -9", "its processes end with it, and what they held is tallied")
def test_the_processes_of_a_worker_end_with_it_and_what_they_held_is_tallied(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url)
    with whole_pipeline(settings, tmp_path, workers=1) as pipeline, Crowd(pipeline.port) as crowd:
        worker = pipeline.start_worker()
        wait_until(worker.children, 10, "the pool")
        children = worker.children(recursive=True)
        crowd.wait_for(100)
        worker.kill()
        wait_until(lambda: all(map(is_dead, children)), SEVERITY, "the end of its processes")
        crowd.wait_for(100)
        crowd.stop()
        assert_all_tallied(settings, crowd)


@pytest.fixture
def trial_settings(tmp_path: Path) -> dict[str, str]:
    return {
        "QUORUM_SITE_KEY": SITE_KEY,
        "QUORUM_PEPPER": PEPPER,
        "QUORUM_POLICY": str(NO_CAPS),
        **{name: str(free_port()) for name in PORTS},
    }


def settings_of(trial: Trial) -> Settings:
    return make_settings(trial.redis_url, namespace="quorum")


def servers_in(trial: Trial) -> list[int]:
    """Return the Redis servers that work in the data directory, by whoever they were started."""
    place = str(trial.directory / "data" / "redis")
    return [one.pid for one in psutil.process_iter(["name", "cwd"]) if one.info["cwd"] == place]


@pytest.mark.trouble(
    "the supervisor of `quorum run` is killed with -9",
    "nothing of it lives on; the next start goes on with all that was acknowledged",
)
def test_after_the_death_of_the_supervisor_all_goes_on_where_it_was(
    trial_settings: dict[str, str], tmp_path: Path
) -> None:
    """Twice killed and started again at once, under load; then stopped, started, and read from the file alone."""
    family: list[psutil.Process] = []
    with Crowd(int(trial_settings["QUORUM_PORT"])) as crowd:
        for _ in range(2):
            with quorum_run(tmp_path, **trial_settings) as trial:
                crowd.wait_for(150)
                assert len(servers_in(trial)) == 1
                family += trial.process.children(recursive=True)
                trial.process.kill()
        with quorum_run(tmp_path, **trial_settings) as trial:
            crowd.wait_for(150)
            assert [process.pid for process in family if not is_dead(process)] == []
            crowd.stop()
            before = assert_all_tallied(settings_of(trial), crowd)
            trial.process.send_signal(signal.SIGINT)
            assert trial.process.wait(SEVERITY) == 0
    with quorum_run(tmp_path, **trial_settings) as trial:
        books = assert_all_tallied(settings_of(trial), crowd)
        assert {event["id"] for event in books.events} == {event["id"] for event in before.events}
        assert len(servers_in(trial)) == 1
    print(f"2 deaths, {len(crowd.acknowledged)} acknowledged, {len(books.events)} events, 0 lost")


def test_whatever_part_dies_is_started_again_and_nothing_is_lost(
    trial_settings: dict[str, str], tmp_path: Path
) -> None:
    parts = ("redis", "api", "stream", "console", "worker")
    with quorum_run(tmp_path, **trial_settings) as trial:
        with Crowd(trial_port := int(trial_settings["QUORUM_PORT"])) as crowd:
            for part in parts:
                crowd.wait_for(50)
                victim = part_of(trial, part)
                children = victim.children(recursive=True)
                victim.kill()
                wait_until(lambda orphans=children: all(map(is_dead, orphans)), SEVERITY, f"the end of {part}'s")  # type: ignore[misc]
                wait_until(lambda name=part, old=victim: part_of(trial, name) != old, SEVERITY, f"a new {part}")  # type: ignore[misc]
            for parent in ("api", "worker"):  # and one of the children, which its parent makes anew
                crowd.wait_for(50)
                wait_until(lambda name=parent: part_of(trial, name).children(), SEVERITY, "children")  # type: ignore[misc]
                part_of(trial, parent).children()[0].kill()
            crowd.wait_for(50)
            crowd.stop()
            books = assert_all_tallied(settings_of(trial), crowd)
        assert len(servers_in(trial)) == 1
        assert report(trial_port, OTHER_KEY) == 401
    print(f"{len(parts) + 2} deaths, {len(crowd.acknowledged)} acknowledged, {len(books.events)} events, 0 lost")


def part_of(trial: Trial, name: str) -> psutil.Process:
    """Return the process of a part; the supervisor itself while there is none."""
    if name == "redis":
        return holder(trial.directory / "data" / "redis" / "lock") or trial.process
    for child in trial.process.children():
        with suppress(psutil.Error):  # it dies just now
            if name in child.cmdline():
                return child
    return trial.process


@pytest.mark.trouble(
    "a Redis still writes the data when `quorum run` starts",
    "refused, with its process id: never two on one append-only file",
)
def test_a_redis_that_still_writes_is_named_and_no_second_one_is_started(
    trial_settings: dict[str, str], tmp_path: Path
) -> None:
    """One that somebody has started by hand holds no lock, and is found all the same."""
    with quorum_run(tmp_path, **trial_settings) as trial:
        trial.process.send_signal(signal.SIGINT)
        assert trial.process.wait(SEVERITY) == 0
    stranger = RedisServer(newest_redis(), tmp_path / "data" / "redis").start()
    assert stranger.process
    pid, second = stranger.process.pid, tmp_path / "second"
    with running(["run"], environment(settings_of(trial), QUORUM_DATA=str(tmp_path / "data")), second) as refused:
        assert refused.wait(60) == 1
        assert f"a Redis server (process {pid}) still writes the data in" in second.read_text()
        assert f"kill {pid}" in second.read_text()
        assert servers_in(trial) == [pid]
    stranger.stop()
    with quorum_run(tmp_path, **trial_settings) as trial:
        assert len(servers_in(trial)) == 1
