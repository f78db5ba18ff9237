"""An embedded Redis: a server that is at hand and can read the data, with quorum's own configuration."""

import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from quorum.cli.trial.redis_servers import Server, choose, parse_written, servers
from quorum.host.files import private_directory, write_whole
from quorum.host.ports import port_for

LOG = "redis.log"
LOG_TAIL_BYTES = 8192
ROOM_BYTES = 65_536  # what a Redis writes before its first report
FULL = "the disk that holds {data} is full; make room, then start again"

_MEND = "copy {data} away, then mend it with redis-check-aof --fix in {data}/redis/appendonlydir"

# What a server writes before it gives up, and what to do.
_REASONS = (
    ("No space left on device", FULL),
    ("File too large", "files may not grow further (ulimit -f); raise that, then start again"),
    ("handle RDB format version", "a newer server wrote the data; install that one, or choose another QUORUM_DATA"),
    ("Bad file format reading the append only file", f"its append-only file is damaged; {_MEND}"),
    ("AOF", f"its append-only file cannot be read; {_MEND}"),
    (
        "Permission denied",
        "files in {data} belong to another user; run it as their owner, or choose another QUORUM_DATA",
    ),
    ("Read-only file system", "{data} cannot be written; choose another directory with QUORUM_DATA"),
    ("Address already in use", "another program has just taken its port; start again"),
)


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A server that is ready to be started in `data`/redis with `data`/redis.conf."""

    server: Server
    port: int
    url: str


def prepare(data: Path, password: str) -> EmbeddedRedis:
    """Write the server's configuration into `data`. Raises SettingsError when there is no usable server."""
    marker = data / "redis-version"
    written = parse_written(marker.read_bytes().decode(errors="replace")) if marker.exists() else None
    server = choose(written, servers())
    private_directory(data / "redis")
    port = port_for(data / "redis-port")
    template = files("quorum.cli.trial").joinpath("embedded_redis.conf").read_text(encoding="utf-8")
    write_whole(data / "redis.conf", template.format(port=port, password=password).encode())
    write_whole(marker, str(server.version).encode())
    return EmbeddedRedis(server, port, f"redis://default:{password}@127.0.0.1:{port}/0")


def why_it_ended(data: Path) -> str:
    """Return why the server in `data` gave up, in words, from the end of its log."""
    if is_full(data):
        return FULL.format(data=data)
    lines = _tail(data / LOG)
    for sign, reason in _REASONS:
        if any(sign in line for line in lines):
            return reason.format(data=data)
    return f"{data / LOG} ends with: {lines[-1]}" if lines else f"{data / LOG} says nothing"


def is_full(data: Path) -> bool:
    """Tell whether there is no room to speak of where `data` lies."""
    return shutil.disk_usage(data).free < ROOM_BYTES


def _tail(log: Path) -> list[str]:
    """Return what the last process that wrote a log has written."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOG_TAIL_BYTES))
            lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError as error:
        return [f"it cannot be read: {error.strerror}"]
    starts = [number for number, line in enumerate(lines) if "oO0OoO0OoO0Oo" in line]
    return lines[starts[-1] :] if starts else lines
