"""A real Prometheus scrapes a running quorum under load: every metric comes, every panel shows something."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from conftest import ROOT, make_settings, running
from pipeline import Crowd, Pipeline, Visitor
from prometheus_server import Prometheus, scraping
from rabbitmq import RabbitMQ
from redis_server import RedisServer, free_port, wait_until
from servers import newest_redis

from quorum.events.event import BLOCKED
from quorum.store.connection import connect
from quorum.telemetry import metrics
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.subscription import new_subscription

DASHBOARDS = ROOT / "deploy" / "grafana" / "dashboards"
LOAD_SECONDS = 25
pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("prometheus")]


class Scraped:
    """What a test may look at."""

    def __init__(self, prometheus: Prometheus, ports: dict[str, int]) -> None:
        self.prometheus = prometheus
        self.ports = ports


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """A quorum with a stream, a webhook and a bus, half a minute of load, and a Prometheus that saw it."""
    directory = tmp_path_factory.mktemp("scraped")
    redis = RedisServer(newest_redis(), tmp_path_factory.mktemp("redis")).start()
    redis.client.config_set("maxmemory", "1gb")
    broker = RabbitMQ(tmp_path_factory.mktemp("rabbitmq")).start()
    settings = make_settings(redis.url)
    env = {"QUORUM_BUS_URL": broker.url, "QUORUM_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    ports = {"stream": free_port(), "worker": free_port()}
    with (
        Pipeline(settings, directory, **env) as pipeline,
        running(["stream", "--port", str(ports["stream"])], pipeline.env, directory / "stream.log"),
    ):
        pipeline.start_api()
        ports["report-api"] = pipeline.port
        pipeline.start_worker(metrics_port=ports["worker"])
        store = Webhooks(connect(settings.store, 5.0), settings.namespace, 1)
        hook = f"http://127.0.0.1:{free_port()}/"  # nobody is there: attempts are counted all the same
        store.add(new_subscription(hook, (BLOCKED,), "tests", store.now_ms()))
        with scraping(ports, directory / "prometheus") as prometheus:
            load(pipeline)
            yield Scraped(prometheus, ports)
    broker.stop()
    redis.stop()


def load(pipeline: Pipeline) -> None:
    """Report without pause, look things up, ask for what is not there."""
    crowd = Crowd(pipeline.port, visitors=2).start()
    end = time.monotonic() + LOAD_SECONDS
    with Visitor(pipeline.port) as visitor:
        while time.monotonic() < end:
            for path, status in (("/v1/events", 200), ("/v1/blocklist", 200), ("/v1/images/img-1", 200), ("/no", 404)):
                assert visitor.get(path).status == status
            time.sleep(0.2)
    crowd.stop()


def expressions() -> list[tuple[str, str]]:
    """Return (dashboard and panel, query) of every target of every panel."""
    found = []
    for path in sorted(DASHBOARDS.glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            found += [(f"{path.stem}: {panel['title']}", one["expr"]) for one in panel.get("targets", [])]
    return found


def test_every_metric_of_the_catalogue_is_scraped_and_no_other(scraped: Scraped) -> None:
    suffixes = {"histogram": ("_bucket", "_sum", "_count")}
    wanted = {one.exported + suffix for one in metrics.catalogue() for suffix in suffixes.get(one.kind, ("",))}
    wait_until(lambda: wanted <= scraped.prometheus.metrics(), 20, f"{wanted - scraped.prometheus.metrics()}")
    assert {name for name in scraped.prometheus.metrics() if name.startswith("quorum_")} == wanted


def test_every_query_of_every_panel_returns_series(scraped: Scraped) -> None:
    asked = expressions()
    assert len(asked) > 60
    for panel, expression in asked:
        query = expression.replace("$__rate_interval", "10s")

        def shows(query: str = query) -> bool:
            return any(scraped.prometheus.series(query, 60))

        wait_until(shows, 30, f"series of {panel}: {query}")


def test_a_healthy_quorum_under_load_wakes_nobody(scraped: Scraped) -> None:
    groups: Any = scraped.prometheus.ask("rules")["groups"]
    assert all(rule["health"] == "ok" for group in groups for rule in group["rules"]), groups
    urgent = {"QuorumRedisRestarted", "QuorumReportBurst", "QuorumWebhookFailing"}  # it has just begun; nobody listens
    assert scraped.prometheus.firing() - urgent == set()


def test_promtool_finds_nothing_to_mend_in_what_is_exported(scraped: Scraped) -> None:
    for port in scraped.ports.values():
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read()
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()


def test_the_dashboards_are_those_that_the_code_makes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "deploy" / "grafana" / "build.py"), str(tmp_path)], check=True)
    made = {path.name: path.read_text() for path in tmp_path.glob("*.json")}
    assert made == {path.name: path.read_text() for path in DASHBOARDS.glob("*.json")}


def test_the_page_of_metrics_is_the_one_that_the_catalogue_makes() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text() == metrics.table()
