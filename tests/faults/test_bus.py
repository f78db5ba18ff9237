"""Events on RabbitMQ: each confirmed, in order per image, and none lost when the broker or a worker dies."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from conftest import RedisServer, kill_tree, make_settings, wait_until
from kombu import Connection, Exchange, Queue
from pipeline import Pipeline
from rabbitmq import RabbitMQ, is_installed
from store import Bench, open_bench

from quorum.decisions import Action
from quorum.images import parse_image
from quorum.policy import load_policy
from quorum.redis_store.decisions import Decisions
from quorum.settings import Settings

pytestmark = [pytest.mark.skipif(not is_installed(), reason="RabbitMQ is not installed"), pytest.mark.timeout(280)]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RabbitMQ]:
    directory = tmp_path / "rabbitmq"
    directory.mkdir()
    made = RabbitMQ(directory).start()
    yield made
    made.stop()


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url)


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    with open_bench(settings) as opened:
        opened.policy = load_policy(settings.policy_path)
        yield opened


class Consumer:
    """Reads a durable queue that is bound to every event, across restarts of the broker."""

    def __init__(self, broker: RabbitMQ) -> None:
        self.got: list[dict[str, Any]] = []
        self._url = broker.url
        self._queue = Queue(
            "everything", Exchange("quorum", type="topic", durable=True), routing_key="quorum.#", durable=True
        )
        self._stop = Event()
        self._declare()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _declare(self) -> None:
        with Connection(self._url, connect_timeout=3) as connection:
            self._queue(connection.channel()).declare()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with (
                    Connection(self._url, connect_timeout=3) as connection,
                    connection.Consumer(self._queue, callbacks=[self._take], prefetch_count=100),
                ):
                    while not self._stop.is_set():
                        try:
                            connection.drain_events(timeout=0.5)
                        except TimeoutError:
                            continue
            except Exception:  # noqa: BLE001 - the broker is away
                time.sleep(0.3)

    def _take(self, body: Any, message: Any) -> None:
        event = json.loads(body if isinstance(body, (str, bytes)) else json.dumps(body))
        assert message.properties["message_id"] == event["id"]
        assert message.delivery_info["routing_key"] == event["type"]
        self.got.append(event)
        message.ack()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)


def test_every_event_reaches_the_bus_while_broker_and_workers_die(
    own_redis: RedisServer, broker: RabbitMQ, settings: Settings, bench: Bench, tmp_path: Path
) -> None:
    consumer = Consumer(broker)
    decisions = Decisions(bench.client, settings.namespace, 1)
    with Pipeline(settings, tmp_path, QUORUM_BUS_URL=broker.url) as pipeline:
        worker = pipeline.start_worker()
        for number in range(600):
            bench.block(f"img-{number}")
            if number % 5 == 0:
                decisions.decide(parse_image(f"img-{number}"), Action.CLEAR, "tests", bench.policy, unfounded=False)
            if number == 150:
                broker.kill()
            if number == 250:
                broker.start()
            if number == 400:
                kill_tree(worker)
                worker = pipeline.start_worker()
        expected = [json.loads(event) for event in bench.events()]
        assert len(expected) == 720
        ids = {event["id"] for event in expected}
        wait_until(lambda: {event["id"] for event in consumer.got} >= ids, 90, "all events on the bus")
    consumer.stop()
    first_seen: dict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    for event in consumer.got:
        if event["id"] not in seen:
            seen.add(event["id"])
            first_seen[event["subject"]].append(event["id"])
    wanted: dict[str, list[str]] = defaultdict(list)
    for event in expected:
        wanted[event["subject"]].append(event["id"])
    assert first_seen == wanted
    print(f"{len(expected)} events, {len(consumer.got)} messages, {len(consumer.got) - len(seen)} twice")
