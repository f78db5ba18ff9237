"""The broker carries hints only: without it reports are taken and tallied all the same."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import make_settings
from pipeline import CROSSING, Visitor, read_books, whole_pipeline
from redis_server import RedisServer, free_port, wait_until

pytestmark = pytest.mark.xdist_group("faults")


@contextmanager
def closed() -> Iterator[int]:
    yield free_port()


@contextmanager
def hung() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("fault", [closed, hung])
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_reports_are_taken_and_tallied_without_a_broker(
    fault: object, scheme: str, own_redis: RedisServer, tmp_path: Path
) -> None:
    assert callable(fault)
    with fault() as port:
        settings = make_settings(own_redis.url, broker_url=f"{scheme}://127.0.0.1:{port}/")
        with whole_pipeline(settings, tmp_path) as pipeline, Visitor(pipeline.port, 1.0) as visitor:
            for number in range(3):
                for reader in range(CROSSING):
                    assert visitor.report(f"img-{number}", f"reader-{reader}").status == 202
                wait_until(lambda n=number: len(read_books(settings).events) == n + 1, 15, "the event")  # type: ignore[misc]
