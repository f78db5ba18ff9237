"""`quorum run` on every kind of broken ground: a sentence with the fix, exit status 1, nothing left, no hang."""

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from conftest import quorum_run
from redis_server import free_port, wait_until

PATIENCE = 60  # every wait of `quorum run` has an end before that
STRANGER = 23456  # a user who is not this one


def refused(directory: Path, env: dict[str, str], wrap: tuple[str, ...] = (), limit: int | None = None) -> str:
    """Return what `quorum run` says before it gives up, and see that it leaves nothing running."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QUORUM_")}
    process = psutil.Popen(
        [*wrap, sys.executable, "-P", "-m", "quorum.cli.main", "run"],
        env={**inherited, "QUORUM_DATA": str(directory / "data"), **env},
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    try:
        said = str(process.communicate(timeout=PATIENCE)[0].decode())
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # so that what it started ends with it
        said = process.communicate(timeout=PATIENCE)[0].decode()
        raise AssertionError(f"it neither starts nor gives up: {said}") from None
    assert "Traceback" not in said
    assert process.returncode == 1, said
    assert leftovers(directory) == []
    return said


def leftovers(directory: Path) -> list[str]:
    found = psutil.process_iter(["cwd", "cmdline"])
    return [" ".join(one.info["cmdline"] or []) for one in found if (one.info["cwd"] or "").startswith(str(directory))]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that has been used, to be copied and broken."""
    directory = tmp_path_factory.mktemp("used")
    with quorum_run(directory) as trial:
        trial.process.send_signal(signal.SIGINT)
        assert trial.process.wait(30) == 0
    return directory / "data"


@dataclass(frozen=True)
class Breakage:
    """What is done to a data directory that was used, and what must be said then."""

    do: Callable[[Path], object]
    said: str
    env: dict[str, str] = field(default_factory=dict)


def in_place_of(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda data: (data / name).write_bytes(content)


def a_directory(name: str) -> Callable[[Path], object]:
    def make(data: Path) -> None:
        (data / name).unlink(missing_ok=True)
        (data / name).mkdir()

    return make


def a_file_for_the_directory(name: str) -> Callable[[Path], object]:
    def make(data: Path) -> None:
        subprocess.run(["rm", "-rf", data / name], check=True)
        (data / name).write_bytes(b"")

    return make


def damage(data: Path) -> None:
    """Overwrite the middle of what Redis appended."""
    file = next((data / "redis" / "appendonlydir").glob("*.incr.aof"))
    file.write_bytes(
        b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n" + b"\x00garbage" * 20 + b"\r\n*1\r\n$4\r\nPING\r\n" * 20
    )


BREAKAGES = {
    "secrets are empty": Breakage(in_place_of("secrets.json", b""), "secrets.json is empty or damaged"),
    "secrets are garbage": Breakage(in_place_of("secrets.json", b"\xff\x00{"), "secrets.json is empty or damaged"),
    "secrets are of something else": Breakage(in_place_of("secrets.json", b"[1]"), "secrets.json is empty or damaged"),
    "secrets are a directory": Breakage(a_directory("secrets.json"), "secrets.json"),
    "a newer Redis wrote it": Breakage(in_place_of("redis-version", b"99.1.0"), "was written by Redis 99.1.0"),
    "a newer Valkey wrote it": Breakage(in_place_of("redis-version", b"Valkey 99.0.1"), "was written by Valkey 99.0.1"),
    "the append-only file is damaged": Breakage(damage, "redis-check-aof --fix"),
    "a file where Redis has its directory": Breakage(a_file_for_the_directory("redis"), "a directory should be there"),
    "a file where Redis has its files": Breakage(a_file_for_the_directory("redis/appendonlydir"), "redis"),
    "the configuration is a directory": Breakage(a_directory("redis.conf"), "redis.conf cannot be written"),
    "the lock is a directory": Breakage(a_directory("lock"), "lock"),
    "the data lock is a directory": Breakage(a_directory("redis/lock"), "lock"),
    "a file where the command has its directory": Breakage(a_file_for_the_directory("bin"), "it is no directory"),
    "the env file is a directory": Breakage(a_directory("env"), "env cannot be written"),
    "the state is a directory": Breakage(a_directory("running.json"), "running.json cannot be written"),
    "the policy is missing": Breakage(lambda _: None, "cannot be read", {"QUORUM_POLICY": "nowhere.toml"}),
    "a setting is none": Breakage(lambda _: None, "QUORUM_READ_ACCESS must be one of", {"QUORUM_READ_ACCESS": "all"}),
    "another Redis is named and down": Breakage(
        lambda _: None, "does not start", {"QUORUM_REDIS_URL": "redis://127.0.0.1:1/0"}
    ),
    "data is a file": Breakage(lambda _: None, "it is no directory", {"QUORUM_DATA": "data/secrets.json"}),
    "data lies below a file": Breakage(lambda _: None, "Not a directory", {"QUORUM_DATA": "data/secrets.json/x"}),
    "data has a name that is too long": Breakage(lambda _: None, "File name too long", {"QUORUM_DATA": "x" * 300}),
    "data lies in the kernel's own": Breakage(lambda _: None, "cannot be written", {"QUORUM_DATA": "/proc/1/x"}),
}


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES)
def test_a_broken_ground_is_named_with_its_fix(breakage: Breakage, used: Path, tmp_path: Path) -> None:
    subprocess.run(["cp", "-a", used, tmp_path / "data"], check=True)
    breakage.do(tmp_path / "data")
    assert breakage.said in refused(tmp_path, {"QUORUM_PORT": str(free_port()), **breakage.env})


