"""The stream under the API's own address: what it says, who is counted, and what happens when one side has gone."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import SITE_KEY, environment, kill_tree, make_settings, running
from pipeline import Pipeline, whole_pipeline
from redis_server import RedisServer, free_port, wait_until
from stream_clients import StreamProcess

from quorum.client import Client
from quorum.events.event import BLOCKED

STREAM = "/v1/events/stream"
KEY = {"Authorization": f"Bearer {SITE_KEY}"}


@dataclass
class Both:
    """An API that passes the stream on, and the process that it comes from."""

    pipeline: Pipeline
    stream: StreamProcess

    def open(self, path: str, **headers: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.pipeline.port, timeout=10)
        connection.request("GET", path, headers=headers)
        return connection, connection.getresponse()

    def block(self, image: str) -> None:
        reports = [{"image_id": image, "reason": "spam", "reporter_id": f"r{number}"} for number in range(5)]
        Client(f"http://127.0.0.1:{self.pipeline.port}", SITE_KEY).report_many(reports)

    def streams(self) -> float:
        return self.stream.metric("quorum_stream_clients")


@pytest.fixture
def both(own_redis: RedisServer, tmp_path: Path) -> Iterator[Both]:
    settings = make_settings(own_redis.url, streams_per_address=3)
    port, inner = free_port(), free_port()
    command = ["stream", "--port", str(port), "--inner-port", str(inner)]
    with (
        running(command, environment(settings), tmp_path / "stream.log") as process,
        whole_pipeline(settings, tmp_path, QUORUM_STREAM_INNER=f"127.0.0.1:{inner}") as pipeline,
    ):
        stream = StreamProcess(process, port, tmp_path / "stream.log")
        wait_until(lambda: stream.ask("/livez")[0] == 200, 20, "the stream process")
        yield Both(pipeline, stream)


def events(response: http.client.HTTPResponse) -> Iterator[dict[str, str]]:
    while line := response.readline():
        if line.startswith(b"data:"):
            yield json.loads(line[5:])


def test_events_come_through_the_port_of_the_api(both: Both) -> None:
    connection, response = both.open(f"{STREAM}?after=now&type={BLOCKED}", **KEY)
    assert (response.status, response.getheader("Content-Type")) == (200, "text/event-stream; charset=utf-8")
    both.block("img-1")
    first = next(events(response))
    assert (first["type"], first["subject"]) == (BLOCKED, "img-1")
    connection.close()
    wait_until(lambda: both.streams() == 0, 25, "the end of the stream of a reader who has gone")
    again, response = both.open(STREAM, **KEY)
    assert next(events(response))["id"] == first["id"]
    again.close()


def test_what_the_stream_refuses_is_refused_in_its_words(both: Both) -> None:
    for path, headers, status, kind in (
        (STREAM, {}, 401, "key-missing"),
        (f"{STREAM}?after=nonsense", KEY, 400, "invalid-cursor"),
        (f"{STREAM}?unknown=1", KEY, 400, "unknown-parameter"),
    ):
        connection, response = both.open(path, **headers)
        answer = json.loads(response.read())
        assert (response.status, answer["status"]) == (status, status)
        assert answer["type"] == f"urn:quorum:problem:{kind}"
        connection.close()


def test_a_reader_is_counted_by_their_own_address_whatever_they_claim(both: Both) -> None:
    held = [both.open(STREAM, **KEY, **{"X-Forwarded-For": f"198.51.100.{number}"}) for number in range(4)]
    assert [response.status for _, response in held] == [200, 200, 200, 429]
    for connection, _ in held:
        connection.close()


def test_while_the_stream_is_away_the_api_says_so_and_takes_reports(both: Both) -> None:
    connection, response = both.open(f"{STREAM}?after=now", **KEY)
    assert response.status == 200
    kill_tree(both.stream.process)
    while response.readline():
        pass  # it ends, so that the reader may come back
    connection.close()
    connection, response = both.open(STREAM, **KEY)
    answer = json.loads(response.read())
    assert (response.status, answer["type"]) == (503, "urn:quorum:problem:stream-away")
    assert response.getheader("Retry-After") == "2"
    connection.close()
    both.block("img-2")


def test_without_the_setting_the_api_has_no_stream(own_redis: RedisServer, tmp_path: Path) -> None:
    with whole_pipeline(make_settings(own_redis.url), tmp_path, workers=0) as pipeline:
        connection = http.client.HTTPConnection("127.0.0.1", pipeline.port, timeout=10)
        connection.request("GET", STREAM, headers=KEY)
        assert connection.getresponse().status == 404
        connection.close()


@pytest.mark.parametrize("place", ["stream", "stream:0", "stream:99999", ":8091"])
def test_a_place_that_is_none_stops_the_start(own_redis: RedisServer, tmp_path: Path, place: str) -> None:
    env = environment(make_settings(own_redis.url), QUORUM_STREAM_INNER=place)
    with running(["api", "--port", str(free_port())], env, tmp_path / "log") as process:
        assert process.wait(20) == 1
    assert "QUORUM_STREAM_INNER" in (tmp_path / "log").read_text()
