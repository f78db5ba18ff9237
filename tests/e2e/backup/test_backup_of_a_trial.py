"""A backup of `quorum run`, brought back as docs/deployment.md says, after the data and the machine are gone."""

import json
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from conftest import ROOT, Trial, quorum_run
from pipeline import CROSSING
from redis_server import wait_until


def steps() -> list[str]:
    """Return the commands that the page gives for `make run`: before, and after."""
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    section = page.partition("With `make run`, after `make shell`:")[2]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[:2]


def shell(trial: Trial, script: str) -> subprocess.CompletedProcess[str]:
    words = ["sh", "-c", f". {trial.directory}/data/env && {script}"]
    return subprocess.run(words, cwd=trial.directory.parent, capture_output=True, text=True, timeout=60, check=False)


def ask(trial: Trial, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {trial.site_key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{trial.url}{path}", data, headers), timeout=10) as answer:
        return json.load(answer)


def stop(trial: Trial) -> None:
    trial.process.send_signal(signal.SIGINT)
    assert trial.process.wait(30) == 0


@pytest.mark.runs("docs/deployment.md", "and keep .run/secrets.json elsewhere", "quorum doctor || true")
def test_a_backup_comes_back_on_another_machine(tmp_path: Path) -> None:
    before, after = steps()
    (first := tmp_path / "first").mkdir()
    with quorum_run(first) as trial:
        for reader in range(CROSSING):
            report = {"image_id": "img-1", "reason": "violence", "reporter_id": f"reader-{reader}"}
            ask(trial, "/v1/reports", report)
        wait_until(lambda: ask(trial, "/v1/images/img-1")["state"] == "blocked", 10, "the block")
        done = shell(trial, before)
        assert done.returncode == 0, done.stderr
        stop(trial)
    (second := tmp_path / "second").mkdir()
    (second / "data").mkdir(mode=0o700)
    shutil.copy(first / "data" / "secrets.json", second / "data")
    shutil.rmtree(first)
    with quorum_run(second) as trial:
        assert ask(trial, "/v1/blocklist")["images"] == []
        done = shell(trial, after)
        assert "WEBHOOKS AND BUS ARE PAUSED" in done.stderr
        assert "WRONG webhooks and bus are paused" in done.stdout  # as doctor sees it between the other two
        assert done.returncode == 0, done.stdout + done.stderr
        assert [one["image_id"] for one in ask(trial, "/v1/blocklist")["images"]] == ["img-1"]
        assert shell(trial, "quorum doctor").returncode == 0
        stop(trial)
