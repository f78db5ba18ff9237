"""Every kind of consumer under fire: whatever is killed or stopped, each gets every event, in order per image.

FAULT_CROSSINGS sets how many images cross (default 800), FAULT_SEED repeats a run.
"""

import json
import os
import random
import signal
import socket
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event as Flag
from threading import Lock, Thread
from typing import Any

import pytest
from conftest import SITE_KEY, kill_tree, make_settings, running
from pipeline import CROSSING, Pipeline
from rabbitmq import BusConsumer, RabbitMQ, is_installed
from redis_server import RedisServer, free_port, wait_until

import quorum
from quorum.client import Client
from quorum.errors import QuorumError
from quorum.events.event import BLOCKED, UNBLOCKED
from quorum.images.image import parse_image
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.policy import load_policy
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.subscription import new_subscription

CROSSINGS = int(os.environ.get("FAULT_CROSSINGS", "800"))
BATCH = 50  # images in a request
PACE = 2.0  # at most this many seconds between two batches, so that faults fall among them
pytestmark = [pytest.mark.skipif(not is_installed(), reason="RabbitMQ is not installed"), pytest.mark.timeout(1800)]

Got = list[tuple[str, str]]  # event id, subject


class Kept:
    """What one consumer got, in the order in which it came."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.got: Got = []
        self._lock = Lock()

    def add(self, event_id: str, subject: str) -> None:
        with self._lock:
            self.got.append((event_id, subject))

    def ids(self) -> set[str]:
        with self._lock:
            return {event_id for event_id, _ in self.got}

    def by_image(self) -> dict[str, list[str]]:
        """Return the ids of each image in order, after removing those that were seen."""
        seen: set[str] = set()
        kept: dict[str, list[str]] = defaultdict(list)
        for event_id, subject in self.got:
            if event_id not in seen:
                seen.add(event_id)
                kept[subject].append(event_id)
        return kept


class WebhookReceiver:
    """An endpoint that can be stopped and started again at the same port."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.port = free_port()
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        kept = self._kept

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                kept.add(event["id"], event["subject"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Readers:
    """The consumers that read: the Redis stream by a group, the feed, and the stream over HTTP."""

    def __init__(self, settings: Settings, api_port: int, stream_port: int) -> None:
        self.group, self.feed, self.sse = Kept("Redis group"), Kept("HTTP feed"), Kept("SSE stream")
        self._settings = settings
        self._ports = (api_port, stream_port)
        self._stop = Flag()
        targets = (self._read_group, self._read_feed, self._read_stream)
        self._threads = [Thread(target=target, daemon=True) for target in targets]
        for thread in self._threads:
            thread.start()

    def stop(self, one_more_event: Callable[[], object]) -> None:
        """End all three: each looks at the flag when an event comes."""
        self._stop.set()
        one_more_event()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _read_group(self) -> None:
        for event in quorum.consume(self._settings.redis_url, "tests", namespace=self._settings.namespace):
            if self._stop.is_set():
                return
            self.group.add(event.id, event.subject)

    def _read_feed(self) -> None:
        client = Client(f"http://127.0.0.1:{self._ports[0]}", SITE_KEY, timeout=5)
        for event in client.follow():
            if self._stop.is_set():
                return
            self.feed.add(event.id, event.subject)

    def _read_stream(self) -> None:
        last = "0"
        while not self._stop.is_set():
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._ports[1]), timeout=20) as connection:
                connection.sendall(
                    f"GET /v1/events/stream?after={last} HTTP/1.1\r\nHost: x\r\n"
                    f"Authorization: Bearer {SITE_KEY}\r\n\r\n".encode()
                )
                for line in connection.makefile("r", encoding="utf-8"):
                    if line.startswith("data: {"):
                        event = json.loads(line[6:])
                        if event:
                            self.sse.add(event["id"], event["subject"])
                            last = event["cursor"]
                    if self._stop.is_set():
                        return
            time.sleep(0.2)


class Villain:
    """Kills and stops parts in rounds of random order, and brings each back."""

    def __init__(self, rng: random.Random, acts: dict[str, Callable[[], None]]) -> None:
        self._rng = rng
        self._acts = acts
        self._stop = Flag()
        self.done: dict[str, int] = defaultdict(int)
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(90)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            for name in self._rng.sample(sorted(self._acts), len(self._acts)):
                if self._stop.wait(self._rng.uniform(0.2, 1.0)):
                    return
                self._acts[name]()
                self.done[name] += 1


class Stage:
    """Two workers, the API, the stream, a webhook's endpoint and a broker, and how to break each."""

    def __init__(self, redis: RedisServer, broker: RabbitMQ, pipeline: Pipeline, rng: random.Random) -> None:
        self._redis, self._broker, self._pipeline, self._rng = redis, broker, pipeline, rng
        self._workers = [pipeline.start_worker(), pipeline.start_worker()]
        pipeline.start_api()
        self.hooked = Kept("webhook")
        self.receiver = WebhookReceiver(self.hooked)
        self.receiver.start()

    def faults(self) -> dict[str, Callable[[], None]]:
        return {
            "worker killed": self._kill_worker,
            "API killed": self._kill_api,
            "Redis killed": self._restart_redis,
            "Redis frozen": self._freeze_redis,
            "RabbitMQ killed": self._restart_broker,
            "receiver stopped": self._stop_receiver,
        }

    def _kill_worker(self) -> None:
        kill_tree(self._workers.pop(0))
        self._workers.append(self._pipeline.start_worker(wait=False))

    def _kill_api(self) -> None:
        assert self._pipeline.api
        kill_tree(self._pipeline.api)
        self._pipeline.start_api()

    def _restart_redis(self) -> None:
        self._redis.signal(signal.SIGKILL)
        time.sleep(self._rng.uniform(0, 1))
        self._redis.start()

    def _freeze_redis(self) -> None:
        self._redis.signal(signal.SIGSTOP)
        time.sleep(self._rng.uniform(0.2, 2))
        self._redis.signal(signal.SIGCONT)

    def _restart_broker(self) -> None:
        self._broker.kill()
        time.sleep(self._rng.uniform(0, 2))
        self._broker.start()

    def _stop_receiver(self) -> None:
        self.receiver.stop()
        time.sleep(self._rng.uniform(0.2, 3))
        self.receiver.start()


