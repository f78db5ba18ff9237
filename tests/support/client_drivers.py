"""The clients of each language, as users install them, behind the drivers that they ship for conformance tests."""

import importlib.util
import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

from conftest import ROOT

CLIENTS = ROOT / "shared" / "clients"
LANGUAGES = ("python", "node", "php")
BROUGHT = ("urllib3", "yarl", "multidict", "propcache", "idna")  # what the Python client stands on


@dataclass
class Driver:
    """One running driver: a command in, an answer out."""

    process: subprocess.Popen[str]

    def ask(self, **command: Any) -> Any:
        """Return the answer to a command: {"ok": ...} or {"error": ...}."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self) -> Any:
        """Return the next line that it tells."""
        assert self.process.stdout
        patience = Timer(60, self.process.kill)
        patience.start()
        line = self.process.stdout.readline()
        patience.cancel()
        assert line, f"the driver ended with {self.process.wait(10)}"
        return json.loads(line)

    def ok(self, call: str, **given: Any) -> Any:
        """Return what a call gives. It must not fail."""
        answer = self.ask(call=call, **given)
        assert "ok" in answer, answer
        return answer["ok"]


@dataclass(frozen=True)
class InstalledClient:
    """A client that can be started."""

    language: str
    command: tuple[str, ...]

    def start(self, *arguments: str, **more: str) -> Driver:
        """Start its driver, `more` in its environment."""
        return Driver(
            subprocess.Popen(
                [*self.command, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env={**bare_environment(), **more},
            )
        )

    @contextmanager
    def driver(self, *arguments: str, **more: str) -> Iterator[Driver]:
        """Run its driver for a while."""
        driver = self.start(*arguments, **more)
        try:
            yield driver
        finally:
            driver.process.kill()
            driver.process.communicate()


def bare_environment() -> dict[str, str]:
    """Return an environment in which no Python finds what is in this repository."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


def installed(language: str, directory: Path) -> InstalledClient | None:
    """Install a client into a directory of the test; None where its language is not on this machine."""
    if language == "python":
        python = slim_environment(directory)
        return InstalledClient(language, (str(python), "-I", str(CLIENTS / "python/conformance/driver.py")))
    runtime = shutil.which(language)
    suffix = {"node": "mjs", "php": "php"}[language]
    if runtime is None:
        return None
    return InstalledClient(language, (runtime, str(CLIENTS / language / "conformance" / f"driver.{suffix}")))


def build_wheel(source: Path, directory: Path) -> Path:
    """Build the Python client's wheel, without any network."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"),
            *("--disable-pip-version-check", "--wheel-dir", str(directory), str(source)),
        ],
        check=True,
        timeout=120,
    )
    [wheel] = directory.glob("quorum_blocks_client-*.whl")
    return wheel


def slim_environment(directory: Path) -> Path:
    """Return the Python of an environment that has the client, what it stands on, and nothing else."""
    wheel = build_wheel(CLIENTS / "python", directory)
    place, lent = directory / "venv", directory / "lent"
    venv.create(place, symlinks=True)
    python = place / "bin" / "python"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps"),
            *("--disable-pip-version-check", str(wheel)),
        ],
        check=True,
        timeout=120,
    )
    lent.mkdir()
    for name in BROUGHT:
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.origin
        (lent / name).symlink_to(Path(spec.origin).parent)
    [packages] = place.glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(f"{lent}\n", encoding="utf-8")
    return python
