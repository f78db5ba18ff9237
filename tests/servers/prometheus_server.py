"""A real Prometheus with the configuration and the alerts of deploy/prometheus, on targets of a test's own."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml
from conftest import ROOT
from redis_server import free_port, wait_until

CONFIGURATION = ROOT / "deploy" / "prometheus"
BINARY = shutil.which("prometheus") or "/usr/bin/prometheus"


class Prometheus:
    """Asks a running Prometheus."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, **query: str | float) -> Any:
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}?{urlencode(query)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def values(self, expression: str) -> list[float]:
        """Return the present value of every series."""
        return [float(one["value"][1]) for one in self.ask("query", query=expression)["result"]]

    def series(self, expression: str, seconds: float, step: float = 1) -> list[list[float]]:
        """Return each series' samples over the last seconds, without those that are no number."""
        now = time.time()
        found = self.ask("query_range", query=expression, start=now - seconds, end=now, step=step)["result"]
        samples = [[float(value) for _, value in one["values"]] for one in found]
        return [[value for value in one if value == value] for one in samples]  # noqa: PLR0124 - not NaN

    def firing(self) -> set[str]:
        """Return the names of the alerts that fire."""
        alerts = self.ask("alerts")["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}

    def metrics(self) -> set[str]:
        return set(self.ask("label/__name__/values"))


@contextmanager
def scraping(
    targets: dict[str, int], directory: Path, *, every: str = "1s", file: str = "prometheus.yml"
) -> Iterator[Prometheus]:
    """Run Prometheus on a shipped configuration, with each job's target at a port of this machine."""
    directory.mkdir(exist_ok=True)
    stated = yaml.safe_load((CONFIGURATION / file).read_text())
    stated["global"]["scrape_interval"] = stated["global"]["evaluation_interval"] = every
    stated["rule_files"] = [str(CONFIGURATION / "alerts.yml")]
    for job in stated["scrape_configs"]:
        job.pop("dns_sd_configs", None)
        job["static_configs"] = [{"targets": [f"127.0.0.1:{targets[job['job_name']]}"]}]
    (directory / "prometheus.yml").write_text(yaml.safe_dump(stated))
    port = free_port()
    command = [
        BINARY,
        f"--config.file={directory}/prometheus.yml",
        f"--storage.tsdb.path={directory}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with (directory / "prometheus.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    made = Prometheus(port)
    try:
        wait_until(lambda: is_ready(made), 20, "an answer from Prometheus")
        yield made
    finally:
        process.kill()
        process.wait(10)


def is_ready(prometheus: Prometheus) -> bool:
    try:
        return bool(prometheus.ask("query", query="1"))
    except OSError:
        return False
