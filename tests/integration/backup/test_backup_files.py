"""A file that is no good backup is one clear error, and nothing of it is left in Redis."""

import base64
import gzip
import json
import random
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import make_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis_server import RedisServer
from servers import newest_redis
from store import open_bench

from quorum.backup import file as backup_file
from quorum.backup.restoring import read_backup
from quorum.backup.writing import write_backup
from quorum.errors import BackupError, StoreUnavailable
from quorum.store.cluster import names_under
from quorum.store.keys import keys_of
from quorum.store.kinds import kind_of

Lines = list[dict[str, Any]]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    directory = tmp_path_factory.mktemp("redis")
    server = RedisServer(newest_redis(), directory).start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def empty(server: RedisServer) -> None:
    """What one test leaves is no trouble to the next."""
    server.client.flushall()


@pytest.fixture(scope="module")
def good(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of a little of everything; Redis is empty after it."""
    settings = make_settings(server.url)
    path = tmp_path_factory.mktemp("backup") / "good"
    with open_bench(settings) as bench:
        bench.block("img-1")
        bench.report("img-2", "reader-1")
        bench.client.hset(bench.keys.api_keys, "id", "{}")
        write_backup(bench.client, settings.namespace, path)
    server.client.flushall()
    return path.read_bytes()


def lines_of(packed: bytes) -> Lines:
    return [json.loads(line) for line in gzip.decompress(packed).splitlines()]


def packed(lines: list[Any]) -> bytes:
    return gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines), 1)


def assert_refused(server: RedisServer, path: Path, content: bytes, said: str | None = None) -> None:
    path.write_bytes(content)
    with pytest.raises(BackupError, match=said):
        read_backup(server.client, "quorum", path)
    assert server.client.dbsize() == 0


def with_key(lines: Lines, **changes: Any) -> list[Any]:
    return [lines[0], {**lines[1], **changes}, *lines[2:]]


def foreign(server: RedisServer, make: Callable[[Any], Any]) -> str:
    """Return the DUMP of some other value."""
    make(server.client)
    dump: Any = server.client.dump("foreign")
    server.client.delete("foreign")
    return base64.b64encode(dump).decode()


def test_no_bit_of_a_backup_can_flip_unnoticed(server: RedisServer, good: bytes, tmp_path: Path) -> None:
    """But for the bits that mean nothing to gzip: hints and a time in its header, the rest of the last byte."""
    numbers = random.Random(1)
    for place in sorted({*range(20), *range(len(good) - 12, len(good)), *numbers.sample(range(len(good)), 120)}):
        broken = bytearray(good)
        broken[place] ^= 1 << numbers.randrange(8)
        if unpacked(bytes(broken)) != gzip.decompress(good):
            assert_refused(server, tmp_path / "flipped", bytes(broken))


def unpacked(content: bytes) -> bytes | None:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return None


def test_no_cut_of_a_backup_goes_unnoticed(server: RedisServer, good: bytes, tmp_path: Path) -> None:
    for size in {*range(0, len(good), 37), len(good) - 1, len(good) - 8}:
        assert_refused(server, tmp_path / "cut", good[:size])
    lines = lines_of(good)
    for number in range(len(lines)):
        assert_refused(server, tmp_path / "cut", packed(lines[:number]))
        assert_refused(server, tmp_path / "cut", packed(lines[:number] + lines[number + 1 :]))
    assert_refused(server, tmp_path / "cut", packed([*lines, lines[-1]]), "goes on after its last line")
    assert_refused(server, tmp_path / "cut", gzip.compress(gzip.decompress(good)[:-1]), "cut off")


OUTSIDE = (
    *("", ":", "{0}:inbox", ":{0}:", ":{1}:inbox", ":{00}:inbox", ":{-1}:inbox", ":{9999999999}:inbox", "\0", "\ud800"),
    *(":{0}:nothing", ":{0}:images:", ":{0}:images:a", ":{0}:IMAGES:1", ":{0}:inbox\n", ":{0}:inbox:x"),
    *(":other:{0}:inbox", "x:{0}:inbox", ":{0}:webhooks:", ":{0}:webhooks:\xff"),
)


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_key_outside_the_namespace_is_refused(server: RedisServer, good: bytes, tmp_path: Path, name: str) -> None:
    assert_refused(server, tmp_path / "outside", packed(with_key(lines_of(good), key=name)), "no key of quorum")


def test_a_key_of_the_present_is_passed_over(server: RedisServer, good: bytes, tmp_path: Path) -> None:
    """Older backups hold idempotency keys; a hostile one might hold the mark that all data is there."""
    lines = lines_of(good)
    for name in (":{0}:requests:\u00e9\u00e8", ":{0}:limits:1:rx", ":{0}:meta", ":{0}:bell", ":{0}:paused"):
        (tmp_path / "more").write_bytes(packed([*lines[:-1], {**lines[1], "key": name}, {"keys": len(lines) - 1}]))
        assert read_backup(server.client, "quorum", tmp_path / "more", resume=True) == len(lines) - 2
        assert server.client.hget("quorum:{0}:meta", "layout") == lines[0]["meta"]["layout"].encode()
        assert not server.client.exists(f"quorum{name}") or name == ":{0}:meta"
        server.client.flushall()


def test_a_value_of_another_type_or_none_at_all_is_refused(server: RedisServer, good: bytes, tmp_path: Path) -> None:
    lines = lines_of(good)
    makers: list[Callable[[Any], Any]] = [
        lambda redis: redis.set("foreign", "x"),
        lambda redis: redis.sadd("foreign", "x"),
        lambda redis: redis.rpush("foreign", "x"),
        lambda redis: redis.hset("foreign", "a", "b"),
        lambda redis: redis.zadd("foreign", {"a": 1}),
        lambda redis: redis.xadd("foreign", {"a": "b"}),
    ]
    dumps = [foreign(server, make) for make in makers]
    kinds = [b"string", b"set", b"list", b"hash", b"zset", b"stream"]
    for number, line in enumerate(lines[1:-1], 1):
        own = kind_of(line["key"].encode(), 1)
        assert own
        for dump, kind in zip(dumps, kinds, strict=True):
            if kind != own[1].type:
                changed = [*lines[:number], {**line, "dump": dump}, *lines[number + 1 :]]
                assert_refused(server, tmp_path / "foreign", packed(changed), "wrong type")
    for dump in ("", "AAAA", base64.b64encode(b"x" * 100).decode(), base64.b64encode(bytes(30)).decode()):
        assert_refused(server, tmp_path / "foreign", packed(with_key(lines, dump=dump)))
    bad: tuple[Any, ...] = ("#", "AAA", "\u00e9", 1, None, ["x"])
    for one in bad:
        assert_refused(server, tmp_path / "foreign", packed(with_key(lines, dump=one)))


def test_a_time_to_live_is_a_number(server: RedisServer, good: bytes, tmp_path: Path) -> None:
    for ttl in (-1, 2**63, 10**300, 1.5, "1", None, True, [1]):
        assert_refused(server, tmp_path / "ttl", packed(with_key(lines_of(good), ttl_ms=ttl)))


META: tuple[Any, ...] = ({}, [], None, {"layout": "2"}, {"partitions": "1"}, {"layout": 2, "partitions": 1})
TIMES: tuple[Any, ...] = (None, 1, "", "yesterday", "9999-99-99", [])
FORMATS: tuple[Any, ...] = (None, 1, "quorum-backup-9", "", [])
NONSENSE: list[dict[str, Any]] = [
    *({"meta": meta} for meta in META),
    *({"meta": {"layout": "2", "partitions": number}} for number in ("0", "-1", "1025", "x", "", "1" * 5000)),
    *({"meta": {"layout": layout, "partitions": "1"}} for layout in ("0", "99", "x", "-1")),
    *({"at": at} for at in TIMES),
    *({"format": name} for name in FORMATS),
]


@pytest.mark.parametrize("change", NONSENSE)
def test_a_head_that_says_nonsense_is_refused(
    server: RedisServer, good: bytes, tmp_path: Path, change: dict[str, Any]
) -> None:
    lines = lines_of(good)
    assert_refused(server, tmp_path / "head", packed([{**lines[0], **change}, *lines[1:]]))


def test_the_same_key_twice_is_refused(server: RedisServer, good: bytes, tmp_path: Path) -> None:
    lines = lines_of(good)
    assert_refused(server, tmp_path / "twice", packed([*lines[:2], *lines[1:-1], {"keys": len(lines) - 1}]), "twice")


@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_lines_of_anything_are_refused(server: RedisServer, good: bytes, tmp_path: Path, data: Any) -> None:
    lines: list[Any] = list(lines_of(good))
    place = data.draw(st.integers(0, len(lines) - 1))
    lines[place] = data.draw(ANYTHING)
    assert_refused(server, tmp_path / "anything", packed(lines))
    assert_refused(server, tmp_path / "anything", gzip.compress(data.draw(st.binary(max_size=200))))
    assert_refused(server, tmp_path / "anything", data.draw(st.binary(max_size=200)))


def test_a_bomb_is_refused_before_it_fills_the_memory(server: RedisServer, good: bytes, tmp_path: Path) -> None:
    lines = gzip.decompress(good).splitlines(keepends=True)
    one_line = gzip.compress(lines[0] + b" " * 400_000_000)
    many_lines = gzip.compress(lines[0] + (b"{}" + b" " * 1000 + b"\n") * 300_000)
    many_keys = gzip.compress(lines[0] + lines[1] * 2)
    nested = gzip.compress(lines[0] + b"[" * 1_000_000 + b"\n")
    tracemalloc.start()
    for bomb in (one_line, many_lines, many_keys, nested):
        assert_refused(server, tmp_path / "bomb", bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * backup_file.ALWAYS_FINE_BYTES


def test_a_refused_restore_leaves_an_earlier_one_that_was_cut_off_to_be_run_again(
    server: RedisServer, good: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quorum.backup import restoring as restore  # noqa: PLC0415

    path = tmp_path / "good"
    path.write_bytes(good)

    def cut(*_: object, **__: object) -> None:
        raise StoreUnavailable("cut off")

    with monkeypatch.context() as patched:
        patched.setattr(restore, "_put_in_place", cut)
        with pytest.raises(StoreUnavailable):
            read_backup(server.client, "quorum", path)
    assert len(names_under(server.client, b"quorum:restoring")) == len(lines_of(good)) - 2
    bad = tmp_path / "bad"
    bad.write_bytes(packed(with_key(lines_of(good), dump="AAAA")))
    with pytest.raises(BackupError):
        read_backup(server.client, "quorum", bad)
    assert [*server.client.scan_iter()] == [keys_of("quorum", 0).meta.encode()]
    assert server.client.hexists(keys_of("quorum", 0).meta, "restoring")
    read_backup(server.client, "quorum", path)
    assert not server.client.hexists(keys_of("quorum", 0).meta, "restoring")
    assert names_under(server.client, b"quorum:restoring") == set()
    server.client.flushall()


def test_nobody_elses_keys_are_taken_for_what_a_restore_left(server: RedisServer, good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "good"
    path.write_bytes(good)
    server.client.hset("quorum:restoring:{0}:meta", "layout", 2)
    server.client.rpush("quorum:restoring:{0}:inbox", "theirs")
    with pytest.raises(BackupError, match="another quorum has the namespace 'quorum:restoring'"):
        read_backup(server.client, "quorum", path)
    assert server.client.lrange("quorum:restoring:{0}:inbox", 0, -1) == [b"theirs"]
    server.client.flushall()
