"""The stream process among strangers, with a Redis that hangs, with keys that end: what is open goes on, or ends."""

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from conftest import SITE_KEY, make_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis_server import RedisServer, wait_until
from stream_clients import (
    STREAM_HEAD,
    GoodReader,
    Greedy,
    Publisher,
    StreamProcess,
    never_reading,
    read_all,
    stream_process,
)

from quorum.access import stored_keys as api_keys
from quorum.access.keys import Scope, new_key
from quorum.access.stored_keys import ApiKeys
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(180)]

PATH = "/v1/events/stream"
KEY = f"Authorization: Bearer {SITE_KEY}\r\n"


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url)


@pytest.fixture
def stream(settings: Settings, tmp_path: Path) -> Iterator[StreamProcess]:
    with stream_process(settings, tmp_path, {"QUORUM_REQUEST_SECONDS": "2"}) as process:
        yield process


def test_a_stream_ends_when_its_key_is_revoked_or_loses_its_scope_or_is_gone(
    settings: Settings, stream: StreamProcess
) -> None:
    client = connect(settings.redis_url, 5.0)
    keys, stored = ApiKeys(client, settings.namespace), keys_of(settings.namespace, 0).api_keys
    made = [keys.create(f"key {number}", frozenset({Scope.READ})) for number in range(4)]
    publisher = Publisher(settings)
    with ExitStack() as stack:
        readers = [stack.enter_context(GoodReader(stream.port, "0", whole)) for _, whole in made]
        publisher.publish()
        wait_until(lambda: all(reader.numbers == [0] for reader in readers), 10, "the first event")
        keys.revoke(made[0][0].id)
        without = api_keys._dump(made[1][0]).replace('"read"', '"report"')
        client.hset(stored, made[1][0].id, without)
        client.hdel(stored, made[2][0].id)
        wait_until(lambda: all(reader.ended.is_set() for reader in readers[:3]), 8, "the end of three streams")
        publisher.publish()
        wait_until(lambda: readers[3].numbers == [0, 1], 10, "the second event")
        assert not readers[3].ended.is_set()
        assert [reader.numbers for reader in readers[:3]] == [[0]] * 3
    assert stream.metric('quorum_streams_ended_total{reason="key"}') == 3


def test_streams_outlast_a_redis_that_hangs_and_their_keys_are_checked_again_after_it(
    own_redis: RedisServer, settings: Settings, stream: StreamProcess
) -> None:
    keys, publisher = ApiKeys(connect(settings.redis_url, 5.0), settings.namespace), Publisher(settings)
    key, whole = keys.create("reader", frozenset({Scope.READ}))
    with GoodReader(stream.port, "0", whole) as reader, GoodReader(stream.port) as site:
        publisher.publish()
        wait_until(lambda: reader.numbers == site.numbers == [0], 10, "the first event")
        own_redis.signal(signal.SIGSTOP)
        try:
            strangers = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {new_key()[1]}\r\n\r\n".encode()
            with Greedy(stream.port, 300, strangers) as crowd:
                for _ in range(10):
                    start = time.monotonic()
                    assert stream.ask("/livez")[0] == 200
                    assert time.monotonic() - start < 1
                answers = crowd.answers(20)
            assert {answer[9:12] for answer in answers} == {b"503"}
        finally:
            own_redis.signal(signal.SIGCONT)
        publisher.publish()
        wait_until(lambda: reader.numbers == site.numbers == [0, 1], 10, "the second event")
        assert not reader.ended.is_set()
        keys.revoke(key.id)
        wait_until(reader.ended.is_set, 8, "the end of the stream")
        assert not site.ended.is_set()


