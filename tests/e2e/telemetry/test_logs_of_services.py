"""What the services log: JSON, with request ids, and nothing of any person."""

import json
import signal
import uuid
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from conftest import SITE_KEY, TOKEN_SECRET, make_settings
from pipeline import CROSSING, Visitor, whole_pipeline
from redis_server import RedisServer, free_port, wait_until

from quorum.events.event import BLOCKED
from quorum.store.connection import connect
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.subscription import new_subscription

PERSON, PICTURE = "jeanne-dupont-1972", "private-picture-of-somebody"


def test_every_line_is_json_and_none_names_a_person_or_a_secret(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    request_id = uuid.uuid4().hex
    with whole_pipeline(settings, tmp_path, QUORUM_WEBHOOK_NETWORKS="127.0.0.0/8") as pipeline:
        store = Webhooks(connect(settings.store, 5.0), settings.namespace, 1)
        store.add(new_subscription(f"http://127.0.0.1:{free_port()}/", (BLOCKED,), "tests", store.now_ms()))
        with Visitor(pipeline.port) as visitor:
            for reader in range(CROSSING - 1):
                assert visitor.report(PICTURE, f"{PERSON}-{reader}").status == 202
        assert report(pipeline.port, request_id) == 202
        wait_until(lambda: "webhook called" in pipeline.log, 15, "an attempt at the webhook")
        own_redis.signal(signal.SIGKILL)
        assert report(pipeline.port, request_id) == 503
        wait_until(lambda: "answered with an error" in pipeline.log, 5, "a line about the error")
        own_redis.start()
        wait_until(lambda: report(pipeline.port, request_id) == 202, 10, "Redis again")
        log = pipeline.log
    lines = [json.loads(line) for line in log.splitlines()]
    assert all({"time", "level", "service", "event"} <= set(line) for line in lines)
    assert {line["service"] for line in lines} >= {"report-api", "worker"}
    [failed, *_] = [line for line in lines if line["event"] == "answered with an error"]
    assert (failed["request_id"], failed["route"], failed["status"]) == (request_id, "/v1/reports", 503)
    [called, *_] = [line for line in lines if line["event"] == "webhook called"]
    assert called["trace_id"] == request_id
    for told in (PERSON, PICTURE, SITE_KEY, TOKEN_SECRET, settings.pepper):
        assert told not in log


def report(port: int, request_id: str) -> int:
    body = json.dumps({"image_id": PICTURE, "reason": "violence", "reporter_id": f"{PERSON}-last"})
    headers = {"Authorization": f"Bearer {SITE_KEY}", "Content-Type": "application/json", "X-Request-Id": request_id}
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", "/v1/reports", body, headers)
        return connection.getresponse().status
