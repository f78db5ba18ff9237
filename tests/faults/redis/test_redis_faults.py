"""Redis hangs, dies, fills up, turns read-only, loads: the API says so at once, and everything goes on afterwards."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from threading import Event, Thread

import psutil
import pytest
from conftest import make_settings
from pipeline import (
    CROSSING,
    Crowd,
    Pipeline,
    Visitor,
    assert_all_tallied,
    inbox_depth,
    read_books,
    whole_pipeline,
)
from processes import of_family
from redis_server import RedisServer, free_port, wait_until

pytestmark = pytest.mark.xdist_group("faults")

HANG_SECONDS = 6.0
CONTRACT_SECONDS = 1.0  # a 503 comes inside one second, whatever is wrong with Redis
LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"
API_THREADS = 2 * 16  # the two processes of `quorum api` start at most these to serve requests


@contextmanager
def hung(server: RedisServer) -> Iterator[None]:
    server.signal(SIGSTOP)
    yield
    server.signal(SIGCONT)


@contextmanager
def refused(server: RedisServer) -> Iterator[None]:
    server.signal(SIGKILL)
    yield
    server.start()


@contextmanager
def out_of_memory(server: RedisServer) -> Iterator[None]:
    server.client.config_set("maxmemory", 1)
    yield
    server.client.config_set("maxmemory", 0)


@contextmanager
def read_only(server: RedisServer) -> Iterator[None]:
    server.client.execute_command("REPLICAOF", "127.0.0.1", free_port())
    yield
    server.client.execute_command("REPLICAOF", "NO", "ONE")


@contextmanager
def loading(server: RedisServer) -> Iterator[None]:
    """In the server's place, one that answers as Redis does while it reads its files."""
    server.signal(SIGKILL)
    over = Event()
    with socket.create_server(("127.0.0.1", server.port)) as listener:
        listener.settimeout(0.1)

        def serve(connection: socket.socket) -> None:
            with connection:
                connection.settimeout(0.1)
                while not over.is_set():
                    try:
                        commands = connection.recv(65536)
                        if not commands:
                            return
                        connection.sendall(LOADING * max(1, commands.count(b"\r\n*")))
                    except TimeoutError:
                        continue
                    except OSError:
                        return

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                Thread(target=serve, args=(connection,), daemon=True).start()

        acceptor = Thread(target=accept)
        acceptor.start()
        yield
        over.set()
        acceptor.join()
    server.start()


Fault = Callable[[RedisServer], AbstractContextManager[None]]

FAULTS: tuple[Fault, ...] = (hung, refused, out_of_memory, read_only, loading)


def threads_of(api: psutil.Process) -> int:
    return sum(of_family(api, lambda process: process.num_threads()))


@pytest.mark.parametrize("fault", FAULTS)
def test_every_report_is_refused_within_a_second_while_redis_is_unwell_and_taken_afterwards(
    fault: Fault, own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url)
    with whole_pipeline(settings, tmp_path) as pipeline:
        api = pipeline.api
        assert api
        idle = threads_of(api)
        with Crowd(pipeline.port, visitors=16, name="before") as before:
            before.wait_for(200)
        with (
            fault(own_redis),
            Crowd(pipeline.port, visitors=16, name="meanwhile", timeout=CONTRACT_SECONDS) as meanwhile,
        ):
            time.sleep(HANG_SECONDS if fault is hung else 2)
            meanwhile.stop()
        with Crowd(pipeline.port, visitors=16, name="after") as after:
            after.wait_for(200)
        assert_all_tallied(settings, before, after)
        print(dict(meanwhile.statuses), idle, threads_of(api))
        assert set(meanwhile.statuses) == {503}
        assert threads_of(api) <= idle + API_THREADS
    answer = meanwhile.answers[503]
    assert 1 <= int(answer.headers["retry-after"]) <= 5
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["type"] == "urn:quorum:problem:store-unavailable"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("path", ["/readyz", "/v1/images/img-1", "/v1/events"])
def test_whoever_asks_is_told_within_a_second_that_redis_is_unwell(
    fault: Fault, path: str, own_redis: RedisServer, tmp_path: Path
) -> None:
    expected = {200} if fault in {out_of_memory, read_only} else {503}  # full or read-only, reading goes on
    settings = make_settings(own_redis.url)
    with Pipeline(settings, tmp_path) as pipeline, Visitor(pipeline.port, CONTRACT_SECONDS) as visitor:
        pipeline.start_api()
        assert visitor.get(path).status == 200
        with fault(own_redis):
            answers = [visitor.get(path) for _ in range(3)]
            alive = visitor.get("/livez")
        assert {answer.status for answer in answers} == expected
        assert alive.status == 200


