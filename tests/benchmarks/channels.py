"""Consumers of every kind, each with a queue of the events that it got and when."""

import http.client
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from kombu import Connection, Exchange, Queue
from redis.exceptions import RedisError

from quorum.events.event import BLOCKED
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.subscription import new_subscription

from .harness import NAMESPACE, ROOT, SITE_KEY, Lab

Channel = SimpleQueue[tuple[str, float]]  # the image, and `time.perf_counter()` when its event was there


@contextmanager
def broker(directory: Path) -> Iterator[str]:
    """Run a RabbitMQ; yield its URL."""
    sys.path.insert(0, str(ROOT / "tests" / "servers"))
    from rabbitmq import RabbitMQ  # noqa: PLC0415 - the tests' helper, found by the path above

    server = RabbitMQ(directory).start()
    try:
        yield server.url
    finally:
        server.stop()


def of_stream(lab: Lab) -> Channel:
    """Read the stream in Redis."""
    channel: Channel = SimpleQueue()
    client = lab.client()

    def read() -> None:
        cursor = b"0-0"
        while True:
            try:
                answer: Any = client.xread({lab.keys.events: cursor}, block=5000)
            except RedisError:
                return  # the lab is closed
            now = time.perf_counter()
            for entry, fields in answer[0][1] if answer else ():
                cursor = entry
                channel.put((json.loads(fields[b"event"])["subject"], now))

    Thread(target=read, daemon=True).start()
    return channel


def of_sse(url: str) -> Channel:
    """Read `quorum stream` over HTTP."""
    channel: Channel = SimpleQueue()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", "/v1/events/stream", headers={"Authorization": f"Bearer {SITE_KEY}"})
    answer = connection.getresponse()

    def read() -> None:
        for line in answer:
            if line.startswith(b"data: {"):
                now = time.perf_counter()
                channel.put((json.loads(line[6:])["subject"], now))

    Thread(target=read, daemon=True).start()
    return channel


def of_webhook(lab: Lab) -> Channel:
    """Answer the calls of a webhook."""
    channel: Channel = SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            channel.put((json.loads(body)["subject"], time.perf_counter()))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    store = Webhooks(lab.client(), NAMESPACE, 1)
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    store.add(new_subscription(url, (BLOCKED,), "bench", store.now_ms()))
    return channel


def of_bus(url: str) -> Channel:
    """Consume a queue of RabbitMQ that is bound to every event."""
    channel: Channel = SimpleQueue()
    queue = Queue("bench", Exchange("quorum", type="topic", durable=True), routing_key="quorum.#", durable=True)

    def take(body: Any, message: Any) -> None:
        now = time.perf_counter()
        event = body if isinstance(body, dict) else json.loads(body)
        channel.put((event["subject"], now))
        message.ack()

    def read() -> None:
        with Connection(url) as connection, connection.Consumer(queue, callbacks=[take]):
            while True:
                try:
                    connection.drain_events(timeout=1)
                except TimeoutError:
                    continue
                except OSError:
                    return  # the broker is gone

    with Connection(url) as connection:
        queue(connection.channel()).declare()
    Thread(target=read, daemon=True).start()
    return channel
