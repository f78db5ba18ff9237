"""Every kind of key that quorum writes is backed up, read back and erased from, whatever bytes are around it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import environment, make_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis import Redis
from redis_server import RedisServer
from servers import newest_redis
from store import open_bench

from quorum.backup.restoring import read_backup
from quorum.backup.writing import write_backup
from quorum.cli.main import cli
from quorum.errors import SchemaMismatch
from quorum.retention.erasure import Erased, Erasure
from quorum.store.keys import keys_of
from quorum.store.kinds import HASH, KINDS, LIST, STREAM, STRING, ZSET, Kind
from quorum.store.layout import check_layout

Values = dict[bytes, Any]  # what follows the namespace -> what is in the key
BYTES = st.binary(min_size=1, max_size=30)
RESTS = {
    rb":\d{1,5}": st.integers(0, 65_535).map(lambda number: b":%d" % number),
    rb":.*": st.binary(max_size=30).map(lambda raw: b":" + raw),
    rb":[ -~]+": st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1).map(
        lambda text: f":{text}".encode()
    ),
    rb":[ -~]+:(queues|pings)": st.sampled_from([b":wh_1:queues", b":wh_1:pings"]),
    rb":[ -~]+:(log|dead)": st.sampled_from([b":wh_1:log", b":wh_2:dead"]),
    rb":[ -~]+:due": st.just(b":wh_1:due"),
    rb":(subscriptions|cursors|failing)": st.sampled_from([b":subscriptions", b":cursors", b":failing"]),
    rb"(:converted)?": st.sampled_from([b"", b":converted"]),
    rb":[0-9a-f]{64}": st.binary(min_size=32, max_size=32).map(lambda digest: b":" + digest.hex().encode()),
    rb":[0-9a-f]{32}": st.binary(min_size=16, max_size=16).map(lambda digest: b":" + digest.hex().encode()),
}
CONTENT = {
    STRING: BYTES,
    LIST: st.lists(BYTES, min_size=1, max_size=4),
    HASH: st.dictionaries(BYTES, BYTES, min_size=1, max_size=4),
    ZSET: st.dictionaries(BYTES, st.integers(0, 2**48), min_size=1, max_size=4),
    STREAM: st.lists(st.dictionaries(BYTES, BYTES, min_size=1, max_size=2), min_size=1, max_size=3),
}
NAMESPACES = st.text(
    st.sampled_from([*"quorumABC09_.:/@+-*?[]{}^\\ é"]), min_size=1, max_size=12
)  # more than the settings let through today
HOSTILE = st.binary(max_size=20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    directory = tmp_path_factory.mktemp("redis")
    server = RedisServer(newest_redis(), directory).start()
    yield server
    server.stop()


@st.composite
def keys(draw: Any, kind: Kind, partitions: int) -> tuple[bytes, bytes, Any]:
    """A key of a kind: what follows the namespace, its type, its content."""
    rest = draw(RESTS[kind.rest]) if kind.rest in RESTS else kind.rest
    type_ = kind.type or draw(st.sampled_from(sorted(CONTENT)))
    content = draw(CONTENT[type_])
    if kind.head == b"erased":
        content = {b"erased" + mark.ljust(6)[:6]: at for mark, at in content.items()}  # nobody who is in the others
    return b":{%d}:%b%b" % (draw(st.integers(0, partitions - 1)), kind.head, rest), type_, content


def write(redis: Any, name: bytes, type_: bytes, content: Any) -> None:
    if type_ == STRING:
        redis.set(name, content)
    elif type_ == LIST:
        redis.rpush(name, *content)
    elif type_ == HASH:
        redis.hset(name, mapping=content)
    elif type_ == ZSET:
        redis.zadd(name, content)
    else:
        for fields in content:
            redis.xadd(name, fields)


def lasting(redis: Any, namespace: str) -> Values:
    """Return what is in every key of the namespace that outlives the moment; the DUMP of a stream may differ."""
    prefix = namespace.encode()
    found = {}
    for name in redis.scan_iter(count=1000):
        rest = name[len(prefix) :]
        kind = next((one for one in KINDS if _is_of(one, rest)), None) if name.startswith(prefix) else None
        if kind and kind.lasting:
            found[rest] = redis.xrange(name) if redis.type(name) == STREAM else redis.dump(name)
    return found


def _is_of(kind: Kind, rest: bytes) -> bool:
    pattern = rb":\{[01]\}:" + kind.head + b"(?:" + kind.rest + b")"
    return re.fullmatch(pattern, rest, re.DOTALL) is not None


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), namespace=NAMESPACES, hostile=st.lists(HOSTILE, max_size=4))
def test_every_kind_of_key_comes_back_byte_by_byte_and_nothing_else_does(
    server: RedisServer, tmp_path: Path, data: Any, namespace: str, hostile: list[bytes]
) -> None:
    redis: Any = server.client
    redis.flushall()
    check_layout(redis, namespace, 2)
    written = {}
    for kind in KINDS:
        if kind.head != b"meta":
            name, type_, content = data.draw(keys(kind, 2))
            if not redis.exists(namespace.encode() + name):
                write(redis, namespace.encode() + name, type_, content)
                written[name] = type_
    for rest in hostile:
        for name in (namespace.encode() + b":{0}:" + rest, namespace.encode() + b":{7}:" + rest, rest or b"-"):
            if not redis.exists(name):
                redis.set(name, b"\xff\xfe")
    expected = lasting(redis, namespace)
    said: list[str] = []
    kept = write_backup(redis, namespace, tmp_path / "backup", said.append)
    wrong = {line.split(",")[0] for line in said if "wrong type" in line}
    expected = {rest: dump for rest, dump in expected.items() if not _was_left_out(namespace, rest, wrong)}
    assert kept == len(expected)
    redis.flushall()
    assert read_backup(redis, namespace, tmp_path / "backup", resume=True) == kept
    assert lasting(redis, namespace) == expected
    check_layout(redis, namespace, 2)


def _was_left_out(namespace: str, rest: bytes, wrong: set[str]) -> bool:
    return f"left out: {(namespace.encode() + rest).decode(errors='backslashreplace')}" in wrong


def test_a_neighbour_whose_namespace_looks_alike_is_left_alone(server: RedisServer, tmp_path: Path) -> None:
    redis: Any = server.client
    redis.flushall()
    for namespace in ("a*", "ab", "a[b]", "a", "a:{0}:x", "a?"):
        check_layout(redis, namespace, 1)
        redis.rpush(keys_of(namespace, 0).inbox, namespace)
    for namespace in ("a*", "a[b]", "a", "a?"):
        assert write_backup(redis, namespace, tmp_path / "backup") == 1
        elsewhere = f"{namespace}-restored"
        read_backup(redis, elsewhere, tmp_path / "backup")
        assert redis.lrange(keys_of(elsewhere, 0).inbox, 0, -1) == [namespace.encode()]


def test_a_key_of_a_wrong_type_is_told_and_neither_backed_up_nor_in_the_way_of_an_erasure(
    server: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(server.url)
    mark = b"f" * 12
    with open_bench(settings) as bench:
        bench.report("img-1", "f" * 12)
        bench.drain()
        bench.report("img-2", "f" * 12)
        wrong = [bench.keys.journal, f"{bench.keys.reporters}77", bench.keys.dead]
        for key in wrong:
            bench.client.delete(key)
            bench.client.set(key, "somebody else was here")
        said: list[str] = []
        write_backup(bench.client, settings.namespace, tmp_path / "backup", said.append)
        assert sorted(said) == sorted(
            f"left out: {key}, which has a wrong type; see docs/operations.md" for key in wrong
        )
        erasure = Erasure(bench.client, settings.namespace, 1)
        with pytest.raises(SchemaMismatch, match=re.escape(bench.keys.journal)) as error:
            erasure.erase([mark])
        assert all(key in str(error.value) for key in wrong)
        bench.client.delete(*wrong)
        assert erasure.erase([mark]) == Erased(0, 0, 0)  # all else was erased before
        assert bench.status("img-1").reporters == 0


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(raws=st.lists(st.binary(max_size=60), min_size=1, max_size=5), place=st.integers(0, 48))
def test_whatever_bytes_are_there_an_erasure_finds_the_person_and_ends(
    server: RedisServer, raws: list[bytes], place: int
) -> None:
    redis: Any = server.client
    redis.flushall()
    check_layout(redis, "q", 1)
    keys, mark = keys_of("q", 0), b"\x00f\xff%\n{}*[]\x01!"[:12]
    with_mark = [*raws, *(raw[:place] + mark + raw[place:] for raw in raws)]
    for number, raw in enumerate(with_mark):
        redis.hset(f"{keys.images}{number}", b"\xff" * 16, raw)
        redis.hset(f"{keys.reporters}{number}", mark, raw)
        redis.rpush(keys.inbox, raw)
        redis.rpush(keys.journal, raw)
        redis.xadd(keys.dead, {b"\xff": raw})
    Erasure(redis, "q", 1).erase([mark])
    redis.delete(keys.erased)
    redis.config_set("rdbcompression", "no")
    left = {name: redis.dump(name) for name in redis.scan_iter(count=1000)}
    for name, dump in left.items():
        if b"images" not in name:
            assert mark not in dump, name


@pytest.mark.parametrize("command", ["doctor", "backup", "migrate"])
def test_a_meta_hash_of_any_bytes_is_a_clear_error(own_redis: RedisServer, tmp_path: Path, command: str) -> None:
    settings = make_settings(own_redis.url)
    redis: Redis = own_redis.client
    redis.hset(
        keys_of(settings.namespace, 0).meta, mapping={b"layout": b"\xff", b"partitions": b"\xfe", b"\xff": b"\xff"}
    )
    arguments = [command, str(tmp_path / "file")] if command == "backup" else [command]
    done = CliRunner(env=environment(settings)).invoke(cli, arguments)
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit), done.exception
