"""The Python client by itself: a wheel that brings none of the server, made from the server's own source."""

import ast
import json
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from client_drivers import CLIENTS, bare_environment, build_wheel, slim_environment
from conftest import ROOT

from quorum import __version__

SERVER = ("celery", "kombu", "redis", "flask", "marshmallow", "prometheus_client", "click", "structlog", "quorum")
SOURCES = ROOT / "shared" / "src"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(CLIENTS / "python", tmp_path_factory.mktemp("wheel"))


def modules(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist() if name.endswith(".py")}


def test_in_an_empty_environment_it_is_imported_without_the_server(tmp_path: Path) -> None:
    python = slim_environment(tmp_path)
    program = (
        "import sys, importlib.util, quorum_client; "
        f"print([one for one in {SERVER!r} if one in sys.modules or importlib.util.find_spec(one)]); "
        "print(*quorum_client.__all__)"
    )
    done = subprocess.run(
        [str(python), "-I", "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env=bare_environment(),
    )
    there, names = done.stdout.splitlines()
    assert there == "[]"
    assert {"Blocklist", "Client", "verify"} <= set(names.split())


def test_it_asks_for_two_packages_and_imports_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        [name] = [one for one in packed.namelist() if one.endswith("METADATA")]
        metadata = packed.read(name).decode()
    asked = [line.partition(": ")[2] for line in metadata.splitlines() if line.startswith("Requires-Dist: ")]
    assert [one.partition("<")[0].partition(">")[0] for one in asked] == ["urllib3", "yarl"]
    imported = {
        name.partition(".")[0]
        for text in modules(wheel).values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    assert imported - set(sys.stdlib_module_names) == {"quorum_client", "urllib3", "yarl"}


def test_the_clients_have_the_version_of_the_server() -> None:
    python = tomllib.loads((CLIENTS / "python/pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    others = [json.loads((CLIENTS / one).read_text())["version"] for one in ("node/package.json", "php/composer.json")]
    assert {python, *others} == {__version__}


def test_each_module_is_that_of_the_server_but_for_its_imports(wheel: Path) -> None:
    def body(text: str) -> str:
        kept = [node for node in ast.parse(text).body if not isinstance(node, ast.Import | ast.ImportFrom)]
        return ast.unparse(ast.Module(kept, []))

    for name, text in modules(wheel).items():
        inner = name.removeprefix("quorum_client/")
        found = [path for path in (SOURCES / "quorum/client" / inner, SOURCES / "quorum" / inner) if path.is_file()]
        assert body(found[0].read_text(encoding="utf-8")) == body(text), name


def test_a_source_distribution_gives_the_same_wheel_elsewhere(wheel: Path, tmp_path: Path) -> None:
    program = f"import os; os.chdir({str(CLIENTS / 'python')!r}); from hatchling.build import build_sdist; "
    done = subprocess.run(
        [sys.executable, "-c", f"{program}print(build_sdist({str(tmp_path)!r}))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    with tarfile.open(tmp_path / done.stdout.split()[-1]) as packed:
        packed.extractall(tmp_path / "elsewhere", filter="data")
    [source] = (tmp_path / "elsewhere").iterdir()
    (tmp_path / "wheels").mkdir()
    assert modules(build_wheel(source, tmp_path / "wheels")) == modules(wheel)


def test_it_cannot_be_installed_as_a_link_to_sources_that_are_not_there(tmp_path: Path) -> None:
    program = f"import os; os.chdir({str(CLIENTS / 'python')!r}); from hatchling.build import build_editable; "
    done = subprocess.run(
        [sys.executable, "-c", f"{program}build_editable({str(tmp_path)!r})"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "install it without --editable" in done.stderr
