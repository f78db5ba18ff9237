"""`quorum run` among what operators really have: odd paths, proxies, other encodings, no home, closed terminals."""

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

import psutil
import pytest
from conftest import NO_CAPS, PORTS, is_dead, quorum_run
from redis_server import free_port, wait_until

ODD = " a b 50%;q\"u'o#te {x} %(ENV_HOME)s $HOME `id` \\n ünï صورة\nnew line"
NAMES = {
    "of all that is special somewhere": ODD,
    "longer than a socket's name may be": "l" * 100 + "/" + "m" * 100,
    "like an option": "-c",
}
NOWHERE = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:1")


def command(directory: Path, name: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `quorum NAME` beside a quorum whose data is in `directory`."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "quorum.cli.main", name],
        env={**os.environ, "QUORUM_DATA": str(directory / "data"), **env},
        cwd=directory,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.trouble("the clone or the data lie on a path with spaces, quotes, `%`, `;` or over 108 bytes", "it works")
def test_a_path_may_be_made_of_anything(name: str, tmp_path: Path) -> None:
    directory = tmp_path / name
    directory.mkdir(parents=True)
    with quorum_run(directory) as trial:
        sourced = subprocess.run(
            ["sh", "-c", '. "$0/data/env"; curl -s $QUORUM_URL/readyz', str(directory)], capture_output=True, check=True
        )
        assert json.loads(sourced.stdout)["status"] == "ready"
        assert command(directory, "status").returncode == 0
        assert command(directory, "stop").returncode == 0
        assert trial.process.wait(30) == 0


@pytest.mark.trouble("`http_proxy` is set", "nobody asks it for what is on this machine")
def test_no_proxy_is_asked_for_what_is_on_this_machine(tmp_path: Path) -> None:
    with quorum_run(tmp_path, **NOWHERE):
        assert command(tmp_path, "status", **NOWHERE).returncode == 0
        script = ". data/env; curl -s -m 5 $QUORUM_URL/readyz"
        proxied = {**os.environ, **NOWHERE}
        done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=proxied, capture_output=True, check=False)
        assert json.loads(done.stdout)["status"] == "ready"


