"""What the documents point at is there."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from conftest import ROOT

SERVICES = ("services/console/src", "services/report-api/src", "services/worker/src")
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/sites").glob("*.md")),
    *sorted((ROOT / "shared/clients").glob("**/README.md")),
]
PATH = re.compile(r"`((?:shared|services|deploy|tests|docs)/[\w./-]*)`")
SHORT = re.compile(r"`((?:[a-z_0-9]+/)+[a-z_0-9]+\.(?:py|lua))`")  # below a package, as `store/keys.py`
PACKAGES = [
    ROOT / "shared/src/quorum",
    ROOT / "services/console/src",
    ROOT / "services/report-api/src",
    ROOT / "services/worker/src",
    ROOT / "shared/src",
]
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_in_a_document_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    missing = [path for path in PATH.findall(text) if not (ROOT / path).exists()]
    missing += [path for path in LINK.findall(text) if not (document.parent / path).exists()]
    missing += [
        path
        for path in SHORT.findall(text)
        if not (ROOT / path).exists() and not any((package / path).exists() for package in PACKAGES)
    ]
    assert missing == []


@pytest.mark.runs("docs/architecture.md", "start · client")
def test_the_rooms_are_told_in_the_order_that_lint_holds() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract.get("containers") == ["quorum"]]
    [told] = re.findall(r"^```\n(cli\n.*?)^```$", (ROOT / "docs/architecture.md").read_text(), re.DOTALL | re.MULTILINE)
    assert [set(line.split(" · ")) for line in told.splitlines()] == [set(layer.split(" | ")) for layer in layers]


def test_no_folder_is_crowded_and_no_module_is_long() -> None:
    """14 files in a folder and 300 lines in a module: beyond that nobody finds anything."""
    for top in ("shared/src", *SERVICES, "tests", "deploy", "shared/clients"):
        for folder in (ROOT / top, *(path for path in (ROOT / top).rglob("*") if path.is_dir())):
            if {"node_modules", "__pycache__", "vendor"} & set(folder.parts) or any(
                part.endswith("egg-info") for part in folder.parts
            ):
                continue
            files = [path for path in folder.iterdir() if path.is_file()]
            assert len(files) <= 14, folder
            if top != "tests":
                long = [
                    path.name
                    for path in files
                    if path.suffix in {".py", ".lua", ".js", ".mjs", ".php"}
                    and path.name != "quorum-report.js"  # one file, without a build step, is what it is for
                    and len(path.read_text().splitlines()) > 300
                ]
                assert long == [], folder


def test_no_two_files_of_tests_have_one_name() -> None:
    """Pytest takes the second for the first, and runs none of both."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, files in names.items() if files > 1] == []
