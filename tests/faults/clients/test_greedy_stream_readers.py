"""Nobody stops the stream by holding it up: readers hear every event, probes are answered, memory stays small."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import make_settings
from greedy import percentile
from redis_server import RedisServer, wait_until
from stream_clients import SMALL, GoodReader, Greedy, Publisher, StreamProcess, never_reading, stream_process

SECONDS = 2  # that a client is given
BACKLOG = 20_000  # events that are there already: 10 MB, which nobody keeps for a reader that does not read
EACH = 200  # greedy clients of each kind
COMPOSE_MIB = 256  # mem_limit of the stream in docker-compose.yml
PATIENCE = {"QUORUM_REQUEST_SECONDS": str(SECONDS), "QUORUM_STREAM_TAKE_SECONDS": str(SECONDS)}

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(240)]


def test_greedy_clients_of_every_kind_hold_up_neither_readers_nor_probes(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url)
    with stream_process(settings, tmp_path, PATIENCE) as stream:
        publisher = Publisher(settings)
        for _ in range(BACKLOG // 1000):
            publisher.publish(1000)
        with GoodReader(stream.port) as reader:
            wait_until(lambda: len(reader.numbers) == BACKLOG, 60, "the backlog")
            with never_reading(stream.port, 50):  # every thread that it may have is there from now on
                wait_until(lambda: stream.metric("quorum_open_streams") == 51, 10, "some streams")
            wait_until(lambda: stream.metric("quorum_open_streams") == 1, 10, "their end")
            reader.take_delays()
            quiet = deliver(publisher, reader, stream)
            before = state(stream)
            with ExitStack() as attack:
                horde = [attack.enter_context(one) for one in greedy_of_every_kind(stream.port)]
                attacked = deliver(publisher, reader, stream)
                wait_until(lambda: stream.metric('quorum_streams_ended_total{reason="slow"}') == EACH, 30, "the cuts")
                peak = stream.memory
                for one in horde:
                    one.answers(4 * SECONDS)
            wait_until(lambda: stream.metric("quorum_stream_connections") == 2, 10, "the end of the attack")
            after = state(stream)
            assert reader.numbers == list(range(publisher.count))
            assert not reader.ended.is_set()
        print(f"\ndelivery p50/p99, ms: {quiet} without, {attacked} with {5 * EACH} greedy clients")
        print(f"memory, MiB: {before[0]:.0f} before, {peak:.0f} during, {after[0]:.0f} after")
        assert peak < COMPOSE_MIB / 2
        assert after[1:3] == before[1:3], "threads and descriptors"
        assert after[3] < before[3] + 0.1, "cores"


def greedy_of_every_kind(port: int) -> list[Greedy]:
    return [
        never_reading(port, EACH),
        Greedy(port, EACH, b"GET /v1/events/stream HTTP/1.1\r\nHost: x\r\nX-A: ", b"a"),
        Greedy(port, EACH, b""),
        Greedy(port, EACH, b"POST /v1/events/stream HTTP/1.1\r\nHost: x\r\nContent-Length: 6000\r\n\r\na", b"a"),
        Greedy(
            port, EACH, b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"
        ),
    ]


def deliver(publisher: Publisher, reader: GoodReader, stream: StreamProcess) -> str:
    """Publish for some seconds; return p50 and p99 of what the reader waited for. Probes are answered all the time."""
    probes = []
    for number in range(300):
        publisher.publish()
        time.sleep(0.01)
        if number % 10 == 0:
            start = time.monotonic()
            assert stream.ask("/livez")[0] == 200
            probes.append(time.monotonic() - start)
    wait_until(lambda: len(reader.numbers) == publisher.count, 30, "the events")
    print(f"/livez, ms: {percentile(probes, 0.5):.1f} p50, {percentile(probes, 1):.1f} longest")
    assert percentile(probes, 0.9) < 100
    delays = reader.take_delays()
    return f"{percentile(delays, 0.5):.1f}/{percentile(delays, 0.99):.1f}"


def state(stream: StreamProcess) -> tuple[float, int, int, float]:
    """Return memory, threads, descriptors and cores."""
    process = stream.process
    cores = stream.cores()
    return stream.memory, process.num_threads(), process.num_fds(), cores


def test_more_streams_than_descriptors_take_no_core_and_no_probe(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with stream_process(settings, tmp_path, PATIENCE, files=200) as stream, ExitStack() as attack:
        publisher = Publisher(settings)
        first = attack.enter_context(GoodReader(stream.port, "now"))
        wait_until(lambda: stream.metric("quorum_open_streams") == 1, 10, "the first stream")
        attack.enter_context(never_reading(stream.port, 300, "now"))
        attack.enter_context(Greedy(stream.port, 300, b""))
        attack.enter_context(Greedy(stream.port, 300, b"GET /v1/events/stream HTTP/1.1\r\nX-A: ", b"a"))
        for _ in range(20):
            start = time.monotonic()
            assert stream.ask("/livez")[0] == 200
            assert time.monotonic() - start < 1
        open_streams, files = stream.metric("quorum_open_streams"), stream.process.num_fds()
        print(f"\n{open_streams:.0f} streams and {files} descriptors of 200, {stream.cores():.2f} cores")
        assert 20 < open_streams < 100
        assert files < 200
        assert stream.cores() < 0.5
        publisher.publish()
        wait_until(lambda: first.numbers == [0], 10, "the event")
        assert "Too many open files" not in stream.log.read_text()


def test_a_flood_of_answers_that_nobody_takes_ends(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with stream_process(settings, tmp_path, PATIENCE) as stream:
        pipelined = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200
        with Greedy(stream.port, EACH, pipelined, pipelined) as greedy:
            assert stream.ask("/livez")[0] == 200
            answers = greedy.answers(4 * SECONDS)
        assert all(answer.count(b"HTTP/1.1 ") <= 1 for answer in answers)
        wait_until(lambda: stream.metric("quorum_stream_connections") == 1, 10, "the end")


def test_a_reader_that_was_cut_goes_on_after_its_last_event(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with stream_process(settings, tmp_path, PATIENCE) as stream:
        publisher = Publisher(settings)
        with GoodReader(stream.port, buffer_bytes=SMALL) as reader:
            publisher.publish(2000)
            wait_until(lambda: len(reader.numbers) == 2000, 20, "the first events")
            reader.reads.clear()
            publisher.publish(20_000)
            wait_until(lambda: stream.metric('quorum_streams_ended_total{reason="slow"}') == 1, 20, "the cut")
            reader.reads.set()
            wait_until(lambda: len(reader.numbers) == publisher.count, 30, "all events")
            assert reader.numbers == list(range(publisher.count))
            assert reader.ended.is_set()
