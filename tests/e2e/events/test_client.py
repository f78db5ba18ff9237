"""`quorum.client`, the blocklist in memory, waiting and the stream, against a real API and a real stream process."""

import http.client
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from conftest import SITE_KEY, make_settings, running
from pipeline import CROSSING, Pipeline, Visitor, whole_pipeline
from redis import Redis
from redis_server import RedisServer, free_port, wait_until

from quorum.client import ApiError, Blocklist, Client
from quorum.errors import CursorExpired, StoreUnavailable
from quorum.events.event import BLOCKED, UNBLOCKED
from quorum.images.image import parse_image
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.policy.load import default_policy
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url)


@pytest.fixture
def pipeline(settings: Settings, tmp_path: Path) -> Iterator[Pipeline]:
    with whole_pipeline(settings, tmp_path) as started:
        yield started


@pytest.fixture
def client(pipeline: Pipeline) -> Client:
    return Client(f"http://127.0.0.1:{pipeline.port}", SITE_KEY)


def cross(client: Client, image: str) -> None:
    client.report_many(
        [{"image_id": image, "reason": "violence", "reporter_id": f"reader-{n}"} for n in range(CROSSING)]
    )


def clear(settings: Settings, image: str) -> None:
    decisions = Decisions(connect(settings.store, 5.0), settings.namespace, settings.partitions)
    decisions.decide(parse_image(image), Action.CLEAR, "tests", default_policy(), unfounded=False)


def blocked(settings: Settings) -> set[str]:
    with Redis.from_url(settings.redis_url) as redis:
        found: Any = redis.zrange(keys_of(settings.namespace, 0).blocked, 0, -1)
    return {image.decode() for image in found}


def test_the_client_reports_looks_up_and_follows(client: Client) -> None:
    assert client.report("img-1", "violence", "reader-9", language="fr").startswith("Merci d'avoir signalé")
    results = client.report_many([{"image_id": "img-1", "reason": "none", "reporter_id": "x"}])
    assert (results[0].status, results[0].errors[0][0]) == (422, "reason")
    cross(client, "img-1")
    wait_until(lambda: client.status("img-1").blocked, 10, "the block")
    one, two = client.statuses(["img-1", "https://Example.org/a?b"])
    assert (one.state, two.image_id, two.state) == ("blocked", "https://example.org/a?b=", "open")
    events, cursor = client.events()
    assert [event.subject for event in events] == ["img-1"]
    following = client.follow(cursor)
    Timer(0.3, cross, [client, "img-2"]).start()
    assert next(following).subject == "img-2"
    assert set(client.snapshot().images) == {"img-1", "img-2"}


def test_refusals_and_outages_have_errors_of_their_own(client: Client) -> None:
    with pytest.raises(ApiError, match="is not a reason of the policy"):
        client.report("img-1", "no_such", "reader-1")
    with pytest.raises(ApiError) as refused:
        Client("http://127.0.0.1:" + str(client._url.rpartition(":")[2]), "qk_bad.0123456789abcdef").status("img-1")
    assert refused.value.status == 401
    with pytest.raises(StoreUnavailable):
        Client(f"http://127.0.0.1:{free_port()}", timeout=1).status("img-1")


def test_a_wait_ends_with_the_first_event_and_many_waits_leave_room_for_reports(
    client: Client, pipeline: Pipeline
) -> None:
    start = time.monotonic()
    assert client.events(wait=1)[0] == []
    assert 0.9 < time.monotonic() - start < 5
    with ThreadPoolExecutor(40) as pool:
        waits = [pool.submit(client.events, None, wait=10) for _ in range(40)]
        time.sleep(0.5)
        start = time.monotonic()
        for number in range(20):
            client.report("img-1", "violence", f"reader-{number}")
        assert time.monotonic() - start < 3
        assert [wait.result()[0] != [] for wait in waits].count(True) >= 8


