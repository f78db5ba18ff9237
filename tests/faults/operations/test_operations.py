"""The runbook on trial: each fault is caused, its alert fires, the page names it, and what the runbook says mends it.

Prometheus runs with the intervals that are shipped (5 s), so the printed seconds are those that an operator would see.
"""

import json
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pytest
from conftest import ROOT, kill_tree, make_settings, running
from findings import found_by
from pipeline import CROSSING, Pipeline, Visitor
from prometheus_server import Prometheus, scraping
from rabbitmq import RabbitMQ
from redis_server import RedisServer, free_port, wait_until
from servers import newest_redis

from console.web.services import wire
from quorum.backup.restoring import read_backup
from quorum.backup.writing import write_backup
from quorum.events.event import BLOCKED
from quorum.events.pause import Pause
from quorum.inbox.dead_letters import DeadLetters
from quorum.moderation.shields import Shields
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.subscription import RETRY_SECONDS, new_subscription

PATIENCE = 150
DEFAULT_POLICY = ROOT / "shared" / "src" / "quorum" / "policy" / "default.toml"
SKEWED = "import time as _t\n_real = _t.time\n_t.time = lambda: _real() + 30\n"
pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("operations")]


class Site:
    """A quorum as an operator has it: API, a worker, a stream, a webhook, Prometheus with the shipped alerts."""

    def __init__(
        self, redis: RedisServer, bus: RabbitMQ, pipeline: Pipeline, prometheus: Prometheus, ports: dict[str, int]
    ) -> None:
        self.redis = redis
        self.bus = bus
        self.pipeline = pipeline
        self.prometheus = prometheus
        self.ports = ports
        settings = pipeline.settings
        self.webhooks = Webhooks(connect(settings.store, 5.0), settings.namespace, 1)
        self.endpoint = Endpoint(ports["endpoint"])
        self.console = wire(settings)
        self.images = 0
        self.worker: psutil.Popen

    def start_stream(self, stack: ExitStack) -> None:
        """Start the event stream, until `stack` is closed."""
        command = ["stream", "--port", str(self.ports["stream"])]
        stack.enter_context(running(command, self.pipeline.env, self.pipeline.directory / "stream.log"))
        self.streams = stack

    def findings(self) -> set[str]:
        """Return what the page of operators says."""
        return found_by(self.console)

    def fires(self, alert: str, since: float) -> None:
        """Wait for an alert; print how long it took."""
        wait_until(lambda: alert in self.prometheus.firing(), PATIENCE, alert)
        print(f"  {alert} fired {time.monotonic() - since:.0f} s after the fault")

    def is_mended(self, *alerts: str) -> None:
        """Check that alerts are gone, and that quorum does its job."""
        wait_until(lambda: not self.prometheus.firing() & set(alerts), PATIENCE, f"the end of {alerts}")
        self.images += 1
        image = f"mended-{self.images}"
        with Visitor(self.pipeline.port) as visitor:
            for reader in range(CROSSING):
                assert visitor.report(image, f"reader-{self.images}-{reader}").status == 202
            try:
                wait_until(lambda: visitor.get(f"/v1/images/{image}").json["state"] == "blocked", 20, "a block")
            except AssertionError:
                self.tell(visitor.get(f"/v1/images/{image}").json)
                raise

    def tell(self, state: object) -> None:
        """Print what explains that nothing is blocked."""
        keys = keys_of(self.pipeline.settings.namespace, 0)
        client = self.redis.client
        print(state, self.findings(), self.prometheus.firing(), self.worker.is_running(), self.worker.children())
        print(
            client.llen(keys.inbox), client.hgetall(keys.shields), client.zrange(keys.workers, 0, -1, withscores=True)
        )
        print(self.pipeline.log[-20_000:])


