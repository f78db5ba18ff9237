"""`quorum.consume`: what is wrong at the start is told at once, by the name of the setting; what goes wrong later is
waited out, logged and counted."""

import logging
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import make_settings
from redis_server import RedisServer, free_port
from servers import newest_redis
from store import open_bench

import quorum
from quorum.errors import QuorumError, SettingsError, StoreUnavailable
from quorum.events import consumer as module

PASSWORD = "the right one"


@pytest.fixture
def locked(tmp_path: Path) -> RedisServer:
    """A server that asks for a password."""
    return RedisServer(newest_redis(), tmp_path, password=PASSWORD)


def refusal(url: str, kind: type[QuorumError]) -> str:
    start = time.monotonic()
    with pytest.raises(kind) as refused:
        quorum.consume(url, "cache")
    assert time.monotonic() - start < 10
    assert str(refused.value).startswith("redis_url (QUORUM_REDIS_URL of the services): ")
    assert PASSWORD not in str(refused.value)
    return str(refused.value)


def test_a_wrong_password_ends_the_start_and_is_not_shown(locked: RedisServer) -> None:
    locked.start()
    try:
        for who in ("", ":the wrong one@", "nobody:the wrong one@"):
            url = f"redis://{quote(who, safe=':@')}127.0.0.1:{locked.port}/0"
            told = refusal(url, SettingsError)
            assert f"at 127.0.0.1:{locked.port}, Redis refuses the user or password, or asks for one" in told
            assert "the wrong one" not in told
        assert list(quorum.consume(locked.url, "cache", stop_when_idle=True)) == []
    finally:
        locked.stop()


def test_a_place_where_nothing_answers_is_named() -> None:
    port = free_port()
    assert f"nothing answers at 127.0.0.1:{port}: " in refusal(f"redis://127.0.0.1:{port}/0", StoreUnavailable)
    assert "nothing answers at no-such-host.invalid:6379" in refusal("redis://no-such-host.invalid/0", StoreUnavailable)


def test_a_url_that_is_none_or_of_another_kind_is_told(own_redis: RedisServer) -> None:
    assert "the URL of Redis" in refusal("localhost", SettingsError)
    assert "a server of another kind" in refusal("amqp://127.0.0.1/", SettingsError)
    assert "DB index is out of range" in refusal(own_redis.url.replace("/0", "/99"), SettingsError)


def test_a_user_without_the_rights_is_told_which(own_redis: RedisServer) -> None:
    own_redis.client.execute_command("ACL", "SETUSER", "reader", "on", f">{PASSWORD}", "~*", "+@connection")
    url = own_redis.url.replace("redis://", f"redis://reader:{quote(PASSWORD)}@")
    assert "Redis does not permit XGROUP" in refusal(url, SettingsError)


def test_another_namespace_is_warned_of(own_redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    assert list(quorum.consume(own_redis.url, "cache", namespace="qourum", stop_when_idle=True)) == []
    assert "there is no data of quorum yet under namespace 'qourum'" in caplog.text


def test_later_troubles_are_waited_out_logged_once_and_counted(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, module.__name__)
    settings = make_settings(own_redis.url)
    with open_bench(settings) as bench:
        bench.block("img-1")
        events = quorum.consume(own_redis.url, "cache", consumer="one", namespace=settings.namespace)
        assert next(events).subject == "img-1"
        assert events.troubles == 0
        bench.block("img-2")
        own_redis.stop()
        waits = 0

        def begin_again(_seconds: float) -> None:
            nonlocal waits
            waits += 1
            if waits == 3:
                own_redis.start()

        monkeypatch.setattr("time.sleep", begin_again)
        assert next(events).subject == "img-2"
    assert events.troubles == 3
    told = [record.getMessage() for record in caplog.records]
    assert [line.partition(",")[0] for line in told] == ["events cannot be read just now", "events are read again"]
    events.close()
