"""Which server is started on which data."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import binary, builds, sampled_from, text, tuples

from quorum.cli.trial import embedded_redis
from quorum.cli.trial.redis_servers import OLDEST, Server, Version, choose, parse_written, servers, version_of
from quorum.errors import SettingsError

VERSIONS = builds(
    Version,
    tuples(sampled_from((6, 7, 8, 9)), sampled_from((0, 2, 4)), sampled_from((0, 14))),
    sampled_from(("redis", "valkey")),
)
REDIS_6, REDIS_7, REDIS_8 = Version((6, 2, 14)), Version((7, 0, 15)), Version((8, 2, 0))
VALKEY_9 = Version((9, 1, 2), "valkey")


def at(version: Version) -> Server:
    return Server(Path("/servers", str(version)), version)


@pytest.mark.parametrize(
    ("written", "here", "chosen"),
    [
        (None, [REDIS_7, VALKEY_9], REDIS_7),
        (REDIS_7, [REDIS_6, REDIS_7, VALKEY_9], REDIS_7),
        (REDIS_6, [REDIS_7, REDIS_6], REDIS_7),
        (REDIS_7, [REDIS_6, VALKEY_9], VALKEY_9),
        (VALKEY_9, [REDIS_8, VALKEY_9], VALKEY_9),
        (REDIS_8, [REDIS_8, VALKEY_9], REDIS_8),
    ],
)
def test_the_server_that_can_read_the_data_is_chosen(
    written: Version | None, here: list[Version], chosen: Version
) -> None:
    assert choose(written, list(map(at, here))).version == chosen


@pytest.mark.parametrize(
    ("written", "here", "said"),
    [
        (REDIS_7, [REDIS_6], r"was written by Redis 7\.0\.15, and only Redis 6\.2\.14 is here; install Redis 7\.0\.15"),
        (REDIS_8, [VALKEY_9], r"was written by Redis 8\.2\.0, and only Valkey 9\.1\.2 is here"),
        (
            VALKEY_9,
            [REDIS_8, REDIS_7],
            r"was written by Valkey 9\.1\.2, and only Redis 8\.2\.0, Redis 7\.0\.15 is here",
        ),
        (None, [], r"install redis-server \(Debian: apt-get install redis-server\)"),
    ],
)
def test_data_that_no_server_here_can_read_is_refused_in_words(
    written: Version | None, here: list[Version], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        choose(written, list(map(at, here)))


@given(written=VERSIONS)
def test_what_a_server_wrote_it_reads_and_its_marker_says_so(written: Version) -> None:
    assert written.reads(written)
    assert parse_written(str(written)) == written
    assert parse_written(".".join(map(str, written.number))) == Version(written.number)  # as older releases noted it


@given(binary().map(lambda content: content.decode(errors="replace")) | text())
def test_a_marker_of_anything_else_names_no_server(content: str) -> None:
    parsed = parse_written(content)
    assert parsed is None or content.strip().endswith(".".join(map(str, parsed.number)))


def program(folder: Path, prints: str, name: str = "redis-server") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{prints}\n")
    path.chmod(0o755)
    return path


def test_every_server_on_the_path_is_found_and_the_newest_comes_first(tmp_path: Path) -> None:
    """As where an activated environment has an older one than the machine."""
    program(tmp_path / "environment", "echo 'Redis server v=6.2.14 sha=0:0 bits=64'")
    newest = program(tmp_path / "machine", "echo 'Redis server v=7.0.15 sha=0:0 bits=64'")
    program(tmp_path / "machine", "echo 'Valkey server v=7.0.1 sha=0:0 bits=64'", "valkey-server")
    program(tmp_path / "ancient", "echo 'Redis server v=5.0.0 sha=0:0 bits=64'")
    folders = ("environment", "machine", "ancient", "missing", "")
    found = servers({"PATH": os.pathsep.join(str(tmp_path / folder) for folder in folders)})
    assert found[0] == Server(newest, REDIS_7)
    assert [server.version.number for server in found[:3]] == [(7, 0, 15), (7, 0, 1), (6, 2, 14)]
    assert all(server.version.number >= OLDEST for server in found)


@pytest.mark.parametrize("prints", ["exit 1", "echo something else", "printf '\\377\\376'", "kill -9 $$", "cat"])
def test_a_program_that_is_no_server_is_none(prints: str, tmp_path: Path) -> None:
    assert version_of(program(tmp_path, prints)) is None
    (tmp_path / "text").write_text("not a program")
    (tmp_path / "text").chmod(0o755)
    assert version_of(tmp_path / "text") is None


def test_the_configuration_holds_no_path_and_is_for_its_owner(tmp_path: Path) -> None:
    prepared = embedded_redis.prepare(tmp_path, "password")
    assert prepared.url == f"redis://default:password@127.0.0.1:{prepared.port}/0"
    config = tmp_path / "redis.conf"
    assert config.stat().st_mode & 0o077 == 0
    assert "requirepass password" in config.read_text()
    assert str(tmp_path) not in config.read_text()
