"""`make` installs anywhere it can, and says in words where it cannot. The slow part, pip, is stood in for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

STANDIN = """\
#!/bin/sh
# Stands in for Python: says how it was called, and makes an environment of itself.
here=$(pwd)
echo "$@" >>"$CALLS"
case "$*" in
--version) echo "Python 3.12.0" ;;
*"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
*"pip --version"*) exit 0 ;;
*"pip install"*) [ -z "${PAUSE:-}" ] || sleep "$PAUSE"; case "$*" in *"${BROKEN:-nothing}"*) exit 1 ;; esac ;;
*version_info*) exit "${OLD:-0}" ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `make` needs of a clone, with a Python that installs nothing."""
    place = tmp_path / "clone"
    for part in ("deploy", "requirements"):
        shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("grafana", "kubernetes"))
    for package in ("shared", "services/console", "services/report-api", "services/worker"):
        (place / package).mkdir(parents=True)
        shutil.copy(ROOT / package / "pyproject.toml", place / package)
    shutil.copy(ROOT / "Makefile", place)
    standin = tmp_path / "python"
    standin.write_text(STANDIN)
    standin.chmod(0o755)
    return place


def start(clone: Path, *words: str, **env: str) -> subprocess.Popen[bytes]:
    beside = clone.parent if clone.parent.name != "moved" else clone.parent.parent
    return subprocess.Popen(
        [*words, "make", ".venv/.run", f"PYTHON={beside / 'python'}"],
        cwd=clone,
        env={**os.environ, "CALLS": str(beside / "calls"), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def make(clone: Path, *words: str, **env: str) -> tuple[int, str]:
    process = start(clone, *words, **env)
    said = process.communicate(timeout=60)[0].decode()
    return process.returncode, said


def calls(clone: Path) -> list[str]:
    return (clone.parent / "calls").read_text(encoding="utf-8").splitlines()


def made_anew(clone: Path) -> int:
    return sum("-m venv " in call for call in calls(clone))


def test_it_installs_what_the_locks_name_and_that_once(clone: Path) -> None:
    assert make(clone)[0] == 0
    installed = [call for call in calls(clone) if "pip install" in call]
    assert [lock for call in installed for lock in call.split() if lock.endswith(".lock")] == [
        "requirements/run.lock",
        "requirements/server.lock",
    ]
    assert "--editable ./shared" in installed[1]
    assert make(clone)[0] == 0
    assert [call for call in calls(clone) if "pip install" in call] == installed


def test_an_environment_that_was_moved_or_cut_off_is_made_anew(clone: Path) -> None:
    assert make(clone)[0] == 0
    (moved := clone.parent / "moved" / "clone").parent.mkdir()
    clone.rename(moved)
    assert make(moved)[0] == 0
    assert made_anew(moved.parent) == 2
    moved.rename(clone)
    code, said = make(clone, BROKEN="run.lock")
    assert code != 0
    assert "quorum cannot be installed: a package of requirements/run.lock is missing" in said
    assert make(clone)[0] == 0
    assert made_anew(clone) == 4


def test_a_server_for_this_machine_is_no_condition(clone: Path) -> None:
    code, said = make(clone, BROKEN="server.lock")
    assert code == 0, said
    assert ("install one before make run" in said) is (shutil.which("redis-server") is None)


@pytest.mark.trouble("two `make` at once", "one waits for the other")
def test_of_two_at_once_one_waits(clone: Path) -> None:
    first = start(clone, PAUSE="1")
    second = start(clone, PAUSE="1")
    said = [process.communicate(timeout=60)[0].decode() for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], said
    assert sum("another make installs here; waiting" in text for text in said) == 1
    assert made_anew(clone) == 1


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"OLD": "1"}, "it needs Python 3.11 or newer, and "),
        ({"BROKEN": "./shared"}, "quorum's own packages do not install"),
    ],
)
def test_what_is_missing_is_said(env: dict[str, str], said: str, clone: Path) -> None:
    code, told = make(clone, **env)
    assert code != 0
    assert f"quorum cannot be installed: {said}" in told


@pytest.mark.trouble("the clone cannot be written", "it says so")
def test_a_clone_that_cannot_be_written_is_said(clone: Path) -> None:
    """Without root's right to write everywhere, where the tests run as root."""
    words: tuple[str, ...] = ()
    if os.getuid() == 0:
        os.chown(clone, 12345, 12345)
        words = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all")
    else:
        clone.chmod(0o500)
    code, said = make(clone, *words)
    assert code != 0
    assert "quorum cannot be installed: this folder cannot be written by" in said


@pytest.mark.parametrize(
    ("name", "editable"), [("a b%;#'\"", True), ("ünï", False), ("new\nline", False), ("x" * 200, True)]
)
def test_a_clone_may_lie_anywhere(name: str, editable: bool, clone: Path) -> None:  # noqa: FBT001
    clone = clone.rename(clone.parent / name)
    code, said = make(clone)
    assert code == 0, said
    assert any("--editable ./shared" in call for call in calls(clone)) is editable


def test_a_colon_in_the_path_is_said(clone: Path) -> None:
    code, said = make(clone.rename(clone.parent / "a:b"))
    assert code != 0
    assert "the path of this folder holds a colon" in said
