"""The Prometheus file for `quorum run`: good by itself, on the usual ports, and all that it names is there."""

import json
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from conftest import ROOT, Trial
from prometheus_server import scraping
from redis_server import wait_until

from quorum.cli.trial.plan import DEFAULT_METRICS_PORT, DEFAULT_PORT, DEFAULT_STREAM_PORT

FILE = ROOT / "deploy" / "prometheus" / "trial.yml"
USUAL = {"report-api": DEFAULT_PORT, "stream": DEFAULT_STREAM_PORT, "worker": DEFAULT_METRICS_PORT}
pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("prometheus")]


def test_promtool_finds_nothing_wrong_with_it_and_its_alerts_from_any_directory(tmp_path: Path) -> None:
    done = subprocess.run(
        ["promtool", "check", "config", str(FILE)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "alerts.yml" in done.stdout


def test_it_names_the_usual_ports() -> None:
    jobs = yaml.safe_load(FILE.read_text(encoding="utf-8"))["scrape_configs"]
    named = {job["job_name"]: job["static_configs"] for job in jobs}
    assert named == {job: [{"targets": [f"127.0.0.1:{port}"]}] for job, port in USUAL.items()}


def test_every_part_of_a_trial_is_scraped_and_none_is_in_trouble(trial: Trial, tmp_path: Path) -> None:
    state = json.loads((trial.directory / "data" / "running.json").read_text())
    places = {"report-api": state["url"], "stream": state["stream_url"], "worker": state["metrics_url"]}
    ports = {job: urlsplit(url).port or 0 for job, url in places.items()}
    with scraping(ports, tmp_path, file=FILE.name) as prometheus:
        wait_until(lambda: prometheus.values("up") == [1.0] * 3, 30, "all three to be scraped")
        wait_until(lambda: prometheus.values("quorum_worker_turn_age_seconds") != [], 20, "what a worker tells")
        wait_until(lambda: prometheus.values("quorum_open_streams") != [], 20, "what the stream tells")
        assert prometheus.firing() <= {"QuorumRedisRestarted"}