@pytest.mark.parametrize("port", ["none", "0", "65536", "-1", "8080 ", "²", "1e3", "9" * 5000, "0x1f"])
def test_a_port_that_is_none_is_refused_in_words(port: str, tmp_path: Path) -> None:
    assert "QUORUM_PORT must be a port number from 1 to 65535, not" in refused(tmp_path, {"QUORUM_PORT": port})


def test_a_taken_port_is_refused_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} is taken; choose another with QUORUM_PORT" in refused(tmp_path, {"QUORUM_PORT": str(port)})


def test_ports_of_the_stream_are_looked_at_too(tmp_path: Path) -> None:
    port = str(free_port())
    both = {"QUORUM_PORT": port, "QUORUM_STREAM_PORT": port}
    assert f"QUORUM_PORT and QUORUM_STREAM_PORT are both {port}" in refused(tmp_path, both)
    assert "QUORUM_STREAM_PORT must be a port number" in refused(tmp_path, {"QUORUM_STREAM_PORT": "8081x"})


def test_data_of_another_user_is_refused_in_words(used: Path, tmp_path: Path) -> None:
    """Without root's right to read everything, where the tests run as root."""
    subprocess.run(["cp", "-a", used, tmp_path / "data"], check=True)
    wrap: tuple[str, ...] = ()
    if os.getuid() == 0:
        for path in (tmp_path / "data", *(tmp_path / "data").rglob("*")):
            os.chown(path, STRANGER, STRANGER)
        wrap = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all")
    else:
        (tmp_path / "data").chmod(0)
    said = refused(tmp_path, {}, wrap)
    assert "Permission denied" in said
    assert str(tmp_path / "data") in said


@pytest.mark.parametrize("limit", [0, 100, 500])
@pytest.mark.trouble("the disk is full", "it says so, leaves nothing half written, and starts once there is room")
def test_where_nothing_more_can_be_written_it_says_so_and_starts_once_there_is_room(limit: int, tmp_path: Path) -> None:
    """As on a full disk, at one step or another: a file may grow to so many bytes."""
    said = refused(tmp_path, {}, limit=limit)
    assert any(word in said for word in ("File too large", "cannot be written", "the disk is full")), said
    with quorum_run(tmp_path) as trial:
        trial.process.send_signal(signal.SIGINT)
        assert trial.process.wait(30) == 0


def test_what_was_left_behind_is_no_hindrance(used: Path, tmp_path: Path) -> None:
    """Files of older releases, of processes that died, of the wrong content: all at once."""
    data = tmp_path / "data"
    subprocess.run(["cp", "-a", used, data], check=True)
    for name in ("supervisord.pid", "lock", "redis/lock", "running.json", "env", "env.new", "env.draft", "redis-port",
                 "redis-version", "supervisord.conf", "redis.conf", "redis.log"):  # fmt: skip
        (data / name).write_bytes(b"\xff1\x00 garbage")
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(os.path.relpath(data / "supervisor.sock"))
    with next((data / "redis" / "appendonlydir").glob("*.incr.aof")).open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$1")  # cut off within a command
    with quorum_run(tmp_path) as trial:
        wait_until(lambda: (data / "env").read_bytes().startswith(b"export"), 10, "a good env file")
        trial.process.send_signal(signal.SIGINT)
        assert trial.process.wait(30) == 0
