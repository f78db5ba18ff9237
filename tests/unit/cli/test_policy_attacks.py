"""`quorum policy attacks`: against which policy, and what of a bad one."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import NO_CAPS

from quorum.cli import policy as commands
from quorum.policy import load_policy


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "report_attacks", lambda policy: f"under {policy.version}\n")


def test_a_file_is_attacked_or_the_policy_in_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = CliRunner().invoke(commands.policy, ["attacks", str(NO_CAPS)])
    assert asked.output == f"under {load_policy(NO_CAPS).version}\n"
    assert load_policy(NO_CAPS).version != load_policy().version
    monkeypatch.setenv("QUORUM_PEPPER", "a pepper for tests only")
    assert CliRunner().invoke(commands.policy, ["attacks"]).output == f"under {load_policy().version}\n"


def test_a_bad_file_is_told_by_line_and_field(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("threshold = 0\n", encoding="utf-8")
    asked = CliRunner().invoke(commands.policy, ["attacks", str(bad)])
    assert asked.exit_code == 1
    assert "line 1: threshold" in asked.output
