"""Services and commands under another pepper than the data's: each stops, and says what to do."""

from pathlib import Path

import pytest
from conftest import environment, make_settings
from e2e.cli.test_command_line import quorum
from redis_server import RedisServer

from quorum.start.checks import check_store

OTHER = "another pepper than the data's"
SAID = "QUORUM_PEPPER is not the one that the reporters in Redis are known by"


@pytest.mark.parametrize(
    "command",
    [
        ("api", "--port", "1"),
        ("stream", "--port", "1"),
        ("worker",),
        ("forget", "reader-1"),
        ("reporters", "show", "reader-1"),
        ("reporters", "mute", "reader-1"),
    ],
)
def test_a_service_or_command_under_another_pepper_stops(own_redis: RedisServer, command: tuple[str, ...]) -> None:
    settings = make_settings(own_redis.url)
    check_store(settings, "api")
    status, text = quorum(*command, env=environment(settings, QUORUM_PEPPER=OTHER))
    assert status == 1
    assert SAID in text
    assert OTHER not in text


def test_a_line_break_behind_the_pepper_makes_no_other_one(own_redis: RedisServer) -> None:
    settings = make_settings(own_redis.url)
    check_store(settings, "api")
    for spelt in (f"{settings.pepper}\n", f" {settings.pepper}\r\n", f"\ufeff{settings.pepper}"):
        status, text = quorum("forget", "reader-1", env=environment(settings, QUORUM_PEPPER=spelt))
        assert (status, text.startswith("erased: 0")) == (0, True), text


def test_doctor_says_whose_pepper_the_data_has(own_redis: RedisServer) -> None:
    settings = make_settings(own_redis.url)
    check_store(settings, "api")
    assert "ok    the pepper is the one" in quorum("doctor", env=environment(settings))[1]
    status, text = quorum("doctor", env=environment(settings, QUORUM_PEPPER=OTHER))
    assert status == 1
    assert f"WRONG {SAID}" in text
    rotated = environment(settings, QUORUM_PEPPER=OTHER, QUORUM_PEPPER_PREVIOUS=settings.pepper)
    assert "note  the pepper is being replaced" in quorum("doctor", env=rotated)[1]


def test_a_backup_carries_the_mark_and_a_restore_tells_of_another_pepper(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url)
    check_store(settings, "api")
    file = str(tmp_path / "backup")
    assert quorum("backup", file, env=environment(settings))[0] == 0
    own_redis.client.flushall()
    status, text = quorum("restore", file, env=environment(settings, QUORUM_PEPPER=OTHER))
    assert status == 1
    assert "keys are back" in text
    assert SAID in text
    assert quorum("doctor", env=environment(settings))[1].count("ok    the pepper is the one") == 1
