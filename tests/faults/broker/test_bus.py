"""Events on RabbitMQ: each confirmed, in order per image, and none lost when the broker or a worker dies."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import kill_tree, make_settings
from pipeline import Pipeline
from rabbitmq import BusConsumer, RabbitMQ, is_installed
from redis_server import RedisServer, wait_until
from store import Bench, open_bench

from quorum.images.image import parse_image
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.policy import load_policy
from quorum.settings import Settings

pytestmark = [pytest.mark.skipif(not is_installed(), reason="RabbitMQ is not installed"), pytest.mark.timeout(280)]


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url)


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    with open_bench(settings) as opened:
        opened.policy = load_policy(settings.policy_path)
        yield opened


def test_every_event_reaches_the_bus_while_broker_and_workers_die(
    own_redis: RedisServer, broker: RabbitMQ, settings: Settings, bench: Bench, tmp_path: Path
) -> None:
    consumer = BusConsumer(broker)
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
