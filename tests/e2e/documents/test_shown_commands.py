"""The commands that the documents show, in a shell, against a running quorum."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from blocks import ROOT, Block
from conftest import SITE_KEY, Trial, claimed_app, environment, make_settings
from redis_server import RedisServer

from quorum.client import Client
from quorum.client.refusals import ApiError
from quorum.events.event import BLOCKED
from quorum.languages import THANK_YOU
from quorum.store.connection import connect
from quorum.store.keys import keys_of

pytestmark = [pytest.mark.xdist_group("documents"), pytest.mark.slow, pytest.mark.timeout(120)]
API = "http://127.0.0.1:8080"  # where compose publishes it


class Shell:
    """A shell in a folder of its own, in which `quorum` is this one."""

    def __init__(self, place: Path, **env: str) -> None:
        self.place = place
        self._env = {**os.environ, **env}
        (place / "bin").mkdir()
        command = place / "bin" / "quorum"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m quorum.cli.main "$@"\n')
        command.chmod(0o755)
        self._env["PATH"] = f"{place / 'bin'}:{self._env['PATH']}"

    def run(self, text: str, *, status: int = 0) -> str:
        done = subprocess.run(
            ["bash", "-euc", text],
            cwd=self.place,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout


def environment_of(trial: Trial) -> dict[str, str]:
    """Return what `. .run/env` sets."""
    text = (trial.directory / "data" / "env").read_text(encoding="utf-8")
    return dict(re.findall(r"^export (\w+)=(.*)$", text, re.MULTILINE))


def answers(text: str) -> list[Any]:
    """Return the JSON documents that a command printed, one after the other."""
    decoder, found = json.JSONDecoder(), []
    while text := text.strip():
        one, end = decoder.raw_decode(text)
        found.append(one)
        text = text[end:]
    return found


@pytest.mark.runs("README.md", "curl")
def test_the_main_job_blocks_an_image(shown: list[Block], trial: Trial, tmp_path: Path) -> None:
    [block] = shown
    (tmp_path / ".run").symlink_to(trial.directory / "data")
    *thanks, feed = answers(Shell(tmp_path).run(block.text))
    assert [one["message"] for one in thanks] == [THANK_YOU["en"]] * 5
    assert isinstance(feed, list)
    client = Client(trial.url, trial.site_key)
    found = next(one for one in client.follow(None, types=[BLOCKED]) if one.subject == "img-1")
    assert client.status("img-1").blocked
    assert found.type == "quorum.image.blocked.v1"


@pytest.mark.runs("docs/deployment.md", ". ./.env")
def test_the_first_report_of_a_deployment_is_taken(shown: list[Block], trial: Trial, tmp_path: Path) -> None:
    [block] = shown
    (tmp_path / ".env").write_text(f"QUORUM_SITE_KEY={trial.site_key}\n")
    assert API in block.text
    thanks, feed = answers(Shell(tmp_path).run(block.text.replace(API, trial.url)))
    assert thanks["status"] == "accepted"
    assert isinstance(feed, list)


@pytest.mark.runs("docs/operations.md", "/metrics")
def test_the_state_for_programs_is_told(shown: list[Block], trial: Trial, tmp_path: Path) -> None:
    [block] = shown
    assert API in block.text
    lines = Shell(tmp_path).run(block.text.replace(API, trial.url)).splitlines()
    assert {line.split("{")[0].split(" ")[0] for line in lines} == {
        *("quorum_redis_up", "quorum_inbox_depth", "quorum_last_sweep_age_seconds", "quorum_blocked_images"),
    }


@pytest.mark.runs("docs/capacity.md", "sh")
def test_capacity_is_told_with_every_option_that_the_page_names(shown: list[Block], tmp_path: Path) -> None:
    [block] = shown
    shell = Shell(tmp_path)
    assert "maxmemory" in shell.run(block.text)
    named = set(re.findall(r"--[a-z-]+", block.text))
    assert named <= set(re.findall(r"--[a-z-]+", shell.run("quorum capacity --help")))


@pytest.mark.runs("docs/policy.md", "sh")
def test_a_policy_is_checked_and_simulated(shown: list[Block], trial: Trial, tmp_path: Path) -> None:
    [block] = shown
    default = (ROOT / "shared/src/quorum/policy/default.toml").read_text(encoding="utf-8")
    (tmp_path / "my.toml").write_text(default)
    shell = Shell(tmp_path, **environment_of(trial))
    told = shell.run(block.text)
    assert "threshold" in told
    (tmp_path / "my.toml").write_text(default.replace("threshold = ", "threshold = -", 1))
    shell.run(block.text, status=1)


@pytest.mark.runs("docs/deployment.md", "# beforehand")
def test_a_backup_is_brought_back(shown: list[Block], own_redis: RedisServer, tmp_path: Path) -> None:
    [block] = shown
    settings = make_settings(own_redis.url)
    keys = keys_of(settings.namespace, 0)
    with claimed_app(settings, lambda _: None).test_client() as client:
        report = {"image_id": "img-1", "reason": "spam", "reporter_id": "reader-1"}
        headers = {"Authorization": f"Bearer {SITE_KEY}"}
        assert client.post("/v1/reports", json=report, headers=headers).status_code == 202
    place = tmp_path / "shell"
    place.mkdir()
    shell = Shell(place, **environment(settings, QUORUM_ERASURES=str(place / "erasures")))
    backup, restore, doctor, resume = block.text.splitlines()
    with connect(settings.store, 5.0) as store:
        shell.run(backup)
        store.flushall()
        shell.run(restore)
        assert store.llen(keys.inbox) == 1
    assert "paused" in shell.run(doctor, status=1)
    shell.run(resume)
    assert "paused" not in shell.run(doctor, status=1)  # no worker runs here, which is wrong, too


@pytest.mark.runs("docs/api.md", "urn:quorum:problem")
def test_the_problem_that_the_page_shows_is_the_answer(shown: list[Block], trial: Trial) -> None:
    [block] = shown
    with pytest.raises(ApiError) as raised:
        Client(trial.url, trial.site_key)._ask("POST", "/v1/reports", {"image_id": "img-1", "reporter_id": "reader-1"})
    told = dict(raised.value.problem)
    assert told.pop("image_id") == "img-1"
    assert told == json.loads(block.text)