@pytest.fixture(scope="module")
def latin(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A terminal that writes ISO-8859-1."""
    place = tmp_path_factory.mktemp("locales")
    made = ["localedef", "-i", "fr_FR", "-f", "ISO-8859-1", str(place / "fr_FR.ISO-8859-1")]
    subprocess.run(made, check=True, capture_output=True)
    env = {"LOCPATH": str(place), "LC_ALL": "fr_FR.ISO-8859-1", "PYTHONUTF8": "0"}
    script = "import sys; print(sys.stdout.encoding)"
    said = subprocess.run([sys.executable, "-c", script], env={**os.environ, **env}, capture_output=True, check=True)
    assert said.stdout.strip().lower() == b"iso8859-1"
    return env


@pytest.mark.trouble("the terminal has another encoding", "every file is UTF-8 all the same")
def test_a_terminal_of_another_encoding_changes_nothing(latin: dict[str, str], tmp_path: Path) -> None:
    """The default policy has labels in Arabic; what the terminal cannot show becomes an escape."""
    policy = tmp_path / "policy.toml"
    policy.write_text(NO_CAPS.read_text(encoding="utf-8") + "\n# صورة\n", encoding="utf-8")
    directory = tmp_path / "صورة"
    directory.mkdir()
    with quorum_run(directory, QUORUM_POLICY=str(policy), **latin) as trial:
        assert command(directory, "status").returncode == 0
        log = directory / "run.log"
        wait_until(lambda: "quorum is running" in log.read_text(encoding="latin-1"), 60, "the greeting")
        trial.process.send_signal(signal.SIGINT)
        assert trial.process.wait(30) == 0


NO_LANGUAGE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("env", [NO_LANGUAGE, {"HOME": "/nowhere/at/all", "TERM": ""}], ids=["language", "home"])
def test_what_a_login_brings_may_be_missing(env: dict[str, str], tmp_path: Path) -> None:
    with quorum_run(tmp_path, **env) as trial:
        trial.process.send_signal(signal.SIGINT)
        assert trial.process.wait(30) == 0


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_what_it_writes_is_for_its_owner_under_any_mask(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        with quorum_run(tmp_path) as trial:
            trial.process.send_signal(signal.SIGINT)
            assert trial.process.wait(30) == 0
    finally:
        os.umask(before)
    written = [path for place in ("data", ".run") for path in (tmp_path / place).rglob("*")]
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_scripts_where_it_is_started_do_not_stand_in_for_libraries(tmp_path: Path) -> None:
    for name in ("token", "json", "redis", "supervisor", "celery", "quorum"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name}.py was taken for a library')\n")
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "quorum"), "run"],
        env={**os.environ, **{name: str(free_port()) for name in PORTS}},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout
    with process, process.stdout as output:
        said = b""
        while b"Ctrl-C" not in said and (line := output.readline()):
            said += line
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, said
    assert b"quorum is running" in said


def in_a_terminal(directory: Path, *words: str) -> tuple[psutil.Process, int]:
    """Start a command that leads a session on a terminal of its own; return it and the terminal's other end."""
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # who runs these tests under nohup hands the opposite on
        os.chdir(directory)
        os.environ.update(QUORUM_DATA=str(directory / "data"), **{name: str(free_port()) for name in PORTS})
        os.execvp(words[0], words)
    said = b""
    deadline = time.monotonic() + 60
    while b"Ctrl-C" not in said:
        assert time.monotonic() < deadline, said
        if select.select([terminal], [], [], 0.1)[0]:
            said += os.read(terminal, 4096)
    return psutil.Process(pid), terminal


RUN = (sys.executable, "-P", "-m", "quorum.cli.main", "run")


@pytest.mark.trouble("the terminal is closed", "all is stopped, as by Ctrl-C")
def test_closing_the_terminal_stops_all_of_it(tmp_path: Path) -> None:
    process, terminal = in_a_terminal(tmp_path, *RUN)
    family = [process, *process.children(recursive=True)]
    os.close(terminal)
    wait_until(lambda: all(map(is_dead, family)), 30, "the end of all")
    os.waitpid(process.pid, 0)
    assert command(tmp_path, "status").returncode == 3


def test_with_nohup_it_outlives_its_terminal_until_it_is_told_to_stop(tmp_path: Path) -> None:
    script = 'nohup "$@" >out 2>&1 & echo $! >pid; while ! grep -q Ctrl-C out; do sleep 0.1; done; echo Ctrl-C; wait'
    shell, terminal = in_a_terminal(tmp_path, "sh", "-c", script, "sh", *RUN)
    os.close(terminal)
    os.waitpid(shell.pid, 0)
    assert command(tmp_path, "status").returncode == 0
    assert command(tmp_path, "stop").returncode == 0
    assert command(tmp_path, "status").returncode == 3


def test_status_and_stop_say_what_there_is(tmp_path: Path) -> None:
    (nothing := tmp_path / "data").mkdir()
    assert command(tmp_path, "status").returncode == 3
    assert command(tmp_path, "stop").stdout == f"nothing to stop: no quorum runs in {nothing}\n"
    with quorum_run(tmp_path) as trial:
        told = command(tmp_path, "status")
        assert told.returncode == 0
        family = {process.pid for process in trial.process.children()} | {trial.process.pid}
        named = set(map(int, re.findall(r"process (\d+)", told.stdout)))
        assert named <= family
        assert len(named) == 6
        assert trial.url in told.stdout
        api = next(child for child in trial.process.children() if "api" in child.cmdline())
        for process in (api, *api.children()):
            process.suspend()
        assert command(tmp_path, "status").returncode == 1
        began = time.monotonic()
        assert command(tmp_path, "stop").returncode == 0  # what is frozen as well
        assert trial.process.wait(5) == 0
        assert time.monotonic() - began < 45
    assert command(tmp_path, "stop").returncode == 0
