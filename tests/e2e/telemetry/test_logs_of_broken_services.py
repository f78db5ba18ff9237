"""API, stream and worker that break in the midst of their work: no line of their logs names anybody.

Every call to Redis fails, once told so, with an error whose text holds the call and all that is private; and the worker
is sent messages that nobody should send it.
"""

import json
import re
from contextlib import closing
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from conftest import SITE_KEY, TOKEN_SECRET, make_settings
from pipeline import Pipeline, whole_pipeline
from redis import Redis
from redis_server import RedisServer, wait_until
from stream_clients import stream_process

from quorum.inbox.doorbell import DRAIN_TASK, QUEUE, make_celery
from quorum.reporters.tokens import mint_token
from quorum.settings import Settings
from tally_worker.app import transport_options

PERSON, PICTURE, ADDRESS, OTHER = "jeanne-dupont-1972", "private-picture-of-somebody", "203.0.113.77", "2001:db8:77::1"
TOKEN = mint_token(TOKEN_SECRET, "quorum", PERSON, 600)
PRIVATE = (PERSON, PICTURE, ADDRESS, OTHER, TOKEN, SITE_KEY, TOKEN_SECRET)

BREAKING = """
import os

import redis.connection
from redis.exceptions import ResponseError


def breaking(call):
    def broken(self, *args, **options):
        if os.path.exists(os.environ["BROKEN"]):
            raise ResponseError(f"ERR {os.environ['PRIVATE']} {args!r}")
        return call(self, *args, **options)

    return broken


for name in ("send_command", "send_packed_command"):
    connection = redis.connection.AbstractConnection
    setattr(connection, name, breaking(getattr(connection, name)))
"""

REPORT = {"image_id": PICTURE, "reason": "violence"}
ASKED: list[tuple[str, str, str | None, Any]] = [
    ("POST", "/v1/reports", SITE_KEY, {**REPORT, "reporter_id": PERSON}),
    ("POST", "/v1/reports", TOKEN, REPORT),
    ("POST", "/v1/reports", None, REPORT),
    ("POST", "/v1/reports/batch", SITE_KEY, [{**REPORT, "reporter_id": PERSON}]),
    ("GET", f"/v1/images/{PICTURE}", SITE_KEY, None),
    ("GET", f"/v1/gate/{PICTURE}", SITE_KEY, None),
    ("GET", "/v1/events", SITE_KEY, None),
    ("GET", "/v1/blocklist", SITE_KEY, None),
    ("POST", "/v1/reporters/status", SITE_KEY, {"reporter_ids": [PERSON]}),
    ("POST", "/v1/images/status", SITE_KEY, {"image_ids": [PICTURE]}),
    ("POST", f"/v1/images/{PICTURE}/decisions", f"qk_0123456789ab.{PERSON}{PERSON}", {"decision": "block"}),
    ("GET", "/readyz", None, None),
    ("GET", "/metrics", None, None),
]


def test_no_line_of_a_service_that_breaks_names_anybody(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url, proxy_hops=1)
    (tmp_path / "sitecustomize.py").write_text(BREAKING)
    broken = tmp_path / "broken"
    env: dict[str, str] = {
        "PYTHONPATH": str(tmp_path),
        "BROKEN": str(broken),
        "PRIVATE": " ".join(PRIVATE),
        "QUORUM_PROXY_HOPS": "1",
        "QUORUM_LOG_LEVEL": "debug",
    }
    with (
        whole_pipeline(settings, tmp_path, workers=1, **env) as pipeline,
        stream_process(settings, tmp_path, env) as stream,
    ):
        send_odd_messages(settings)
        wait_until(lambda: pipeline.log.count("<str>") >= 2, 20, "lines of Celery about odd messages")
        assert all(ask(pipeline.port, *one, key="before") < 500 for one in ASKED)
        broken.touch()
        answers = [ask(pipeline.port, *one, key="after") for one in ASKED]
        assert answers.count(500) >= 8, answers
        stream.ask("/v1/events/stream", head=f"Authorization: Bearer {SITE_KEY}\r\nX-Forwarded-For: {ADDRESS}:1\r\n")
        for service in ("report-api", "worker", "stream"):
            told = re.compile(f'ResponseError.*"service": "{service}"|"service": "{service}".*ResponseError')
            wait_until(partial(found, told, pipeline), 20, f"a line of {service}")
        log = pipeline.log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert {line["service"] for line in lines} == {"report-api", "worker", "stream"}
    assert [line for line in log.splitlines() if not line.startswith("{")] == []
    assert [private for private in (*PRIVATE, settings.pepper) if private in log] == []


def found(told: re.Pattern[str], pipeline: Pipeline) -> bool:
    return bool(told.search(pipeline.log))


def send_odd_messages(settings: Settings) -> None:
    """Put what no client of ours sends into the worker's queue: other tasks, other arguments, no message at all."""
    celery = make_celery(settings, broker_transport_options=transport_options(settings))
    celery.send_task("nobody.knows", args=[*PRIVATE], queue=QUEUE)
    celery.send_task(DRAIN_TASK, args=[*PRIVATE], queue=QUEUE)
    celery.send_task(DRAIN_TASK, args=[PERSON], kwargs={ADDRESS: TOKEN}, queue=QUEUE)
    with Redis.from_url(settings.redis_url) as client:
        body = {"body": PERSON, "content-type": "application/x-unknown", "content-encoding": "utf-8", "headers": {}}
        properties = {"delivery_info": {"exchange": "", "routing_key": QUEUE}, "delivery_tag": ADDRESS}
        client.lpush(f"{settings.namespace}:broker:{QUEUE}", json.dumps({**body, "properties": properties}))


def ask(port: int, method: str, path: str, credential: str | None, body: object, *, key: str) -> int:
    headers = {
        "Content-Type": "application/json",
        "X-Forwarded-For": f"{OTHER}, {ADDRESS}:51008",
        "X-Request-Id": ADDRESS,
        "Idempotency-Key": f"{PERSON}-{key}",
        **({"Authorization": f"Bearer {credential}"} if credential else {}),
    }
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        return connection.getresponse().status
