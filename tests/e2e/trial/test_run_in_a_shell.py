"""A shell beside `quorum run`: the command on its PATH finds what runs, and Ctrl-C ends all of it, soon and quietly."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import psutil
import pytest
from conftest import PORTS, ROOT, Trial, is_dead, quorum_run
from redis_server import free_port, wait_until

BOUND_SECONDS = 3.0
BARE = {"PATH": os.defpath, "HOME": "/nowhere"}


def in_a_shell(trial: Trial, script: str) -> subprocess.CompletedProcess[str]:
    """Source the env file in a shell that knows nothing else, far from where quorum was started."""
    words = ["sh", "-c", f'. "$0/data/env" && {script}', str(trial.directory)]
    return subprocess.run(words, cwd="/", env=BARE, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_is_on_the_path_and_knows_what_runs(trial: Trial) -> None:
    found = in_a_shell(trial, "command -v quorum && quorum status && quorum doctor")
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.startswith(f"{trial.directory}/data/bin/quorum\n")
    assert trial.url in found.stdout
    for wrong in ("WRONG", "missing", "refused"):
        assert wrong not in found.stdout


def test_nothing_else_comes_onto_the_path_and_that_once(trial: Trial) -> None:
    assert [path.name for path in (trial.directory / "data" / "bin").iterdir()] == ["quorum"]
    twice = in_a_shell(trial, '. "$0/data/env" && echo "$PATH"')
    assert twice.stdout.strip() == f"{trial.directory}/data/bin:{os.defpath}"


def test_a_token_of_the_command_is_one_that_the_api_takes(trial: Trial) -> None:
    token = in_a_shell(trial, "quorum token reader-of-the-shell").stdout.strip()
    body = json.dumps({"image_id": "by token", "reason": "violence"}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(f"{trial.url}/v1/reports", body, headers), timeout=10) as answer:
        assert answer.status == 202


def test_make_shell_opens_one_where_something_runs_and_says_so_where_nothing_does(trial: Trial, tmp_path: Path) -> None:
    shell = tmp_path / "shell"
    shell.write_text("#!/bin/sh\nquorum status\n")
    shell.chmod(0o755)
    target = ["make", "-f", str(ROOT / "Makefile"), "-o", ".venv/.run", f"BIN={Path(sys.executable).parent}", "shell"]

    def make(directory: Path, **env: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("QUORUM_")}
        given = {**inherited, "SHELL": str(shell), **env}
        return subprocess.run(target, cwd=directory, env=given, capture_output=True, text=True, timeout=60, check=False)

    opened = make(tmp_path, QUORUM_DATA=str(trial.directory / "data"))
    assert opened.returncode == 0, opened.stderr
    assert f"$QUORUM_URL is {trial.url}" in opened.stdout
    assert "ready: reports are taken" in opened.stdout
    nothing = make(tmp_path)
    assert nothing.returncode
    assert "make run in another terminal first" in nothing.stderr


def test_after_a_start_on_used_data_all_is_well_at_once(tmp_path: Path) -> None:
    """A worker of yesterday has swept; the greeting waits for one of today."""
    with quorum_run(tmp_path) as trial:
        trial.process.send_signal(signal.SIGINT)
        assert trial.process.wait(30) == 0
    marker = tmp_path / "environment" / "redis-server"
    marker.parent.mkdir()
    marker.write_text("#!/bin/sh\necho 'Redis server v=6.2.14 sha=0:0 bits=64'\n")
    marker.chmod(0o755)
    activated = (
        f"{marker.parent}{os.pathsep}{os.environ['PATH']}"  # an older server comes first, as in a virtual environment
    )
    with quorum_run(tmp_path, PATH=activated) as trial:
        told = in_a_shell(trial, "quorum doctor")
        assert told.returncode == 0, told.stdout
        assert re.search(r"ok +a worker swept [0-9.]+ s ago", told.stdout)


class Terminal:
    """`quorum run` in a terminal of its own."""

    def __init__(self, directory: Path) -> None:
        self.said = b""
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(directory)
            os.environ.update({name: str(free_port()) for name in PORTS}, QUORUM_DATA="data")
            os.execv(sys.executable, [sys.executable, "-P", "-m", "quorum.cli.main", "run"])

    def read(self) -> None:
        if select.select([self._master], [], [], 0.1)[0]:
            try:
                self.said += os.read(self._master, 4096)
            except OSError:
                return  # nobody writes there any more

    def until(self, words: bytes, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.said:
            assert time.monotonic() < deadline, self.said
            self.read()

    def press_ctrl_c(self) -> None:
        self.said = b""
        os.write(self._master, b"\x03")

    def close(self) -> None:
        os.close(self._master)
        os.waitpid(self.pid, 0)


def busy(env: Path) -> subprocess.Popen[bytes]:
    """Follow the stream and report pictures, until quorum has gone."""
    script = (
        '. "$0"; curl -sN $QUORUM_STREAM_URL >/dev/null & n=0; '
        'while curl -s -o /dev/null -H "Authorization: Bearer $QUORUM_SITE_KEY" -H "content-type: application/json" '
        '-d "{\\"image_id\\":\\"img-$n\\",\\"reason\\":\\"violence\\",\\"reporter_id\\":\\"reader\\"}" '
        "$QUORUM_URL/v1/reports; "
        "do n=$((n+1)); [ $n = 20 ] && echo busy; done; wait"
    )
    return subprocess.Popen(["sh", "-c", script, str(env)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def ctrl_c(directory: Path) -> tuple[float, bytes]:
    """Start, work, press Ctrl-C; return how long it took, in seconds, and what was said."""
    terminal = Terminal(directory)
    terminal.until(b"Ctrl-C", 60)
    family = [psutil.Process(terminal.pid), *psutil.Process(terminal.pid).children(recursive=True)]
    with busy(directory / "data" / "env") as work:
        assert work.stdout
        assert work.stdout.readline() == b"busy\n"
        terminal.press_ctrl_c()
        began = time.monotonic()
        terminal.until(b"has stopped", 30)
        took = time.monotonic() - began
        wait_until(lambda: all(map(is_dead, family)), 10, "the end of all")
        terminal.read()
        terminal.close()
    return took, terminal.said


@pytest.mark.trouble("Ctrl-C, while reports come in and streams are open", "all ends within three seconds, quietly")
def test_ctrl_c_ends_all_quickly_and_says_nothing_that_reads_like_a_fault(tmp_path: Path) -> None:
    stops = [ctrl_c(tmp_path) for _ in range(2)]
    for _, said in stops:
        lines = [line for line in said.decode().replace("^C", "").splitlines() if line.strip()]
        assert lines == ["quorum stops ...", f"quorum has stopped; the data stays in {tmp_path}/data"]
    assert min(took for took, _ in stops) < BOUND_SECONDS  # the better of two: a busy machine may delay one
