"""The list of who was erased, in a file."""

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import ErasuresUnreadable, UnwritableFile
from quorum.retention.erasures import from_lines, merged, read_erasures, remember_erasures, to_lines

TIMES = st.integers(0, 253_402_300_799_999)
LISTS = st.dictionaries(st.binary(min_size=12, max_size=12), TIMES, max_size=8)
GOOD = b'{"fingerprint": "000102030405060708090a0b", "at": "2026-01-01T00:00:00Z"}'


@given(LISTS)
def test_what_is_written_is_read_again(erased: dict[bytes, int]) -> None:
    assert from_lines(line.encode() for line in to_lines(erased)) == erased


@given(LISTS, LISTS)
def test_of_two_lists_the_later_erasure_counts(one: dict[bytes, int], other: dict[bytes, int]) -> None:
    both = merged(one, other)
    assert both.keys() == one.keys() | other.keys()
    assert all(both[mark] == max(one.get(mark, 0), other.get(mark, 0)) for mark in both)


@pytest.mark.parametrize(
    "line",
    [
        *(b"{", b"[]", b"1", b'"text"', b"\xff", b"{}", b"[" * 100_000, GOOD[:-10]),
        *(GOOD.replace(b"0b", b""), GOOD.replace(b"0b", b"0x"), GOOD.replace(b"2026", b"20262"), GOOD + GOOD),
        b'{"fingerprint": 12, "at": "2026-01-01T00:00:00Z"}',
    ],
)
def test_a_line_that_is_no_erasure_is_named_and_none_is_passed_over(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "erasures"
    path.write_bytes(GOOD + b"\n" + line + b"\n")
    with pytest.raises(ErasuresUnreadable, match="erasures, line 2 is no erasure"):
        read_erasures(path)
    with pytest.raises(ErasuresUnreadable):
        remember_erasures(path, {b"x" * 12: 1}, 0)
    assert path.read_bytes() == GOOD + b"\n" + line + b"\n"


def test_a_list_that_is_not_there_is_an_error_and_one_that_cannot_be_written_too(tmp_path: Path) -> None:
    with pytest.raises(ErasuresUnreadable, match="No such file"):
        read_erasures(tmp_path / "none")
    with pytest.raises(UnwritableFile, match="none/erasures cannot be written"):
        remember_erasures(tmp_path / "none" / "erasures", {b"x" * 12: 1}, 0)


def test_erasures_are_dropped_once_no_backup_is_as_old(tmp_path: Path) -> None:
    path = tmp_path / "erasures"
    remember_erasures(path, {b"old".ljust(12): 999}, 0)
    remember_erasures(path, {b"young".ljust(12): 1001}, 1000)
    assert read_erasures(path) == {b"young".ljust(12): 1001}
    assert path.stat().st_mode & 0o777 == 0o600


def test_erasures_at_the_same_moment_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "erasures"

    def remember(*numbers: Any) -> None:
        for number in numbers:
            remember_erasures(path, {f"reader-{number:05}".encode(): 1}, 0)

    threads = [threading.Thread(target=remember, args=range(first, first + 10)) for first in range(0, 60, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_erasures(path)) == 60
