"""`quorum run`, as a newcomer starts it: reports in, one block event out, and the data stays."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psutil
import pytest
from conftest import Trial, is_dead, quorum_run
from pipeline import CROSSING
from processes import of_family
from redis import Redis
from redis_server import free_port, wait_until

EVENTS = "quorum:{0}:events"


def report(trial: Trial, image: str, reporter: str) -> None:
    body = json.dumps({"image_id": image, "reason": "violence", "reporter_id": reporter}).encode()
    headers = {"Authorization": f"Bearer {trial.site_key}", "Content-Type": "application/json"}
    with urlopen(Request(f"{trial.url}/v1/reports", body, headers), timeout=10) as answer:
        assert answer.status == 202


def ask(trial: Trial, path: str) -> Any:
    with urlopen(f"{trial.url}{path}", timeout=10) as answer:
        return json.load(answer)


def events_of(trial: Trial, image: str) -> list[list[dict[str, Any]]]:
    """Return the events of an image as the stream, the feed and `quorum tail` tell them."""
    with Redis.from_url(trial.redis_url, socket_timeout=5) as client:
        stream = [json.loads(fields[b"event"]) for _, fields in client.xrange(EVENTS)]
    feed = ask(trial, "/v1/events?limit=1000")
    env = {name: value for name, value in os.environ.items() if not name.startswith("QUORUM_")}
    tail = subprocess.run(
        [sys.executable, "-m", "quorum.cli.main", "tail", "--all", "--no-follow", "--json"],
        env={**env, "QUORUM_REDIS_URL": trial.redis_url},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    lines = [json.loads(line) for line in tail.stdout.splitlines()]
    return [[event for event in told if event["subject"] == image] for told in (stream, feed, lines)]


def reporters(trial: Trial, image: str) -> int:
    return int(ask(trial, f"/v1/images/{image}")["reporters"])


def block(trial: Trial, image: str) -> None:
    for reader in range(CROSSING):
        report(trial, image, f"reader-{reader}")
    wait_until(lambda: ask(trial, f"/v1/images/{image}")["state"] == "blocked", 10, "the block")


def stop(trial: Trial, how: signal.Signals = signal.SIGINT) -> None:
    """Press Ctrl-C, and see that nothing stays behind, Redis included."""
    family = [trial.process, *trial.process.children(recursive=True)]
    assert any(process.name() == "redis-server" for process in family if process.is_running())
    trial.process.send_signal(how)
    assert trial.process.wait(25) == 0
    assert all(map(is_dead, family))


def test_three_readers_change_nothing_but_the_count_and_the_crossing_report_blocks_once(trial: Trial) -> None:
    for reader in range(3):
        report(trial, "crossing", f"reader-{reader}")
    wait_until(lambda: reporters(trial, "crossing") == 3, 10, "three reporters")
    status = ask(trial, "/v1/images/crossing")
    assert (status["state"], status["score"], status["reasons"]) == ("open", 3.0, {"violence": 3})
    assert events_of(trial, "crossing") == [[], [], []]

    report(trial, "crossing", "reader-3")
    wait_until(lambda: reporters(trial, "crossing") == 4, 10, "four reporters")
    assert events_of(trial, "crossing") == [[], [], []]

    report(trial, "crossing", "reader-4")
    wait_until(lambda: ask(trial, "/v1/images/crossing")["state"] == "blocked", 10, "the block")
    report(trial, "crossing", "reader-5")
    wait_until(lambda: reporters(trial, "crossing") == 6, 10, "six reporters")
    stream, feed, tail = events_of(trial, "crossing")
    assert len(stream) == 1
    assert feed == tail
    assert feed == [{**event, "cursor": feed[0]["cursor"]} for event in stream]
    event = stream[0]
    assert event["type"] == "quorum.image.blocked.v1"
    assert event["data"]["reporters"] == CROSSING
    assert event["data"]["score"] == 5.0
    assert "reader-" not in json.dumps(event)


def test_the_same_reader_ten_times_counts_once(trial: Trial) -> None:
    for _ in range(10):
        report(trial, "again", "reader-0")
    report(trial, "again", "reader-1")
    wait_until(lambda: reporters(trial, "again") == 2, 10, "the second reader, who came last")
    assert ask(trial, "/v1/images/again")["score"] == 2.0
    assert events_of(trial, "again") == [[], [], []]


def test_the_env_file_is_what_a_shell_needs(trial: Trial) -> None:
    for written in (trial.directory / "data" / "env", trial.directory / ".run" / "env"):
        assert written.stat().st_mode & 0o077 == 0  # it holds a key
        command = (
            f'. {written}; curl -s -o /dev/null -w "%{{http_code}}" -H "Authorization: Bearer $QUORUM_SITE_KEY" '
            "-H 'content-type: application/json' "
            """-d '{"image_id":"from a shell","reason":"violence","reporter_id":"reader-1"}' $QUORUM_URL/v1/reports"""
        )
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=10, check=True)
        assert done.stdout == "202"
    wait_until(lambda: reporters(trial, "from%20a%20shell") == 1, 10, "the report")


def test_the_greeting_says_how_to_block_an_image(trial: Trial) -> None:
    log = trial.directory / "run.log"
    wait_until(lambda: "quorum is running." in log.read_text(), 60, "the greeting")
    text = log.read_text()
    assert f"{trial.url}/demo" in text
    assert f"{trial.url}/docs" in text
    commands = re.search(r"^ +(\. .*?done)$", text, re.MULTILINE | re.DOTALL)
    assert commands
    subprocess.run(["sh", "-c", commands[1]], capture_output=True, timeout=20, check=True)
    wait_until(lambda: ask(trial, "/v1/images/img-1")["state"] == "blocked", 10, "the block")


def test_redis_listens_on_loopback_only_and_asks_for_a_password(trial: Trial) -> None:
    port = urlsplit(trial.redis_url).port
    held = of_family(trial.process, lambda process: process.net_connections())
    listening = {each.laddr.ip for one in held for each in one if each.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    with socket.create_connection(("127.0.0.1", port or 0), timeout=5) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")


def test_a_second_quorum_on_the_same_data_is_refused_in_words(trial: Trial) -> None:
    data = trial.directory / "data"
    done = run_briefly(trial.directory, QUORUM_DATA=str(data), QUORUM_PORT=str(free_port()))
    assert done.returncode == 1
    named = f"another quorum runs in {data} (process {trial.process.pid}); stop it (quorum stop), or choose another"
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert ask(trial, "/readyz")["status"] == "ready"


def run_briefly(directory: Path, **env: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QUORUM_")}
    return subprocess.run(
        [sys.executable, "-m", "quorum.cli.main", "run"],
        env={**inherited, **env},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_what_was_reported_outlives_stopping_and_starting(how: signal.Signals, tmp_path: Path) -> None:
    with quorum_run(tmp_path) as trial:
        block(trial, "img-1")
        report(trial, "img-2", "reader-1")
        wait_until(lambda: reporters(trial, "img-2") == 1, 10, "the count")
        before = [ask(trial, f"/v1/images/img-{number}") for number in (1, 2)]
        told = events_of(trial, "img-1")
        key = trial.site_key
        stop(trial, how)
    with quorum_run(tmp_path) as trial:
        assert trial.site_key == key
        assert [ask(trial, f"/v1/images/img-{number}") for number in (1, 2)] == before
        assert events_of(trial, "img-1") == told
        report(trial, "img-1", "reader-9")  # blocked already: no second event
        report(trial, "img-2", "reader-1")  # counted already
        report(trial, "img-2", "reader-2")
        wait_until(lambda: reporters(trial, "img-2") == 2, 10, "the count")
        wait_until(lambda: reporters(trial, "img-1") == CROSSING + 1, 10, "the count")
        assert events_of(trial, "img-1") == told
        stop(trial)


def test_where_no_server_is_installed_the_data_goes_on_with_the_one_that_came_along(tmp_path: Path) -> None:
    """Valkey reads what Redis wrote; Redis could not read what Valkey wrote, and is not tried."""
    with quorum_run(tmp_path) as trial:
        block(trial, "img-1")
        stop(trial)
    nowhere = {"PATH": str(tmp_path)}
    with quorum_run(tmp_path, **nowhere) as trial:
        assert "quorum starts in" in (log := (tmp_path / "run.log").read_text())
        assert "Valkey" in log
        assert ask(trial, "/v1/images/img-1")["state"] == "blocked"
        block(trial, "img-2")
        assert [len(told) for told in events_of(trial, "img-2")] == [1, 1, 1]
        trial.process.send_signal(signal.SIGINT)
        assert trial.process.wait(25) == 0
    assert (tmp_path / "data" / "redis-version").read_text().startswith("Valkey ")
    with quorum_run(tmp_path) as trial:
        assert ask(trial, "/v1/images/img-2")["state"] == "blocked"


def test_two_run_side_by_side(trial: Trial, tmp_path: Path) -> None:
    with quorum_run(tmp_path) as other:
        assert other.url != trial.url
        assert other.redis_url != trial.redis_url
        block(other, "only-there")
        assert [len(told) for told in events_of(other, "only-there")] == [1, 1, 1]
        assert events_of(trial, "only-there") == [[], [], []]
        assert ask(trial, "/v1/images/only-there")["reporters"] == 0
        stop(other)
    assert ask(trial, "/readyz")["status"] == "ready"


def test_the_stream_answers_on_the_port_of_the_api_too(trial: Trial) -> None:
    with urlopen(f"{trial.url}/v1/events/stream?after=now", timeout=10) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.readline() == b"retry: 2000\n"
