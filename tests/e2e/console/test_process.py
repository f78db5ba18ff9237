"""`quorum console` as a process: it serves, says what is missing, and leaves nothing behind."""

import re
import subprocess
import sys
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import psutil
from conftest import environment, is_dead, make_settings, running
from redis_server import RedisServer, free_port, wait_until


def ask(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def test_it_serves_and_its_processes_end_with_it(own_redis: RedisServer, tmp_path: Path) -> None:
    port = free_port()
    with running(
        ["console", "--port", str(port)], environment(make_settings(own_redis.url)), tmp_path / "log"
    ) as process:
        wait_until(lambda: ask(port, "/readyz")[0] == 200, 30, "the console")
        assert ask(port, "/")[0] == 303
        status, page = ask(port, "/sign-in")
        assert (status, "Sign in" in page) == (200, True)
        own_redis.stop()
        assert ask(port, "/livez")[0] == 200
        assert ask(port, "/readyz")[0] == 503
        own_redis.start()
        wait_until(lambda: ask(port, "/readyz")[0] == 200, 30, "the data again")
        children = process.children(recursive=True)
        assert children
        process.kill()
        wait_until(lambda: all(is_dead(child) for child in children), 20, "the end of its processes")
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()


def test_under_an_address_of_its_own_it_answers_no_other_name(own_redis: RedisServer, tmp_path: Path) -> None:
    port = free_port()
    settings = make_settings(own_redis.url, console_url="https://console.example.org")
    with running(["console", "--port", str(port)], environment(settings), tmp_path / "log"):
        wait_until(lambda: ask(port, "/livez")[0] == 200, 30, "the console")
        assert ask(port, "/sign-in", "console.example.org")[0] == 200
        assert ask(port, "/sign-in", "evil.example")[0] == 400


def test_without_a_pepper_it_says_what_is_missing(own_redis: RedisServer) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "quorum.cli.main", "console"],
        env=environment(make_settings(own_redis.url, pepper="")),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 1
    assert re.search(r"the console needs QUORUM_PEPPER", told.stderr)
    assert "Traceback" not in told.stderr