def test_the_blocklist_is_read_in_pages_with_a_tag(client: Client, pipeline: Pipeline, settings: Settings) -> None:
    keys = keys_of(settings.namespace, 0)
    with Redis.from_url(settings.redis_url) as redis:
        redis.zadd(keys.blocked, {f"img-{number:04d}": 1_760_000_000_000 + number // 7 for number in range(2500)})
    assert len(client.snapshot().images) == 2500
    with Visitor(pipeline.port) as visitor:
        first = visitor.get("/v1/blocklist?limit=7")
        assert [image["image_id"] for image in first.json["images"]] == [f"img-{number:04d}" for number in range(7)]
        with Redis.from_url(settings.redis_url) as redis:
            redis.zrem(keys.blocked, "img-0006", "img-0003")
        second = visitor.get(f"/v1/blocklist?limit=7&page={first.json['next']}")
        assert [image["image_id"] for image in second.json["images"]] == [
            f"img-{number:04d}" for number in range(7, 14)
        ]
        assert visitor.get("/v1/blocklist?page=nonsense").status == 400
    headers = {"Authorization": f"Bearer {SITE_KEY}", "If-None-Match": first.headers["etag"]}
    assert ask(pipeline.port, "/v1/blocklist?limit=7", headers)[0] == 304
    cross(client, "new")
    wait_until(lambda: client.status("new").blocked, 10, "the block")
    assert ask(pipeline.port, "/v1/blocklist?limit=7", headers)[0] == 200


def test_the_list_in_memory_answers_without_network_and_begins_anew_when_its_cursor_is_gone(
    client: Client, settings: Settings
) -> None:
    cross(client, "img-1")
    wait_until(lambda: client.status("img-1").blocked, 10, "the block")
    blocklist = Blocklist(client)
    assert blocklist.start(10)
    assert "img-1" in blocklist
    assert "img-2" not in blocklist
    cross(client, "img-2")
    wait_until(lambda: "img-2" in blocklist, 10, "the second block")
    clear(settings, "img-1")
    wait_until(lambda: "img-1" not in blocklist, 10, "the clear")
    assert blocklist.age_seconds is not None
    blocklist.stop()
    keys = keys_of(settings.namespace, 0)
    with Redis.from_url(settings.redis_url) as redis:
        newest: Any = redis.xrevrange(keys.events, count=1)
        redis.xtrim(keys.events, 0)
        redis.set(keys.trimmed, newest[0][0])
    late = Blocklist(client)
    late._cursor = "1-0"
    with pytest.raises(CursorExpired):
        client.events("1-0")
    late.sync()
    assert late.images() == {"img-2"}


def ask(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Return status and body of a request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


class Stream:
    """One open stream of events."""

    def __init__(self, port: int, after: str, last_event_id: str | None = None) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        extra = f"Last-Event-ID: {last_event_id}\r\n" if last_event_id else ""
        self.connection.sendall(
            f"GET /v1/events/stream?after={after} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {SITE_KEY}\r\n{extra}\r\n".encode()
        )
        self.text = ""

    def close(self) -> None:
        self.connection.close()

    def read_until(self, wanted: str) -> str:
        while wanted not in self.text:
            data = self.connection.recv(65536)
            assert data, f"the stream ended before {wanted}: {self.text[-500:]}"
            self.text += data.decode()
        return self.text


@pytest.fixture
def stream_port(settings: Settings, pipeline: Pipeline, tmp_path: Path) -> Iterator[int]:
    port = free_port()
    with running(["stream", "--port", str(port)], pipeline.env, tmp_path / "stream.log"):
        wait_until(lambda: accepts(port), 20, "the stream process")
        yield port


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_stream_tells_events_as_they_happen_and_goes_on_after_the_last(client: Client, stream_port: int) -> None:
    cross(client, "img-1")
    with closing(Stream(stream_port, "0")) as stream:
        text = stream.read_until("img-1")
        assert "text/event-stream" in text
        cross(client, "img-2")
        text = stream.read_until('"img-2"')
    assert "event: quorum.image.blocked.v1" in text
    first = text.split("id: ")[1].split("\n")[0]
    with closing(Stream(stream_port, "0", last_event_id=first)) as again:
        assert '"img-1"' not in again.read_until('"img-2"')
    for query, kind in {
        "nonsense": "invalid-cursor",
        "0&since=1": "unknown-parameter",
        "0&after=0": "parameter-twice",
        "0&type=blocked": "invalid-type",
    }.items():
        with closing(Stream(stream_port, query)) as bad:
            assert "400" in bad.read_until(kind)
    assert ask(stream_port, "/v1/events/stream")[0] == 401


def test_a_stream_of_one_type_hears_no_other_and_goes_on_behind_what_it_left_out(
    client: Client, stream_port: int, settings: Settings
) -> None:
    with closing(Stream(stream_port, f"now&type={UNBLOCKED}")) as stream:
        stream.read_until("retry: ")
        cross(client, "img-1")
        wait_until(lambda: client.status("img-1").blocked, 10, "the block")
        passed = client.events()[1]
        stream.read_until(f"id: {passed}\n\n")
        clear(settings, "img-1")
        text = stream.read_until('"img-1"')
    assert f"event: {UNBLOCKED}" in text
    assert BLOCKED not in text


@pytest.mark.timeout(120)
def test_a_thousand_streams_hear_every_event_and_intake_does_not_feel_them(client: Client, stream_port: int) -> None:
    streams = [Stream(stream_port, "now") for _ in range(1000)]
    for stream in streams:
        stream.read_until("retry: ")
    start = time.monotonic()
    for number in range(100):
        client.report("img-x", "violence", f"reader-{number % 3}")
    took = time.monotonic() - start
    cross(client, "img-1")
    for stream in streams:
        stream.read_until('"img-1"')
    print(f"100 reports beside 1,000 open streams: {took:.2f} s")
    assert "quorum_open_streams 1000.0" in ask(stream_port, "/metrics")[1]
    for stream in streams:
        stream.close()
