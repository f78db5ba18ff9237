"""`quorum backup` and `quorum restore` with files, pipes and devices, as people and scripts type them."""

import gzip
import os
import shlex
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import environment, make_settings
from redis_server import RedisServer
from store import Bench, open_bench

from quorum.events.pause import Pause
from quorum.settings import Settings


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url)


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    with open_bench(settings) as opened:
        opened.block("img-1")
        opened.client.set(opened.keys.requests.encode() + b"\xff\xfe", "as of an anonymous report with a key")
        yield opened


def shell(settings: Settings, line: str, directory: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a line of a shell; `quorum` is the command."""
    command = f'quorum() {{ {shlex.quote(sys.executable)} -m quorum.cli.main "$@"; }}; set -o pipefail; {line}'
    env = environment(settings, COLUMNS="200")
    done = subprocess.run(
        ["/bin/bash", "-c", command], env=env, cwd=directory, capture_output=True, timeout=60, check=False
    )
    assert b"Traceback" not in done.stderr, done.stderr
    return done


def comes_back(settings: Settings, bench: Bench, line: str, directory: Path) -> bool:
    bench.client.flushall()
    done = shell(settings, line, directory)
    assert done.returncode == 0, done.stderr
    assert Pause(bench.client, settings.namespace).end()
    return bench.status("img-1").state.is_blocked


@pytest.mark.parametrize(
    "line",
    [
        "quorum backup kept",
        "quorum backup - > kept",
        "quorum backup /dev/stdout > kept",
        "quorum backup /dev/stdout | cat > kept",
        "quorum backup /dev/fd/1 | cat > kept",
        "quorum backup /proc/self/fd/1 | cat > kept",
        "mkfifo pipe; cat pipe > kept & quorum backup pipe && wait",
        "ln -s target kept; quorum backup kept && test -L kept",
    ],
)
def test_a_backup_goes_wherever_it_is_told_and_comes_back(
    settings: Settings, bench: Bench, tmp_path: Path, line: str
) -> None:
    before = Path("/dev/stdout").lstat()
    done = shell(settings, line, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == b""
    gzip.decompress((tmp_path / "kept").read_bytes())
    assert Path("/dev/stdout").lstat().st_ino == before.st_ino
    assert not [path.name for path in tmp_path.iterdir() if path.name in {"-", "stdout"} or "draft" in path.name]
    assert comes_back(settings, bench, "quorum restore kept", tmp_path)


@pytest.mark.parametrize(
    "line", ["quorum restore - < kept", "cat kept | quorum restore -", "cat kept | quorum restore /dev/stdin"]
)
def test_a_backup_comes_back_from_a_pipe(settings: Settings, bench: Bench, tmp_path: Path, line: str) -> None:
    assert shell(settings, "quorum backup kept", tmp_path).returncode == 0
    assert comes_back(settings, bench, line, tmp_path)


@pytest.mark.trouble("a backup goes to a device or pipe", "it is written to, and never replaced")
def test_a_device_stays_a_device(settings: Settings, bench: Bench, tmp_path: Path) -> None:
    device = Path("/dev/null").stat()
    assert shell(settings, "quorum backup /dev/null", tmp_path).returncode == 0
    assert Path("/dev/null").stat().st_rdev == device.st_rdev
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_who_reads_slowly_holds_no_writer_up(settings: Settings, bench: Bench, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    bench.client.set(bench.keys.history, "x")
    bench.client.delete(bench.keys.history)
    bench.client.rpush(bench.keys.journal, *(os.urandom(100_000) for _ in range(20)))  # more than a pipe holds
    results: list[int] = []
    command = threading.Thread(
        target=lambda: results.append(shell(settings, "quorum backup pipe", tmp_path).returncode)
    )
    command.start()
    with (tmp_path / "pipe").open("rb") as slow:
        first = slow.read(1)  # it is being written, and nobody reads on
        bench.client.set(bench.keys.bell, "1")  # within the connection's five seconds: no pause holds it back
        rest = slow.read()
    command.join()
    assert results == [0]
    gzip.decompress(first + rest)


@pytest.mark.trouble("the disk is full during a backup", "it says so, and leaves no half file")
def test_a_full_disk_is_named_and_leaves_nothing(settings: Settings, bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"the backup of yesterday")
    bench.client.rpush(bench.keys.journal, *(os.urandom(100_000) for _ in range(5)))
    done = shell(settings, "trap '' XFSZ; ulimit -f 100; quorum backup kept", tmp_path)
    assert done.returncode == 1
    assert b"kept cannot be written: File too large" in done.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*kept*")} == {"kept": b"the backup of yesterday"}
    assert not list(tmp_path.glob(".kept*"))
    bench.client.set(bench.keys.bell, "1")  # writers go on


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("quorum restore none", b"none: No such file or directory"),
        ("quorum restore .", b"Is a directory"),
        ("quorum backup .", b"Is a directory"),
        ("quorum backup none/kept", b"none/kept cannot be written: No such file"),
        ("echo text | quorum restore -", b"standard input cannot be read as a backup"),
        ("quorum restore - < /dev/null", b"standard input"),
        ("quorum restore --erasures none /dev/null", b"none cannot be read: No such file"),
    ],
)
def test_what_cannot_be_is_one_plain_line(
    settings: Settings, bench: Bench, tmp_path: Path, line: str, said: bytes
) -> None:
    done = shell(settings, line, tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_an_export_of_the_journal_is_for_its_owner_only(settings: Settings, bench: Bench, tmp_path: Path) -> None:
    done = shell(settings, "umask 0; quorum reports export kept; quorum reports export - | cmp - kept", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o600
    assert len((tmp_path / "kept").read_text().splitlines()) == 5
