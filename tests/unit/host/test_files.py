"""A file appears whole, for its owner only, or not at all."""

import json
import os
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quorum.cli.trial.secrets_file import read_or_make_secrets
from quorum.errors import SettingsError, UnwritableFile
from quorum.host.files import private_directory, whole_file, write_whole


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    yield
    os.umask(before)


@contextmanager
def no_file_beyond(size_bytes: int) -> Iterator[None]:
    """As on a full disk: a write beyond it fails (Python ignores SIGXFSZ)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_its_owners_from_its_first_byte_on_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    real = os.fsync

    def looking(descriptor: int) -> None:
        modes.extend(mode_of(one) for one in tmp_path.iterdir())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", looking)
    with umask(0), whole_file(tmp_path / "secret") as file:
        modes.extend(mode_of(one) for one in tmp_path.iterdir())
        file.write(b"text")
    assert set(modes) == {0o600}
    assert len(modes) > 2
    (tmp_path / "secret").chmod(0o644)
    write_whole(tmp_path / "secret", b"other")
    assert mode_of(tmp_path / "secret") == 0o600


def test_file_and_directory_are_synced_before_and_after_the_file_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []

    def noting(descriptor: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), (tmp_path / "new").exists()))

    monkeypatch.setattr(os, "fsync", noting)
    write_whole(tmp_path / "new", b"text")
    assert synced == [(False, False), (True, True)]


@pytest.mark.parametrize("before", [None, b"what was there"])
def test_a_full_disk_changes_nothing_and_is_named(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)
    with no_file_beyond(1000), pytest.raises(UnwritableFile, match="file cannot be written: File too large"):
        write_whole(path, b"x" * 5000)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == ({"file": before} if before else {})


def test_what_fails_within_the_block_leaves_no_draft(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with whole_file(tmp_path / "file") as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert not list(tmp_path.iterdir())


def test_the_draft_of_a_killed_process_goes_with_the_next_write_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    code = (
        "import os, signal, sys; from pathlib import Path; from quorum.host.files import whole_file\n"
        "with whole_file(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    [abandoned] = tmp_path.iterdir()
    with whole_file(path) as first:
        assert not abandoned.exists()
        first.write(b"first")
        write_whole(path, b"second")
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_of_many_writers_at_once_one_wins_and_no_draft_stays(tmp_path: Path) -> None:
    path, contents = tmp_path / "file", [bytes([65 + number]) * 10_000 for number in range(8)]

    def write(content: bytes) -> None:
        for _ in range(20):
            write_whole(path, content)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_nothing_but_a_plain_file_is_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    (tmp_path / "link-to-device").symlink_to("/dev/null")
    for place in (*sorted(tmp_path.iterdir()), Path("/dev/null"), Path("/dev/stdout"), Path("/dev/fd/1")):
        before = os.lstat(place)
        with pytest.raises(UnwritableFile, match="no plain file"):
            write_whole(place, b"text")
        after = os.lstat(place)
        assert (before.st_ino, before.st_mode, before.st_size) == (after.st_ino, after.st_mode, after.st_size)


def test_a_symbolic_link_stays_and_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "file")
    write_whole(tmp_path / "link", b"text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere" / "file").read_bytes() == b"text"


def test_a_directory_is_its_owners_and_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    with umask(0):
        private_directory(tmp_path / "a" / "b")
    assert [mode_of(tmp_path / one) for one in ("a", "a/b")] == [0o700, 0o700]
    write_whole(tmp_path / "file", b"")
    for place in ("file", "file/below"):
        with pytest.raises(UnwritableFile):
            private_directory(tmp_path / place)


def test_secrets_are_made_once(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = read_or_make_secrets(path)
    assert read_or_make_secrets(path) == made
    assert mode_of(path) == 0o600


def test_a_first_start_on_a_full_disk_breaks_no_later_one(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    with no_file_beyond(100), pytest.raises(UnwritableFile, match="make room"):
        read_or_make_secrets(path)
    assert read_or_make_secrets(path) == read_or_make_secrets(path)


@example(b"[" * 100_000)
@given(
    st.one_of(
        st.binary(max_size=50),
        st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)).map(
            lambda value: json.dumps(value).encode()
        ),
        st.dictionaries(
            st.sampled_from(["pepper", "site_key", "token_secret", "redis_password"]),
            st.one_of(st.just(""), st.integers(), st.none()),
            max_size=4,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_secrets_that_cannot_be_read_are_an_error_with_its_fix(tmp_path_factory: Any, content: bytes) -> None:
    path = tmp_path_factory.mktemp("data") / "secrets.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"put a copy of it back"):
        read_or_make_secrets(path)
    assert path.read_bytes() == content
