"""`make sbom`: a bill of materials of each image, with every locked package and its hashes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.mark.parametrize("image", ["report-api", "worker"])
def test_the_bill_lists_every_locked_package(image: str, tmp_path: Path) -> None:
    lock = ROOT / "requirements" / f"{image}.lock"
    bill = tmp_path / "sbom.json"
    command = [str(Path(sys.executable).parent / "cyclonedx-py"), "requirements", str(lock), "--output-reproducible"]
    subprocess.run([*command, "--of", "JSON", "--output-file", str(bill)], check=True, capture_output=True)
    listed = {(one["name"], one["version"]) for one in json.loads(bill.read_text())["components"]}
    locked = set(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;]+)", lock.read_text(), re.MULTILINE))
    assert len(locked) > 20
    assert listed == locked


def test_make_runs_the_same() -> None:
    assert (
        "cyclonedx-py requirements requirements/$$image.lock --output-reproducible" in (ROOT / "Makefile").read_text()
    )