HEAD = f"Host: x\r\n{KEY}"
ODD: dict[str, tuple[str, set[int]]] = {
    "HTTP/2 at once": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {0, 400, 404, 505}),
    "HTTP/2 by upgrade": (f"GET /livez HTTP/1.1\r\n{HEAD}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", {200}),
    "a version to come": (f"GET /livez HTTP/3.0\r\n{HEAD}\r\n", {505}),
    "a version of old": ("GET /livez HTTP/1.0\r\n\r\n", {200}),
    "no host": ("GET /livez HTTP/1.1\r\n\r\n", {400}),
    "two hosts": ("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400}),
    "two keys": (f"GET {PATH} HTTP/1.1\r\n{HEAD}{KEY}\r\n", {400}),
    "two places": (f"GET {PATH} HTTP/1.1\r\n{HEAD}Last-Event-ID: 0\r\nLast-Event-ID: 1-0\r\n\r\n", {400}),
    "a key under another name": (f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization_: x\r\n\r\n", {401}),
    "a key in latin letters": (f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xe9\r\n\r\n", {400}),
    "a key that is none": (f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer qk_a.b\r\n\r\n", {401}),
    "a body": (f"GET {PATH} HTTP/1.1\r\n{HEAD}Content-Length: 5\r\n\r\nhello", {400}),
    "an endless body": (f"POST {PATH} HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n", {405}),
    "length and chunks": (
        f"GET {PATH} HTTP/1.1\r\n{HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        {400},
    ),
    "HEAD": ("HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n", {200}),
    "HEAD of the stream": (f"HEAD {PATH} HTTP/1.1\r\n{HEAD}\r\n", {405}),
    "an absolute address": ("GET http://evil.example/livez HTTP/1.1\r\nHost: x\r\n\r\n", {200}),
    "a folded header": (f"GET {PATH} HTTP/1.1\r\n{HEAD}X-A: a\r\n b\r\n\r\n".replace("GET /v1", "GET /v2"), {400, 404}),
    "a very long header": (f"GET {PATH} HTTP/1.1\r\n{HEAD}X-A: {'a' * 40_000}\r\n\r\n", {431}),
    "a very long path": (f"GET /{'a' * 40_000} HTTP/1.1\r\n{HEAD}\r\n", {431}),
    "TLS": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\0" * 200 + "\r\n\r\n", {400}),
    "noise": ("".join(map(chr, range(256))) * 4 + "\r\n\r\n", {400}),
    "two in one": ("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 2, {200}),
    "very many arguments": (f"GET {PATH}?{'a=b&' * 1000} HTTP/1.1\r\n{HEAD}\r\n", {400}),
    "digits of elsewhere": (f"GET {PATH}?after=%D9%A1-%D9%A1 HTTP/1.1\r\n{HEAD}\r\n", {400}),
    "no UTF-8": (f"GET {PATH}?after=%ff%00 HTTP/1.1\r\n{HEAD}\r\n", {400}),
    "a place far away": (f"GET {PATH}?after=1{'0' * 30}-0 HTTP/1.1\r\n{HEAD}\r\n", {400}),
    "very many places": (f"GET {PATH}?after={'1-0.' * 5000}1-0 HTTP/1.1\r\n{HEAD}\r\n", {400}),
}


def raw(port: int, request: bytes) -> bytes:
    """Send bytes; return all that comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        with suppress(TimeoutError):
            return read_all(connection)
        return b"no end"


def status_of(answer: bytes) -> int:
    return int(answer[9:12]) if answer.startswith(b"HTTP/") else 0


def test_odd_requests_get_an_answer_and_an_end_and_leave_nothing_in_the_log(stream: StreamProcess) -> None:
    for name, (request, expected) in ODD.items():
        answer = raw(stream.port, request.encode("latin-1"))
        assert status_of(answer) in expected, (name, answer[:300])
        assert answer.count(b"HTTP/1.1 ") <= 1, name
    wait_until(lambda: stream.metric("quorum_stream_connections") == 1, 10, "the end of all connections")
    log = stream.log.read_text()
    assert "Traceback" not in log
    assert SITE_KEY not in log
    assert "127.0.0.1" not in log


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamProcess]:
    from servers import newest_redis  # noqa: PLC0415 - found as the fixtures find it

    server = RedisServer(newest_redis(), tmp_path_factory.mktemp("redis")).start()
    with stream_process(make_settings(server.url), tmp_path_factory.mktemp("stream")) as process:
        yield process
    server.stop()


CURSORS = st.binary(max_size=60) | st.text("0123456789-.", max_size=60).map(str.encode)


@hypothesis_settings(max_examples=200, deadline=None)
@given(cursor=CURSORS, in_header=st.booleans())
def test_whatever_stands_for_a_cursor_begins_a_stream_or_is_refused(
    tried: StreamProcess, cursor: bytes, *, in_header: bool
) -> None:
    after = "" if in_header else "?after=" + quote_from_bytes(cursor)
    header = b"Last-Event-ID: " + cursor.strip() + b"\r\n" if in_header else b""
    with socket.create_connection(("127.0.0.1", tried.port), timeout=10) as connection:
        connection.sendall(f"GET {PATH}{after} HTTP/1.1\r\n{HEAD}".encode() + header + b"\r\n")
        answer = connection.recv(65536)
    assert status_of(answer) in {200, 400, 410}, answer[:300]


def test_many_streams_at_places_of_their_own_keep_little(settings: Settings, stream: StreamProcess) -> None:
    publisher = Publisher(settings)
    for _ in range(5):
        publisher.publish(1000)
    client: Any = connect(settings.redis_url, 5.0)
    places = [entry.decode() for entry, _ in client.xrange(keys_of(settings.namespace, 0).events, count=900)]
    before = stream.memory
    with ExitStack() as stack:
        for place in places:
            stack.enter_context(never_reading(stream.port, 1, place))
        wait_until(lambda: stream.metric("quorum_open_streams") == len(places), 30, "all streams")
        with GoodReader(stream.port, "now") as reader:
            wait_until(lambda: stream.metric("quorum_open_streams") == len(places) + 1, 10, "one more")
            publisher.publish()
            wait_until(lambda: reader.numbers == [5000], 10, "an event")
        peak = stream.memory
    print(f"\n{len(places)} streams at places of their own: {before:.0f} MiB before, {peak:.0f} with them")
    assert peak - before < 64


def test_a_process_that_is_told_to_stop_says_good_bye(stream: StreamProcess) -> None:
    with socket.create_connection(("127.0.0.1", stream.port), timeout=10) as connection:
        connection.sendall((STREAM_HEAD % "0").encode())
        answer = b""
        while b"retry: " not in answer:
            answer += connection.recv(65536)
        with never_reading(stream.port, 20), Greedy(stream.port, 20, b""):
            wait_until(lambda: stream.metric("quorum_open_streams") == 21, 10, "the streams")
            stream.process.terminate()
            assert read_all(connection).endswith(b"0\r\n\r\n")
            assert stream.process.wait(10) == 0
