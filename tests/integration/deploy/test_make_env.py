"""`deploy/make-env`: secrets for docker compose, whole, for their owner only, and never replaced."""

import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

from quorum.settings import read_settings

COMPOSE = "docker-compose.yml"


@pytest.fixture
def make_env(tmp_path: Path) -> Path:
    """A clone with the script, and what reads its file."""
    (tmp_path / "clone" / "deploy").mkdir(parents=True)
    shutil.copy(ROOT / COMPOSE, tmp_path / "clone")
    return Path(shutil.copy(ROOT / "deploy" / "make-env", tmp_path / "clone" / "deploy" / "make-env"))


def run(script: Path, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(script)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=before,
        umask=0,
        restore_signals=False,  # a file that may not grow is an error of the write then, as on a full disk
    )


def files(script: Path) -> list[str]:
    return sorted(path.name for path in script.parent.parent.iterdir() if path.name not in {"deploy", COMPOSE})


def test_secrets_are_made_once_and_readable_by_their_owner_only(make_env: Path) -> None:
    assert run(make_env).returncode == 0
    env = make_env.parent.parent / ".env"
    made = env.read_text()
    values = dict(line.split("=") for line in made.splitlines())
    assert len(values) == 11
    assert all(len(value) >= 64 for value in values.values())
    assert len(set(values.values())) == 11
    assert env.stat().st_mode & 0o777 == 0o600
    assert run(make_env).stdout == ".env is there already; nothing changed\n"
    assert env.read_text() == made
    assert files(make_env) == [".env"]


def test_an_older_file_gets_the_passwords_that_it_lacks(make_env: Path) -> None:
    env = make_env.parent.parent / ".env"
    env.write_text("QUORUM_PEPPER=x\nREDIS_WORKER_PASSWORD=kept")
    assert run(make_env).stdout == ".env is there already; passwords that were missing were added\n"
    values = dict(line.split("=") for line in env.read_text().splitlines())
    assert (values["QUORUM_PEPPER"], values["REDIS_WORKER_PASSWORD"]) == ("x", "kept")
    assert all(len(values[f"REDIS_{who}_PASSWORD"]) == 64 for who in ("API", "STREAM", "ADMIN"))
    assert len(values) == 6


def test_a_full_disk_leaves_nothing_behind(make_env: Path) -> None:
    full = run(make_env, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
    assert full.returncode != 0
    assert files(make_env) == []
    assert run(make_env).returncode == 0


def test_an_empty_file_is_named_with_the_fix(make_env: Path) -> None:
    env = make_env.parent.parent / ".env"
    env.touch()
    refused = run(make_env)
    assert refused.returncode == 1
    assert "put a copy of it back" in refused.stderr
    assert env.read_text() == ""


def test_names_that_nothing_reads_are_told(make_env: Path) -> None:
    env = make_env.parent.parent / ".env"
    env.write_text(
        "# QUORUM_COMMENT=1\nQUORUM_PEPPER=x\nQUORUM_TRUSTED_HOST=a\nexport QUORUM_DEMO=1\nCOMPOSE_PROJECT_NAME=q\n"
        "GRAFANA_PORT = 1\n QUORUM_XYZ=1\n"
    )
    told = run(make_env)
    assert told.returncode == 1
    assert [line.split()[0] for line in told.stderr.splitlines()] == ["QUORUM_TRUSTED_HOST", "QUORUM_XYZ"]


def test_services_take_the_secrets(make_env: Path) -> None:
    assert run(make_env).returncode == 0
    lines = (make_env.parent.parent / ".env").read_text().splitlines()
    read_settings(dict(line.split("=", 1) for line in lines if line.startswith("QUORUM_")))
