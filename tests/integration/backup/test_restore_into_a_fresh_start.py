"""A backup is read back where services have just started anew, and nowhere where anybody has sent anything."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import SITE_KEY, claimed_app, make_settings
from redis import Redis
from redis_server import RedisServer
from store import Bench, open_bench

from quorum.accounts.roles import Role
from quorum.accounts.stored_accounts import Accounts
from quorum.backup import fresh
from quorum.backup.restoring import read_backup
from quorum.backup.writing import write_backup
from quorum.errors import BackupError
from quorum.judgement.records import State
from quorum.settings import Settings
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout
from quorum.telemetry.health import Health
from quorum.telemetry.history import History
from quorum.telemetry.stored_days import SINCE


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url)


@pytest.fixture
def backup(own_redis: RedisServer, settings: Settings, tmp_path: Path) -> Path:
    """A backup with a blocked image; Redis is empty after it."""
    with open_bench(settings) as bench:
        bench.block("img-1")
        write_backup(bench.client, settings.namespace, tmp_path / "backup")
    own_redis.client.flushall()
    return tmp_path / "backup"


def start_anew(client: Redis, settings: Settings) -> None:
    """Do what services do when they start, and workers while nothing comes in."""
    check_layout(client, settings.namespace, settings.partitions)
    Health(client, settings.namespace, settings.partitions).worker_swept("a worker")
    assert History(client, settings.namespace, settings.partitions).note()
    client.hset(keys_of(settings.namespace, 0).stats, SINCE, 1)


def test_it_takes_the_place_of_a_fresh_start(own_redis: RedisServer, settings: Settings, backup: Path) -> None:
    start_anew(own_redis.client, settings)
    assert read_backup(own_redis.client, settings.namespace, backup) > 0
    with open_bench(settings) as bench:
        assert bench.status("img-1").state == State.BLOCKED
    with pytest.raises(BackupError, match="there is data under the namespace"):
        read_backup(own_redis.client, settings.namespace, backup)


def a_report_that_waits(bench: Bench) -> None:
    bench.client.rpush(bench.keys.inbox, b"a report")


def a_key(bench: Bench) -> None:
    bench.client.hset(bench.keys.api_keys, "id", "{}")


def an_account(bench: Bench) -> None:
    """Make one, and let somebody choose a password for it."""
    accounts = Accounts(bench.client, bench.keys.accounts.partition(":")[0])
    _, password = accounts.add("anna", Role.ADMIN)
    accounts.change_password("anna", password, "a password for tests only")


def test_an_account_that_nobody_has_used_yet_gives_way(
    own_redis: RedisServer, settings: Settings, backup: Path
) -> None:
    start_anew(own_redis.client, settings)
    Accounts(own_redis.client, settings.namespace).add("admin", Role.ADMIN)
    assert read_backup(own_redis.client, settings.namespace, backup) > 0


@pytest.mark.parametrize("sent", [a_report_that_waits, a_key, an_account])
@pytest.mark.parametrize("late", [False, True], ids=["before", "at the last moment"])
def test_where_anything_was_sent_nothing_is_changed(
    own_redis: RedisServer,
    settings: Settings,
    backup: Path,
    sent: Callable[[Bench], None],
    monkeypatch: pytest.MonkeyPatch,
    *,
    late: bool,
) -> None:
    start_anew(own_redis.client, settings)
    real = fresh._holds_something
    looks: list[bool] = []

    with open_bench(settings) as bench:

        def looked(*arguments: object) -> bool:
            found = real(*arguments)  # type: ignore[arg-type]
            if late and not looks:
                sent(bench)
            looks.append(found)
            return found

        monkeypatch.setattr(fresh, "_holds_something", looked)
        if not late:
            sent(bench)
        with pytest.raises(BackupError, match="there is data under the namespace"):
            read_backup(own_redis.client, settings.namespace, backup)
    assert looks == ([False, True] if late else [True])
    check_layout(own_redis.client, settings.namespace, settings.partitions, claim=False)


def test_while_it_gives_way_no_report_is_acknowledged(
    own_redis: RedisServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the moment at which the marks are gone: what came in then would be lost."""
    app = claimed_app(settings, lambda _: None)
    body = {"image_id": "img-1", "reason": "violence", "reporter_id": "reader-1"}
    answers: list[int] = []

    def looked(*_: object) -> bool:
        with app.test_client() as api:
            headers = {"Authorization": f"Bearer {SITE_KEY}"}
            answers.append(api.post("/v1/reports", json=body, headers=headers).status_code if answers else 0)
        return False

    monkeypatch.setattr(fresh, "_holds_something", looked)
    assert fresh.give_way(own_redis.client, settings.namespace, [keys_of(settings.namespace, 0)])
    assert answers == [0, 503]
