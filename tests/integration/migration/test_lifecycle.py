"""Data outlives releases and machines: migration, backup and restore, copies of Redis' own files."""

import base64
import gzip
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SITE_KEY, claimed_app, make_settings
from flask.testing import FlaskClient
from pipeline import assert_balanced, read_books
from redis_server import RedisServer
from servers import newest_redis
from store import Bench, open_bench

from quorum.backup import restoring as restore
from quorum.backup.restoring import read_backup
from quorum.backup.writing import write_backup
from quorum.errors import BackupError, DataMissing, SchemaMismatch, StoreUnavailable
from quorum.images.image import parse_image
from quorum.inbox.dead_letters import DeadLetters
from quorum.migration.steps import migrate
from quorum.policy import load_policy
from quorum.settings import Settings
from quorum.store.keys import keys_of
from quorum.store.layout import RESTORING, check_layout, missing_partitions
from quorum.tally.drain import PartitionTally
from quorum.tally.statuses import Statuses
from quorum.telemetry.health import Health

OLD = json.loads((ROOT / "tests" / "data" / "layout-1.json").read_text())


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The default policy with a window in which the old data stays young."""
    text = (ROOT / "tests" / "policies" / "no_caps.toml").read_text()
    path = tmp_path / "policy.toml"
    path.write_text(text.replace("window_days = 30", "window_days = 3650"))
    return path


@pytest.fixture
def old(own_redis: RedisServer, policy: Path) -> Settings:
    """What the release before left in Redis: an open image, a blocked one, two reports that wait, a dead letter."""
    for name, dump in OLD.items():
        own_redis.client.restore(name, 0, base64.b64decode(dump))
    return replace(make_settings(own_redis.url), namespace="old", policy_path=policy)


@pytest.fixture
def another(tmp_path: Path) -> Iterator[RedisServer]:
    directory = tmp_path / "another"
    directory.mkdir()
    server = RedisServer(newest_redis(), directory).start()
    yield server
    server.stop()


def report(client: FlaskClient, image: str, reader: int) -> None:
    body = {"image_id": image, "reason": "spam", "reporter_id": f"reader-{reader}"}
    answer = client.post("/v1/reports", json=body, headers={"Authorization": f"Bearer {SITE_KEY}"})
    assert answer.status_code == 202


def drain(bench: Bench) -> None:
    while bench.drain().taken:
        pass


def subjects(bench: Bench) -> list[str]:
    events: Any = bench.client.xrange(bench.keys.events)
    return [json.loads(fields[b"event"])["subject"] for _, fields in events]


def assert_goes_on(settings: Settings) -> None:
    """Whoever was counted still counts once; what was blocked is; what waited is tallied; new people cross."""
    check_layout(open_client(settings), settings.namespace, 1)
    with claimed_app(settings, lambda _: None).test_client() as client, open_bench(settings) as bench:
        drain(bench)
        assert (bench.status("open").reporters, bench.status("waiting").reporters) == (3, 2)
        assert bench.status("blocked").state.is_blocked
        for reader in range(4):
            report(client, "open", reader)
        drain(bench)
        assert bench.status("open").reporters == 4
        assert subjects(bench) == ["blocked"]
        report(client, "open", 4)
        drain(bench)
        assert bench.status("open").state.is_blocked
        assert subjects(bench) == ["blocked", "open"]
        [letter] = DeadLetters(bench.client, settings.namespace, 1).list(10)
        assert letter.entry == b"nonsense"


def open_client(settings: Settings) -> Any:
    with open_bench(settings) as bench:
        return bench.client


def test_data_of_the_release_before_is_refused_until_it_is_migrated(old: Settings, own_redis: RedisServer) -> None:
    with pytest.raises(SchemaMismatch, match="run `quorum migrate`"):
        check_layout(own_redis.client, "old", 1)
    assert migrate(own_redis.client, "old")
    assert not migrate(own_redis.client, "old")
    assert_goes_on(old)


@pytest.mark.parametrize("cut", [1, 2, 3, 40, 130])
def test_a_migration_that_is_cut_off_goes_on_where_it_was(
    old: Settings, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    real = type(own_redis.client).pipeline
    made = iter(range(10**6))

    def failing(self: Any, *, transaction: bool = True) -> Any:
        if transaction and next(made) == cut:
            raise StoreUnavailable("cut off")
        return real(self, transaction=transaction)

    with monkeypatch.context() as patched:
        patched.setattr(type(own_redis.client), "pipeline", failing)
        with pytest.raises(StoreUnavailable):
            migrate(own_redis.client, "old")
    assert migrate(own_redis.client, "old")
    assert_goes_on(old)


def test_nothing_is_migrated_while_a_worker_is_at_work_or_when_the_data_is_newer(
    old: Settings, own_redis: RedisServer
) -> None:
    health = Health(own_redis.client, "old", 1)
    health.worker_swept("worker-1")
    with pytest.raises(SchemaMismatch, match="stop API and workers"):
        migrate(own_redis.client, "old")
    own_redis.client.hset("old:{0}:meta", "layout", 99)
    with pytest.raises(SchemaMismatch, match="use a newer one"):
        migrate(own_redis.client, "old")


def fill(bench: Bench, images: int = 60) -> None:
    for number in range(images):
        for reader in range(number % 6 + 1):
            bench.report(f"img-{number}", f"reader-{reader}")
    drain(bench)
    bench.report("img-waiting", "reader-1", at=int(time.time() * 1000))


def test_a_backup_comes_back_on_another_redis(own_redis: RedisServer, another: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    check_layout(own_redis.client, settings.namespace, 1)
    with open_bench(settings) as bench:
        fill(bench)
        path = tmp_path / "quorum.backup"
        written = write_backup(bench.client, settings.namespace, path)
        bench.report("img-later", "reader-1")  # writers go on at once
        expected = (read_books(settings), subjects(bench))
    assert path.stat().st_mode & 0o777 == 0o600
    elsewhere = replace(make_settings(another.url), namespace="restored")
    assert read_backup(another.client, "restored", path) == written
    check_layout(another.client, "restored", 1)
    books = read_books(elsewhere)
    assert_balanced(books)
    assert (books.rows, books.crossed) == (expected[0].rows, expected[0].crossed)
    with open_bench(elsewhere) as bench:
        assert subjects(bench) == expected[1]
        assert bench.client.llen(bench.keys.inbox) == 1
        drain(bench)
        assert bench.status("img-waiting").reporters == 1


def test_a_restore_that_is_cut_off_starts_nothing_and_can_be_run_again(
    own_redis: RedisServer, another: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url)
    check_layout(own_redis.client, settings.namespace, 1)
    path = tmp_path / "quorum.backup"
    with open_bench(settings) as bench:
        fill(bench)
        written = write_backup(bench.client, settings.namespace, path)
    another.client.hset(f"{settings.namespace}:{{0}}:meta", RESTORING, 1)
    with pytest.raises(SchemaMismatch, match="run `quorum restore` to its end"):
        check_layout(another.client, settings.namespace, 1)
    assert read_backup(another.client, settings.namespace, path) == written
    check_layout(another.client, settings.namespace, 1)
    with pytest.raises(BackupError, match="there is data"):
        read_backup(another.client, settings.namespace, path)


def test_services_that_run_meanwhile_find_no_data_or_all_of_it(
    own_redis: RedisServer, another: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An inbox that is drained before its tallies are there would be lost."""
    settings, path = make_settings(own_redis.url), tmp_path / "quorum.backup"
    elsewhere = replace(settings, redis_url=another.url)
    with open_bench(settings) as bench:
        fill(bench)
        for number in range(60):
            bench.report(f"img-{number}", "reader-late")
        write_backup(bench.client, settings.namespace, path)
        drain(bench)
    expected = read_books(settings)
    tally = PartitionTally(another.client, keys_of(settings.namespace, 0))
    statuses = Statuses(another.client, settings.namespace, 1)
    real, looks = restore._pages, []

    def pages(things: Any) -> Iterator[Any]:
        for page in real(things):
            looks.append(tally.drain(load_policy()).taken)
            with pytest.raises(DataMissing):
                statuses.of([parse_image("img-5")], load_policy())
            yield page

    with monkeypatch.context() as patched:
        patched.setattr(restore, "PAGE", 20)
        patched.setattr(restore, "_pages", pages)
        read_backup(another.client, settings.namespace, path)
    assert looks == [0] * len(looks)
    assert len(looks) > 2
    with open_bench(elsewhere) as bench:
        assert bench.client.llen(bench.keys.inbox) == 61
        drain(bench)
    books = read_books(elsewhere)
    assert books.rows == expected.rows
    assert books.events == expected.events