class Endpoint:
    """Receives webhooks and answers with `status`, until it is taken away."""

    status = 204

    def __init__(self, port: int) -> None:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(endpoint.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("site")
    redis = RedisServer(newest_redis(), tmp_path_factory.mktemp("redis")).start()
    redis.client.config_set("maxmemory", "1gb")
    bus = RabbitMQ(tmp_path_factory.mktemp("rabbitmq")).start()
    policy = directory / "policy.toml"
    shutil.copy(DEFAULT_POLICY, policy)
    settings = make_settings(redis.url, policy_path=policy)
    ports = {name: free_port() for name in ("stream", "worker", "endpoint")}
    with (
        Pipeline(settings, directory, QUORUM_WEBHOOK_NETWORKS="127.0.0.0/8", QUORUM_BUS_URL=bus.url) as pipeline,
        ExitStack() as streams,
    ):
        pipeline.start_api()
        ports["report-api"] = pipeline.port
        with scraping(ports, directory / "prometheus", every="5s") as prometheus:
            made = Site(redis, bus, pipeline, prometheus, ports)
            url = f"http://127.0.0.1:{ports['endpoint']}/"
            made.webhooks.add(new_subscription(url, (BLOCKED,), "tests", made.webhooks.now_ms()))
            made.start_stream(streams)
            made.worker = pipeline.start_worker(metrics_port=ports["worker"])
            made.is_mended()
            wait_until(lambda: prometheus.values("quorum_reports_counted_total"), 30, "a first scrape")
            yield made
            made.endpoint.stop()
    bus.stop()
    redis.stop()


def test_worker_down(site: Site) -> None:
    start = time.monotonic()
    kill_tree(site.worker)
    site.fires("QuorumNoWorker", start)
    assert "no_worker" in site.findings()
    site.worker = site.pipeline.start_worker(metrics_port=site.ports["worker"])
    site.is_mended("QuorumNoWorker")


def test_webhook_endpoint_down(site: Site) -> None:
    site.endpoint.stop()
    start = time.monotonic()
    site.is_mended()  # an event that cannot be delivered
    site.fires("QuorumWebhookFailing", start)
    assert "webhooks" in site.findings()
    site.endpoint = Endpoint(site.ports["endpoint"])
    [webhook] = site.webhooks.all()
    site.webhooks.enable(webhook.id)
    wait_until(lambda: site.webhooks.backlog(webhook.id) == (0, 0), 20, "all deliveries")
    site.is_mended("QuorumWebhookFailing")


def test_a_webhook_gives_up_an_event_and_then_its_endpoint_is_gone(site: Site) -> None:
    [webhook] = site.webhooks.all()
    queues = f"{keys_of(site.pipeline.settings.namespace, 0).webhooks}{webhook.id}:queues"
    site.endpoint.status = 500
    site.is_mended()  # an event that is refused
    wait_until(lambda: site.webhooks.failing_since(webhook.id), 20, "the first attempt")
    start = time.monotonic()
    client: Any = site.redis.client  # its replies are bytes
    for subject, entry in client.hgetall(queues).items():  # three days later
        client.hset(queues, subject, entry.rpartition(b":")[0] + f":{len(RETRY_SECONDS)}".encode())
    site.webhooks.enable(webhook.id)
    site.fires("QuorumWebhookDeadLetters", start)
    site.endpoint.status = 410
    start = time.monotonic()
    site.is_mended()
    site.fires("QuorumWebhookDisabled", start)
    assert "webhooks" in site.findings()
    site.endpoint.status = 204
    site.webhooks.enable(webhook.id)
    wait_until(lambda: site.webhooks.backlog(webhook.id) == (0, 1), 20, "all deliveries")
    site.is_mended("QuorumWebhookDisabled")  # QuorumWebhookDeadLetters looks back on fifteen minutes


def test_redis_full(site: Site) -> None:
    used = int(site.redis.client.info("memory")["used_memory"])
    site.redis.client.config_set("maxmemory", used // 2)
    start = time.monotonic()
    with Visitor(site.pipeline.port) as visitor:
        assert visitor.report("img-1", "reader-1").status == 503
    site.fires("QuorumRedisFull", start)
    assert site.findings() & {"redis_full", "no_worker"} == {"redis_full"}  # workers that go on do not look dead
    site.redis.client.config_set("maxmemory", "1gb")
    site.is_mended("QuorumRedisFull")


def test_redis_cannot_write_its_file(site: Site) -> None:
    site.redis.limit_files(site.redis.append_only_bytes())
    start = time.monotonic()
    with Visitor(site.pipeline.port) as visitor:
        wait_until(lambda: visitor.report("img-1", "reader-1").status == 503, 20, "a refusal")
    site.fires("QuorumAofError", start)
    assert site.findings() - {"redis_young"} == {"aof_error"}
    site.redis.limit_files()
    site.is_mended("QuorumAofError")


def test_redis_evicts(site: Site) -> None:
    site.redis.client.config_set("maxmemory-policy", "volatile-ttl")
    start = time.monotonic()
    used = int(site.redis.client.info("memory")["used_memory"])
    site.redis.client.config_set("maxmemory", used + 2**20)
    for number in range(300):
        site.redis.client.set(f"other:{number}", "x" * 10_000, ex=60)  # what shares a Redis with quorum
    site.fires("QuorumRedisEvicts", start)
    assert "redis_evicts" in site.findings()
    site.redis.client.delete(*(f"other:{number}" for number in range(300)))
    site.redis.client.config_set("maxmemory-policy", "noeviction")
    site.redis.client.config_set("maxmemory", "1gb")
    site.redis.client.config_resetstat()
    site.is_mended("QuorumRedisEvicts")


def test_the_message_bus_is_down_and_redis_nearly_full(site: Site) -> None:
    site.redis.client.set("ballast", "x" * 30_000_000)
    used = int(site.redis.client.info("memory")["used_memory"])
    site.redis.client.config_set("maxmemory", int(used / 0.92))
    site.bus.kill()
    start = time.monotonic()
    site.is_mended()  # an event that cannot be published
    site.fires("QuorumRedisNearlyFull", start)
    site.fires("QuorumBusBehind", start)
    assert site.findings() >= {"bus_behind", "redis_nearly_full"}
    site.bus.start()
    site.redis.client.delete("ballast")
    site.redis.client.config_set("maxmemory", "1gb")
    site.is_mended("QuorumBusBehind", "QuorumRedisNearlyFull")


def test_a_key_of_a_wrong_type_stops_the_tally(site: Site) -> None:
    held = keys_of(site.pipeline.settings.namespace, 0).held
    site.redis.client.delete(held)
    site.redis.client.set(held, "somebody was here")
    start = time.monotonic()
    site.fires("QuorumWrongTypeKey", start)
    assert "wrong_type" in site.findings()
    with Visitor(site.pipeline.port) as visitor:
        for reader in range(8):
            assert visitor.report("img-late", f"reader-{reader}").status == 202
            time.sleep(5.5)  # a bell that nobody answered rings again after five seconds
    site.fires("QuorumInboxOld", start)
    site.fires("QuorumDrainFailing", start)
    site.fires("QuorumWorkerStuck", start)
    assert "blocks_late" in site.findings()
    assert "ResponseError" in site.pipeline.log
    site.redis.client.delete(held)
    site.is_mended(
        "QuorumWrongTypeKey", "QuorumInboxOld", "QuorumWorkerStuck"
    )  # QuorumDrainFailing looks back on five minutes


def test_api_down(site: Site) -> None:
    site.pipeline.stop_api()
    start = time.monotonic()
    site.fires("QuorumApiDown", start)
    site.pipeline.start_api()
    site.is_mended("QuorumApiDown")


def test_stream_down_a_bad_policy_and_a_dead_letter(site: Site) -> None:
    settings = site.pipeline.settings
    assert settings.policy_path
    good = settings.policy_path.read_text()
    start = time.monotonic()
    site.streams.close()
    settings.policy_path.write_text(good.replace("threshold = ", "treshold = "))
    site.redis.client.rpush(keys_of(settings.namespace, 0).inbox, b"no report")
    for alert in ("QuorumStreamDown", "QuorumPolicyFileBad", "QuorumDeadLetters"):
        site.fires(alert, start)
    assert site.findings() >= {"policy_bad", "dead_letters"}
    site.start_stream(ExitStack())
    settings.policy_path.write_text(good)
    letters = DeadLetters(site.redis.client, settings.namespace, 1)
    for letter in letters.list():
        letters.drop(letter)
    site.is_mended("QuorumStreamDown", "QuorumPolicyFileBad", "QuorumDeadLetters")


def test_clock_skew(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    home = site.pipeline.directory / "skewed"
    home.mkdir()
    (home / "sitecustomize.py").write_text(SKEWED)
    site.pipeline.stop_api()
    usual, site.pipeline.env = site.pipeline.env, {**site.pipeline.env, "PYTHONPATH": str(home)}
    start = time.monotonic()
    site.pipeline.start_api()
    site.fires("QuorumClockSkew", start)
    real = time.time
    with monkeypatch.context() as skewed:
        skewed.setattr(time, "time", lambda: real() + 30)
        assert "clock_skew" in site.findings()
    site.pipeline.stop_api()
    site.pipeline.env = usual
    site.pipeline.start_api()
    site.is_mended("QuorumClockSkew", "QuorumApiDown")


def test_brigade(site: Site) -> None:
    start = time.monotonic()
    since = "2020-01-01T00:00:00Z"
    with Visitor(site.pipeline.port) as visitor:
        for image in range(150):
            reports = [
                {
                    "image_id": f"target-{image}",
                    "reason": "hate",
                    "reporter_id": f"brigade-{image * 12 + who}",
                    "reporter_since": since,
                }
                for who in range(12)
            ]
            assert visitor.ask("POST", "/v1/reports/batch", json.dumps(reports)).status == 200
    site.fires("QuorumReportBurst", start)
    site.fires("QuorumManyHolds", start)
    site.fires("QuorumShieldsUp", start)
    assert "shields_up" in site.findings()
    Shields(site.redis.client, site.pipeline.settings.namespace, 1).lower("tests")
    site.is_mended("QuorumShieldsUp")  # QuorumManyHolds looks back on ten minutes


def test_redis_restarted(site: Site) -> None:
    start = time.monotonic()
    site.redis.signal(signal.SIGKILL)
    site.fires("QuorumRedisDown", start)
    assert site.findings() == {"redis_down"}
    with Visitor(site.pipeline.port) as visitor:
        for _ in range(20):
            assert visitor.report("img-1", "reader-1").status == 503
    site.fires("QuorumIntakeFailing", start)
    restarted = time.monotonic()
    site.redis.start()
    site.fires("QuorumRedisRestarted", restarted)
    assert "redis_young" in site.findings()
    site.is_mended("QuorumRedisDown")


def test_redis_comes_back_without_its_data(site: Site, tmp_path: Path) -> None:
    settings = site.pipeline.settings
    kept = tmp_path / "backup"
    write_backup(site.redis.client, settings.namespace, kept)
    [before] = site.prometheus.values("max(quorum_blocked_images)")
    site.redis.client.flushall()
    start = time.monotonic()
    with Visitor(site.pipeline.port) as visitor:
        refused = visitor.report("img-1", "reader-1")
        assert (refused.status, refused.json["type"]) == (503, "urn:quorum:problem:data-missing")
        assert visitor.get("/readyz").status == 503
    site.fires("QuorumDataMissing", start)
    assert "data_missing" in site.findings()
    read_backup(site.redis.client, settings.namespace, kept)
    site.is_mended("QuorumDataMissing")
    wait_until(lambda: site.prometheus.values("max(quorum_blocked_images)") == [before + 1], 30, "what was blocked")
    assert "paused" in site.findings()
    assert Pause(site.redis.client, settings.namespace).end()