@pytest.mark.parametrize("fault", FAULTS)
def test_a_worker_lives_through_what_befalls_redis_and_hears_the_doorbell_again(
    fault: Fault, own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url)
    with (
        Pipeline(settings, tmp_path, QUORUM_SWEEP_SECONDS="60") as pipeline,
        Visitor(pipeline.port, CONTRACT_SECONDS) as visitor,
    ):
        worker = pipeline.start_worker(wait=False)
        pipeline.start_api()
        for reader in range(CROSSING):
            assert visitor.report("before", f"reader-{reader}").status == 202
        wait_until(lambda: len(read_books(settings).events) == 1, 15, "the first event")
        with fault(own_redis):
            time.sleep(3)
        for reader in range(CROSSING):
            assert visitor.report("after", f"reader-{reader}").status == 202
        readers = count(CROSSING)

        def told() -> bool:
            """A bell that got lost in the trouble is rung again by who reports after its life."""
            assert visitor.report("after", f"reader-{next(readers)}").status == 202
            time.sleep(0.5)
            return len(read_books(settings).events) == 2

        wait_until(told, 20, "the second event")
        assert worker.poll() is None


def test_draining_goes_on_when_redis_is_out_of_memory(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    images = 20
    with Pipeline(settings, tmp_path) as pipeline:
        pipeline.start_api()
        with Visitor(pipeline.port) as visitor:
            for number in range(images):
                for reader in range(CROSSING):
                    assert visitor.report(f"img-{number}", f"reader-{reader}").status == 202
            worker = pipeline.start_worker(wait=False)
            worker.suspend()
            with out_of_memory(own_redis):
                assert visitor.report("img-x", "reader-1").status == 503
                assert inbox_depth(settings) == images * CROSSING
                worker.resume()
                wait_until(lambda: inbox_depth(settings) == 0, 15, "an empty inbox")
                books = read_books(settings)
                assert visitor.report("img-x", "reader-1").status == 503
            assert len(books.counted) == images * CROSSING
            assert len(books.events) == images
            assert visitor.report("img-x", "reader-1").status == 202
            wait_until(lambda: len(read_books(settings).counted) == images * CROSSING + 1)
        assert worker.poll() is None


def test_nothing_acknowledged_is_lost_when_redis_is_killed_and_started_again(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url)
    with whole_pipeline(settings, tmp_path, workers=2) as pipeline:
        api = pipeline.api
        with Crowd(pipeline.port) as crowd:
            for _ in range(5):
                crowd.wait_for(100)
                own_redis.signal(SIGKILL)
                time.sleep(0.3)
                own_redis.start()
            crowd.wait_for(100)
        assert_all_tallied(settings, crowd)
        assert pipeline.api is api
        print(dict(crowd.statuses))
    assert set(crowd.statuses) == {202, 503}


def test_forgotten_scripts_are_loaded_again(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with whole_pipeline(settings, tmp_path) as pipeline, Crowd(pipeline.port) as crowd:
        for _ in range(20):
            crowd.wait_for(20)
            own_redis.client.script_flush()
        crowd.stop()
        assert_all_tallied(settings, crowd)
    assert set(crowd.statuses) == {202}


def test_nothing_is_counted_twice_though_redis_turns_replica_and_back(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with Pipeline(settings, tmp_path) as pipeline:
        worker = pipeline.start_worker()
        pipeline.start_api()
        with Crowd(pipeline.port, repeat=2) as crowd:
            for _ in range(5):
                crowd.wait_for(50)
                with read_only(own_redis):
                    time.sleep(0.5)
            crowd.wait_for(50)
        assert_all_tallied(settings, crowd)
        assert worker.poll() is None
        print(dict(crowd.statuses))
    assert set(crowd.statuses) == {202, 503}