def test_every_consumer_gets_every_event_whatever_is_killed(
    own_redis: RedisServer, broker: RabbitMQ, tmp_path: Path
) -> None:
    seed = int(os.environ.get("FAULT_SEED", random.randrange(10**6)))
    rng = random.Random(seed)
    settings = make_settings(own_redis.url)
    env = {"QUORUM_BUS_URL": broker.url, "QUORUM_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    stream_port = free_port()
    with (
        Pipeline(settings, tmp_path, **env) as pipeline,
        running(["stream", "--port", str(stream_port)], pipeline.env, tmp_path / "stream.log"),
    ):
        stage = Stage(own_redis, broker, pipeline, rng)
        bus = BusConsumer(broker)
        store = Webhooks(connect(settings.store, 5.0), settings.namespace, 1)
        url = f"http://127.0.0.1:{stage.receiver.port}/"
        store.add(new_subscription(url, (BLOCKED, UNBLOCKED), "tests", store.now_ms()))
        readers = Readers(settings, pipeline.port, stream_port)
        villain = Villain(rng, stage.faults())
        villain.start()
        cross_all(pipeline.port, settings, rng)
        villain.stop()
        expected = settled_events(settings)
        ids = {event_id for event_id, _ in expected}
        consumers = [readers.group, readers.feed, readers.sse, stage.hooked]
        wait_until(lambda: all(one.ids() >= ids for one in consumers), 400, missing(consumers, ids, seed))
        wait_until(lambda: {event["id"] for event in bus.got} >= ids, 120, f"all events on the bus (seed {seed})")
        bus.stop()
        stage.receiver.stop()  # before the image that ends the readers, of which it may hear
        policy = load_policy(settings.policy_path)
        decisions = Decisions(connect(settings.store, 5.0), settings.namespace, 1)
        readers.stop(lambda: decisions.decide(parse_image("end"), Action.BLOCK, "tests", policy, unfounded=False))
    on_bus = Kept("bus")
    for event in bus.got:
        on_bus.add(event["id"], event["subject"])
    print(f"seed {seed}: {CROSSINGS} images crossed, {len(expected)} events, faults {dict(villain.done)}")
    same_as(expected, [*consumers, on_bus])


def same_as(expected: Got, consumers: list[Kept]) -> None:
    """Check that after removing what came again each consumer has just these events, in order per image."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for event_id, subject in expected:
        wanted[subject].append(event_id)
    assert len(wanted) == CROSSINGS
    for consumer in consumers:
        print(f"  {consumer.name}: {len(consumer.got)} received, {len(consumer.got) - len(expected)} again")
        assert consumer.by_image() == wanted, consumer.name


def cross_all(port: int, settings: Settings, rng: random.Random) -> None:
    """Let images cross, each report sent until it is acknowledged; clear some of them meanwhile."""
    client = Client(f"http://127.0.0.1:{port}", SITE_KEY, timeout=5)
    policy = load_policy(settings.policy_path)
    decisions = Decisions(connect(settings.store, 5.0), settings.namespace, 1)
    for first in range(0, CROSSINGS, BATCH):
        images = range(first, min(first + BATCH, CROSSINGS))
        reports = [
            {"image_id": f"img-{image}", "reason": "violence", "reporter_id": f"reader-{reader}"}
            for image in images
            for reader in range(CROSSING)
        ]
        while reports:
            try:
                results = client.report_many(reports)
            except QuorumError:
                continue
            reports = [report for report, result in zip(reports, results, strict=True) if result.status != 202]
        with suppress(QuorumError):
            image = parse_image(f"img-{rng.randrange(first + 1)}")
            if client.status(image.id).blocked:
                decisions.decide(image, Action.CLEAR, "tests", policy, unfounded=False)
        time.sleep(rng.uniform(0, PACE))


def settled_events(settings: Settings) -> Got:
    """Return all events once every report has been tallied."""
    keys = keys_of(settings.namespace, 0)
    client: Any = connect(settings.store, 5.0)
    wait_until(lambda: not client.llen(keys.inbox) and client.zcard(keys.blocked), 60, "an empty inbox")
    time.sleep(0.5)
    events = [json.loads(fields[b"event"]) for _, fields in client.xrange(keys.events)]
    assert len({event["id"] for event in events}) == len(events)
    return [(event["id"], event["subject"]) for event in events]


def missing(consumers: list[Kept], ids: set[str], seed: int) -> str:
    return f"every event at {', '.join(one.name for one in consumers)}, {len(ids)} in all (seed {seed})"
