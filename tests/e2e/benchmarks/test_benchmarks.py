"""Benchmarks that start no service run to their end on the code as it is; their numbers are not judged."""

import subprocess
import sys

from conftest import ROOT


def test_it_runs() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--only", "cost", "--only", "pages"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for row in (
        "cost of a report at 5,000 open images",
        "cost of a report at a backlog",
        "console: /queue",
        "console: the middle page",
    ):
        assert row in done.stdout