def test_a_partition_that_goes_on_already_is_left_alone(
    own_redis: RedisServer, another: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(make_settings(own_redis.url), partitions=2)
    check_layout(own_redis.client, settings.namespace, 2)
    inboxes = [keys_of(settings.namespace, number).inbox for number in range(2)]
    for inbox in inboxes:
        own_redis.client.rpush(inbox, b"old")
    path = tmp_path / "quorum.backup"
    write_backup(own_redis.client, settings.namespace, path)
    real = restore._put_in_place

    def cut_off(redis: Any, namespace: str, partition: int, *args: Any, **options: Any) -> None:
        if partition == 0:
            raise StoreUnavailable("cut off")
        real(redis, namespace, partition, *args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(restore, "_put_in_place", cut_off)
        with pytest.raises(StoreUnavailable):
            read_backup(another.client, settings.namespace, path)
    assert missing_partitions(another.client, [keys_of(settings.namespace, number) for number in range(2)]) == [0]
    with pytest.raises(BackupError, match="there is no data"):
        write_backup(another.client, settings.namespace, tmp_path / "other")
    another.client.rpush(inboxes[1], b"new")
    read_backup(another.client, settings.namespace, path)
    check_layout(another.client, settings.namespace, 2)
    assert [another.client.lrange(inbox, 0, -1) for inbox in inboxes] == [[b"old"], [b"old", b"new"]]
    assert not list(another.client.scan_iter("*restoring*"))
    another.client.delete(*another.client.scan_iter("*{1}*"))
    with pytest.raises(BackupError, match="lost the data of partitions 1"):
        write_backup(another.client, settings.namespace, tmp_path / "other")
    read_backup(another.client, settings.namespace, path)
    assert another.client.lrange(inboxes[1], 0, -1) == [b"old"]
    meta = keys_of(settings.namespace, 0).meta
    another.client.hset(meta, RESTORING, 1)  # cut off when all was there already
    assert read_backup(another.client, settings.namespace, path) == 0
    assert not another.client.hexists(meta, RESTORING)


def test_what_is_no_whole_backup_is_refused_before_anything_is_written(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with pytest.raises(BackupError, match="there is no data"):
        write_backup(own_redis.client, settings.namespace, tmp_path / "none")
    check_layout(own_redis.client, settings.namespace, 1)
    whole = tmp_path / "whole"
    with open_bench(settings) as bench:
        fill(bench)
        write_backup(bench.client, settings.namespace, whole)
    lines = gzip.decompress(whole.read_bytes()).splitlines(keepends=True)
    bad = {
        "short": gzip.compress(b"".join(lines[:-1])),
        "cut": whole.read_bytes()[:-100],
        "text": b"this is text",
        "other": gzip.compress(b'{"format": "other"}\n{"keys": 0}\n'),
        "empty": b"",
    }
    own_redis.client.flushall()
    for name, content in bad.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BackupError, match=r"whole|backup"):
            read_backup(own_redis.client, settings.namespace, path)
    assert own_redis.client.dbsize() == 0


def test_a_copy_of_redis_own_snapshot_can_be_started_from(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    check_layout(own_redis.client, settings.namespace, 1)
    with open_bench(settings) as bench:
        fill(bench)
    expected = read_books(settings)
    own_redis.client.save()
    own_redis.stop()
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    shutil.copy(own_redis.directory / "dump.rdb", fresh / "dump.rdb")
    server = RedisServer(own_redis.binary, fresh, options=("--appendonly", "no")).start()
    server.client.config_set("appendonly", "yes")
    copied = replace(settings, redis_url=server.url)
    check_layout(server.client, settings.namespace, 1)
    assert read_books(copied).rows == expected.rows
    server.stop()
