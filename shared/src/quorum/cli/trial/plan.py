"""A trial quorum: its directory and who holds it, its ports, secrets and server, and the settings of its services."""

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from quorum.cli.trial import given, locks
from quorum.cli.trial.embedded_redis import EmbeddedRedis, prepare
from quorum.cli.trial.secrets_file import read_or_make_secrets
from quorum.cli.trial.shells import DEFAULT_DATA, put_command
from quorum.errors import SettingsError
from quorum.host.files import private_directory, write_whole
from quorum.host.ports import free_port, next_free_port, wanted_port
from quorum.policy import load_policy
from quorum.settings import Settings, read_settings

DEFAULT_PORT = 8080
DEFAULT_STREAM_PORT = 8081
DEFAULT_CONSOLE_PORT = 8082
DEFAULT_METRICS_PORT = 9101
RUN_LOCK = "lock"  # held by `quorum run`
DATA_LOCK = "redis/lock"  # held by the server that writes the data, and by nobody else
STATE = "running.json"
PREDECESSOR_SECONDS = 20  # for a Redis whose supervisor died, to write what it has


@dataclass(frozen=True, slots=True)
class State:
    """What others need to know of a trial that runs."""

    url: str
    stream_url: str
    console_url: str
    metrics_url: str  # of the worker; API and stream have their own
    redis: str  # its address, or "" when another Redis was named
    taken: tuple[str, ...]  # settings that were given
    open: bool  # reading needs no key
    demo: bool
    started: str


SERVERS = frozenset({"redis-server", "valkey-server"})


@dataclass(frozen=True, slots=True)
class Trial:
    """All that is decided before anything starts."""

    data: Path
    port: int
    stream_port: int
    console_port: int
    metrics_port: int
    stream_inner: str  # where the stream listens for the API, host:port
    redis: EmbeddedRedis | None
    environment: dict[str, str]  # every setting of the services that is not its default


def data_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory that QUORUM_DATA names."""
    return Path(os.path.abspath(environ.get("QUORUM_DATA") or DEFAULT_DATA))  # noqa: PTH100 - links stay as they are


def claim(data: Path) -> int:
    """Make the directory and hold it until this process ends, once nobody writes in it. Raises SettingsError."""
    private_directory(data)
    held = locks.take(data / RUN_LOCK)
    if held is None:
        raise SettingsError(
            f"another quorum runs in {data}{_named(locks.holder(data / RUN_LOCK))}; "
            "stop it (quorum stop), or choose another directory with QUORUM_DATA"
        )
    if not locks.wait_for(lambda: writer(data) is None and not locks.is_held(data / DATA_LOCK), PREDECESSOR_SECONDS):
        found = writer(data) or locks.holder(data / DATA_LOCK)
        raise SettingsError(
            f"a Redis server{_named(found)} still writes the data in {data}, and its supervisor is gone; "
            f"end it ({f'kill {found.pid}' if found else 'quorum stop'}), or choose another directory with QUORUM_DATA"
        )
    return held


def writer(data: Path) -> psutil.Process | None:
    """Return a Redis server that works in the data directory, with the lock or, started by hand, without it.

    Whatever its program is called: a server works in its directory, and has files of it open to be written.
    """
    place = os.path.realpath(data / "redis")
    for process in psutil.process_iter(["name", "cwd"]):
        if process.info["cwd"] == place and (process.info["name"] in SERVERS or _writes_in(process, place)):
            return process
    return None


def _writes_in(process: psutil.Process, place: str) -> bool:
    try:
        return any(file.path.startswith(f"{place}/") and file.mode != "r" for file in process.open_files())
    except psutil.Error:
        return False  # it has just ended, or is another user's, who cannot write here


def _named(process: psutil.Process | None) -> str:
    return f" (process {process.pid})" if process else ""


def prepare_trial(data: Path, environ: Mapping[str, str]) -> Trial:
    """Choose ports and server, and check every setting that was given. Raises QuorumError and OSError."""
    secrets = read_or_make_secrets(data / "secrets.json")
    stated = given.given(environ, data, secrets)
    redis = prepare(data, secrets.redis_password) if given.own_redis(stated) else None
    defaults = given.own(data, secrets, redis.url if redis else "")
    added = given.added(stated, defaults)
    settings = read_settings({**stated, **added})
    load_policy(settings.policy_path)
    put_command(data)
    ports = _choose_ports(environ)
    inner = stated.get("QUORUM_STREAM_INNER") or f"127.0.0.1:{_unlike(ports)}"
    trial = Trial(data, *ports, inner, redis, stated | added)
    taken = sorted(name for name, value in stated.items() if defaults.get(name) != value)
    _write_state(trial, settings, taken)
    return trial


def _unlike(ports: Collection[int]) -> int:
    """Return a free port for what nobody calls by hand: any one, so that two trials that start at once do not meet."""
    return next(port for port in iter(free_port, 0) if port not in ports)


def _choose_ports(environ: Mapping[str, str]) -> tuple[int, int, int, int]:
    """Return the ports of API, stream, console and worker: those named, else the usual or the next that are free."""
    usual = {
        "QUORUM_PORT": DEFAULT_PORT,
        "QUORUM_STREAM_PORT": DEFAULT_STREAM_PORT,
        "QUORUM_CONSOLE_PORT": DEFAULT_CONSOLE_PORT,
        "QUORUM_METRICS_PORT": DEFAULT_METRICS_PORT,
    }
    chosen: dict[str, int] = {}
    for name in usual:
        if environ.get(name):
            port = wanted_port(name, environ[name])
            other = next((one for one, taken in chosen.items() if taken == port), None)
            if other:
                raise SettingsError(f"{other} and {name} are both {port}; give each a port of its own")
            chosen[name] = port
    for name, first in usual.items():
        if name not in chosen:
            chosen[name] = next_free_port(first, {*chosen.values(), *usual.values()} - {first})
    api, stream, console, metrics = (chosen[name] for name in usual)
    return api, stream, console, metrics


def _write_state(trial: Trial, settings: Settings, taken: list[str]) -> None:
    state = State(
        url=f"http://127.0.0.1:{trial.port}",
        stream_url=f"http://127.0.0.1:{trial.stream_port}/v1/events/stream",
        console_url=f"http://127.0.0.1:{trial.console_port}",
        metrics_url=f"http://127.0.0.1:{trial.metrics_port}/metrics",
        redis=f"127.0.0.1:{trial.redis.port}" if trial.redis else "",
        taken=tuple(taken),
        open=settings.read_access == "open",
        demo=settings.demo,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_whole(trial.data / STATE, json.dumps(asdict(state)).encode())


def read_state(data: Path) -> State:
    """Return what `quorum run` wrote down. Raises SettingsError when it cannot be read."""
    try:
        values = json.loads((data / STATE).read_text(encoding="utf-8"))
        return State(**{**values, "taken": tuple(values["taken"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"{data / STATE} does not say what runs: restart quorum") from error
